//go:build linux

package main

import (
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

// usual is gorilla's chat example: two goroutines and a channel for each client.
type usual struct {
	http     *http.Server
	upgrader websocket.Upgrader

	mu      sync.Mutex
	clients map[int]chan []byte
}

func openUsual() (*usual, string, error) {
	u := &usual{clients: make(map[int]chan []byte)}
	u.upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024, CheckOrigin: func(*http.Request) bool { return true }}
	srv, address, err := listen(u)
	u.http = srv
	return u, address, err
}

func (u *usual) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ws, err := u.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	out := make(chan []byte, 256)
	u.mu.Lock()
	u.clients[asker(r)] = out
	u.mu.Unlock()
	go func() {
		for m := range out {
			if ws.WriteMessage(websocket.TextMessage, m) != nil {
				return
			}
		}
	}()
	go func() {
		defer ws.Close()
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				return
			}
		}
	}()
}

func (u *usual) all(message string, _ int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, out := range u.clients {
		out <- []byte(message)
	}
}

func (u *usual) one(client int, message string, _ int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clients[client] <- []byte(message)
}

func (u *usual) close() { u.http.Close() }
