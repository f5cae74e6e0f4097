//go:build !linux

package poller

import (
	"fmt"
	"net"
)

const defaultMode = Portable

// set does not exist here.
type set struct{}

func newSet(*Poller) (*set, error) { return nil, fmt.Errorf("%w: %q", ErrMode, Epoll) }

func (*set) accept(int, func(Conn) Handler) error { return ErrMode }
func (*set) all() []owned                         { return nil }
func (*set) size() int                            { return 0 }
func (*set) close()                               {}

func detach(net.Conn) (fd int, ok bool, err error) { return 0, false, nil }
