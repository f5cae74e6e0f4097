//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
)

// served is a server as its commands need it.
type served interface {
	all(message string, n int) // n counts up with each call
	one(client int, message string, n int)
	close()
}

// message is what is sent: 256 bytes with the mark of n.
func message(n int) string {
	const size = 256
	m := mark(n)
	return m + strings.Repeat("x", size-len(m))
}

// be is one of the servers, until its input ends. It says where it listens, and answers
// to collect.
func be(ctx context.Context, name, data string, in io.Reader, out io.Writer) error {
	h, address, err := open(ctx, name, data)
	if err != nil {
		return err
	}
	defer h.close()
	fmt.Fprintln(out, address)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		var numbers []int
		for _, w := range words[1:] {
			n, err := strconv.Atoi(w)
			if err != nil {
				return err
			}
			numbers = append(numbers, n)
		}
		switch {
		case words[0] == "collect":
			debug.FreeOSMemory()
			debug.FreeOSMemory()
			fmt.Fprintln(out, "done")
		case words[0] == "all" && len(numbers) == 1:
			h.all(message(numbers[0]), numbers[0])
		case words[0] == "one" && len(numbers) == 2:
			h.one(numbers[0], message(numbers[1]), numbers[1])
		default:
			return fmt.Errorf("no such command: %q", lines.Text())
		}
	}
	return lines.Err()
}

func open(ctx context.Context, name, data string) (served, string, error) {
	switch name {
	case "whole", "tls":
		return openWhole(ctx, data, name == "tls")
	case "ours", "portable":
		return openOurs(ctx, name)
	case "usual":
		return openUsual()
	case "nats":
		return openNATS()
	case "floor":
		return openFloor()
	}
	return nil, "", fmt.Errorf("there is no server %q", name)
}

// listen serves h on a free port.
func listen(h http.Handler) (*http.Server, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	srv := &http.Server{Handler: h}
	go func() { _ = srv.Serve(l) }()
	return srv, l.Addr().String(), nil
}

// asker is the number in a request's path.
func asker(r *http.Request) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/")) // our own fleet asks
	return n
}
