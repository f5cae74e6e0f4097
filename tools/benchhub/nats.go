//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// natsHub is nats-server with a subject for each client and one for all.
type natsHub struct {
	server *server.Server
	conn   *nats.Conn
}

func openNATS() (*natsHub, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // for a free port: it names none of its own
	if err != nil {
		return nil, "", err
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	s, err := server.NewServer(&server.Options{
		DontListen: true, NoLog: true, NoSigs: true, MaxConn: 2 * maxClients,
		Websocket: server.WebsocketOpts{Host: "127.0.0.1", Port: port, NoTLS: true},
	})
	if err != nil {
		return nil, "", err
	}
	go s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return nil, "", errors.New("nats-server is not ready within 10 s")
	}
	c, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		return nil, "", fmt.Errorf("nats: %w", err)
	}
	return &natsHub{s, c}, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), nil
}

func (h *natsHub) all(message string, _ int) { h.publish("all", message) }

func (h *natsHub) one(client int, message string, _ int) {
	h.publish("tv."+strconv.Itoa(client), message)
}

func (h *natsHub) publish(subject, message string) {
	_ = h.conn.Publish(subject, []byte(message)) // the clients miss it where it fails
	_ = h.conn.Flush()
}

func (h *natsHub) close() {
	h.conn.Close()
	h.server.Shutdown()
}
