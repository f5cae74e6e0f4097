//go:build !linux

package poller

import (
	"crypto/tls"
	"fmt"
	"net"
)

const defaultMode = Portable

// set does not exist here.
type set struct{}

func newSet(*Poller) (*set, error) { return nil, fmt.Errorf("%w: %q", ErrMode, Epoll) }

func (*set) accept(taken, func(Conn) Handler) error { return ErrMode }
func (*set) all() []owned                           { return nil }
func (*set) size() int                              { return 0 }
func (*set) close()                                 {}

type taken struct{}

func detach(net.Conn) (t taken, ok bool, err error) { return taken{}, false, nil }

// NewTLSListener returns a listener whose connections speak TLS: [tls.NewListener]'s here.
func NewTLSListener(l net.Listener, cfg *tls.Config) net.Listener { return tls.NewListener(l, cfg) }
