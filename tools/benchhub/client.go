//go:build linux

package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// client is one WebSocket client, as light as can be: it masks with zeros, and looks at
// what it must.
type client struct {
	crowd   *crowd
	number  int
	kind    string
	address string
	delay   time.Duration
	ended   atomic.Pointer[error] // why its last connection did; nil: it has not
	tv      *tv                   // nil: it is none
	key     ed25519.PrivateKey    // of "proof"

	mu   sync.Mutex // guards conn, and writing to it
	conn net.Conn
	in   *bufio.Reader
}

func newClients(c *crowd, o order) ([]*client, error) {
	out := make([]*client, o.Count)
	var keys []ed25519.PrivateKey
	for i := range someKeys {
		keys = append(keys, keyOf(i))
	}
	for i := range out {
		out[i] = &client{crowd: c, number: o.First + i, kind: o.Kind, address: o.Address}
		switch o.Kind {
		case "tv", "tls":
			out[i].tv = newTV(o.First + i)
		case "proof":
			out[i].key = keys[(o.First+i)%someKeys]
		case "plain", "nats":
		default:
			return nil, fmt.Errorf("no such client: %q", o.Kind)
		}
	}
	return out, nil
}

// connect shakes hands and, where it is a TV, proves itself and takes what it lacks.
func (v *client) connect(ctx context.Context) error {
	conn, err := v.dial(ctx)
	if err != nil {
		return err
	}
	v.mu.Lock()
	v.conn, v.in = conn, bufio.NewReaderSize(conn, 512)
	v.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	err = v.upgrade()
	switch {
	case err != nil:
	case v.kind == "nats":
		err = v.subscribe()
	case v.kind == "proof":
		err = v.prove()
	case v.tv != nil:
		err = v.tv.signIn(v)
	}
	if err != nil {
		conn.Close()
	}
	return err
}

// dial connects from one of a few addresses of loopback.
func (v *client) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+v.number%8))}, KeepAlive: -1}
	conn, err := d.DialContext(ctx, "tcp", v.address)
	if err != nil || v.kind != "tls" {
		return conn, err
	}
	t := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // of this run's own certificate
	if err := t.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return t, nil
}

func (v *client) upgrade() error {
	path, offered := fmt.Sprint("/", v.number), "Sec-WebSocket-Protocol: "+protocol.Subprotocol+"\r\n"
	switch {
	case v.tv != nil:
		path = protocol.Path
	case v.kind == "nats":
		offered = ""
	}
	_, err := fmt.Fprintf(v.conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", path, v.address, offered)
	if err != nil {
		return err
	}
	for first := true; ; first = false {
		line, err := v.in.ReadString('\n')
		if err != nil {
			return err
		}
		if first && !strings.Contains(line, fmt.Sprint(" ", http.StatusSwitchingProtocols, " ")) {
			return fmt.Errorf("answered %q", line)
		}
		if line == "\r\n" {
			return nil
		}
	}
}

// subscribe speaks to nats-server.
func (v *client) subscribe() error {
	hello := fmt.Sprintf("CONNECT {\"verbose\":false,\"echo\":false,\"protocol\":1}\r\nSUB all 1\r\nSUB tv.%d 2\r\nPING\r\n", v.number)
	if err := v.write(opBinary, []byte(hello)); err != nil {
		return err
	}
	for {
		m, err := v.next()
		if err != nil || strings.Contains(string(m), "PONG") {
			return err
		}
	}
}

// prove signs what a server of hubs greets with, and waits until it is believed.
func (v *client) prove() error {
	nonce, err := v.next()
	if err != nil {
		return err
	}
	if err := v.write(opText, []byte(base64.StdEncoding.EncodeToString(ed25519.Sign(v.key, nonce)))); err != nil {
		return err
	}
	_, err = v.next()
	return err
}

// Opcodes of RFC 6455, section 5.2.
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

var errClosed = errors.New("the server closed the connection")

// next returns the next message, and answers pings before it.
func (v *client) next() ([]byte, error) {
	for {
		var head [2]byte
		if _, err := io.ReadFull(v.in, head[:]); err != nil {
			return nil, err
		}
		size := int64(head[1] & 0x7f)
		var long [8]byte
		switch size {
		case 126:
			if _, err := io.ReadFull(v.in, long[6:]); err != nil {
				return nil, err
			}
			size = int64(binary.BigEndian.Uint64(long[:]))
		case 127:
			return nil, errors.New("a message above 64 KiB")
		}
		data := make([]byte, size)
		if _, err := io.ReadFull(v.in, data); err != nil {
			return nil, err
		}
		switch head[0] & 0xf {
		case opPing:
			if err := v.write(opPong, data); err != nil {
				return nil, err
			}
		case opClose:
			return nil, errClosed
		case opPong:
		default:
			return data, nil
		}
	}
}

// write writes one frame, masked with zeros.
func (v *client) write(op byte, data []byte) error {
	frame := append(make([]byte, 0, len(data)+8), 0x80|op)
	if len(data) < 126 {
		frame = append(frame, 0x80|byte(len(data)))
	} else {
		frame = binary.BigEndian.AppendUint16(append(frame, 0x80|126), uint16(len(data)))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	_, err := v.conn.Write(append(append(frame, 0, 0, 0, 0), data...))
	return err
}

// read takes what comes until the connection ends.
func (v *client) read() {
	defer v.hangUp()
	v.ended.Store(nil)
	for {
		m, err := v.next()
		if err == nil && v.tv != nil {
			err = v.tv.take(v, m)
		}
		if err != nil {
			v.ended.Store(&err)
			return
		}
		if v.tv != nil {
			continue
		}
		for range marked(string(m)) {
			v.crowd.heard()
		}
	}
}

func (v *client) hangUp() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.conn != nil {
		_ = v.conn.Close()
	}
}
