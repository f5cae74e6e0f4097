package main

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// proxy passes each connection on to the next of the nodes that answers.
type proxy struct {
	listener net.Listener
	nodes    []string
	next     atomic.Uint32
	work     sync.WaitGroup

	mu     sync.Mutex // guards what follows
	open   map[net.Conn]struct{}
	closed bool
}

// dialTime is how long a node may take to answer before the next one is tried.
const dialTime = time.Second

func listen(address string, nodes []string) (*proxy, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, nodes: nodes, open: map[net.Conn]struct{}{}}
	p.work.Go(p.accept)
	return p, nil
}

func (p *proxy) port() int { return p.listener.Addr().(*net.TCPAddr).Port }

func (p *proxy) accept() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.work.Go(func() {
			defer from.Close()
			if to := p.dial(); to != nil {
				p.join(from, to)
			}
		})
	}
}

// dial connects to the next node that answers: nil where none does.
func (p *proxy) dial() net.Conn {
	first := int(p.next.Add(1))
	for i := range p.nodes {
		c, err := net.DialTimeout("tcp", p.nodes[(first+i)%len(p.nodes)], dialTime)
		if err == nil {
			return c
		}
	}
	return nil
}

// join copies both ways until one side ends.
func (p *proxy) join(a, b net.Conn) {
	defer b.Close()
	if !p.note(a, b) {
		return
	}
	defer p.forget(a, b)
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			way[0].Close()
			way[1].Close()
		})
	}
	both.Wait()
}

func (p *proxy) note(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.open[c] = struct{}{}
	}
	return !p.closed
}

func (p *proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		delete(p.open, c)
	}
}

// close ends the listener and every connection, and waits for them.
func (p *proxy) close() error {
	err := p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.open {
		c.Close()
	}
	p.mu.Unlock()
	p.work.Wait()
	return err
}
