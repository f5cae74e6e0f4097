package poller

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
)

// codec is a connection of gorilla without a socket: it is handed whole messages of
// frames to read, and what it writes is collected. Between messages it holds nothing
// of a device, so one serves any of them in turn; after an error it serves none.
type codec struct {
	ws   *websocket.Conn
	pipe *pipe
}

var codecs = sync.Pool{New: func() any { return newCodec() }}

// newCodec has gorilla accept a handshake that asks for nothing.
func newCodec() *codec {
	p := &pipe{}
	u := websocket.Upgrader{ReadBufferSize: 4 << 10, WriteBufferSize: 4 << 10, CheckOrigin: func(*http.Request) bool { return true }}
	r := &http.Request{Method: http.MethodGet, Header: http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="},
	}}
	ws, err := u.Upgrade(hijacked{p}, r, nil)
	if err != nil {
		panic("gorilla refuses its own handshake: " + err.Error())
	}
	p.out = nil
	return &codec{ws, p}
}

// decode returns the text of one whole message, in into. Where gorilla refuses the
// frames, answer is what it says to the device.
func decode(raw, into []byte) (text, answer []byte, err error) {
	c := codecs.Get().(*codec)
	c.pipe.in, c.pipe.out = raw, nil
	_, r, err := c.ws.NextReader()
	text = into[:0]
	for err == nil {
		if len(text) == cap(text) {
			text = append(text, 0)[:len(text)]
		}
		var n int
		n, err = r.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
	}
	if !errors.Is(err, io.EOF) || len(c.pipe.in) > 0 {
		return nil, c.pipe.out, err // this codec is used up
	}
	c.pipe.in = nil
	codecs.Put(c)
	return text, nil, nil
}

// encode appends the frames of text messages to into.
func encode(into []byte, messages ...[]byte) ([]byte, error) {
	c := codecs.Get().(*codec)
	c.pipe.out = into
	for _, m := range messages {
		if err := c.ws.WriteMessage(websocket.TextMessage, m); err != nil {
			return into, err
		}
	}
	into, c.pipe.out = c.pipe.out, nil
	codecs.Put(c)
	return into, nil
}

// control appends a control frame. After a close frame a codec writes nothing more.
func control(into []byte, opcode int, payload []byte) ([]byte, error) {
	c := codecs.Get().(*codec)
	c.pipe.out = into
	err := c.ws.WriteControl(opcode, payload, time.Time{})
	into, c.pipe.out = c.pipe.out, nil
	if err == nil && opcode != websocket.CloseMessage {
		codecs.Put(c)
	}
	return into, err
}

// pingFrame is the ping without a payload: the same bytes for everybody.
var pingFrame = sync.OnceValue(func() []byte {
	frame, _ := control(nil, websocket.PingMessage, nil) // a fresh codec writes it
	return frame
})

// pipe is the codec's end of no connection: it reads from in and writes to out.
type pipe struct {
	in, out []byte
}

func (p *pipe) Read(b []byte) (int, error) {
	if len(p.in) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(b, p.in)
	p.in = p.in[n:]
	return n, nil
}

func (p *pipe) Write(b []byte) (int, error) {
	p.out = append(p.out, b...)
	return len(b), nil
}

func (p *pipe) Close() error                     { return nil }
func (p *pipe) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (p *pipe) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (p *pipe) SetDeadline(time.Time) error      { return nil }
func (p *pipe) SetReadDeadline(time.Time) error  { return nil }
func (p *pipe) SetWriteDeadline(time.Time) error { return nil }

// hijacked hands a pipe to the upgrader.
type hijacked struct{ *pipe }

func (h hijacked) Header() http.Header { return http.Header{} }
func (h hijacked) WriteHeader(int)     {}
func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.pipe, bufio.NewReadWriter(bufio.NewReaderSize(h.pipe, 16), bufio.NewWriterSize(h.pipe, 16)), nil
}

// buffers are for one message, or for what is sent at once.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 2<<10); return &b }}

// keep puts a buffer back, unless it has grown beyond what most need.
func keep(p *[]byte, used []byte) {
	if cap(used) <= protocol.MaxDeviceFrame {
		*p = used[:0]
		buffers.Put(p)
	}
}
