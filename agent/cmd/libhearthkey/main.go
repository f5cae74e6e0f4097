// Command libhearthkey is the agent as a C library, for hosts in C and C++ that do not
// want a second process: c-archive and c-shared, glibc only.
//
//	go run ./tools/box build -package ./agent/cmd/libhearthkey -mode c-shared -cc gcc -arch amd64 -out libhearthkey.so
//
// Its interface is clients/c/hearthkey.h, and the code behind that is clients/c/hearthkey.c,
// compiled into it: the host's calls go over a socket pair to the agent's local API, just as they do
// to an agent of its own process. So both have one behaviour, no Go code ever runs on a thread
// of the host but to start and end, and a child that was forked never enters Go.
//
// It has what an agent has, but remote controls (the tag hearthkey_noremotes): the host gives all
// keys.
//
// Up to eight agents run at once, each with a folder of its own. Start and stop may be called from
// any thread. It is tested by the hosts in clients/c, in tools/boxbuild.
package main

// #cgo CFLAGS: -std=c99
// #include <stddef.h>
import "C"

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"unsafe"

	"github.com/hearthkey/hearthkey/agent"
)

// version names the source this library was built from; the linker sets it.
var version = "dev"

func main() {} // a library has none

var (
	once sync.Once

	mu     sync.Mutex
	agents = map[C.int]*inside{} // guarded by mu
	last   C.int                 // guarded by mu
)

// inside is an agent in the host's process, which is ended once: by the host, or by the
// call stop.
type inside struct {
	agent agent.Agent
	once  sync.Once
}

func (a *inside) end() { a.once.Do(func() { _ = a.agent.Close() }) } // the host has nobody to tell

// hkStartInside starts an agent that serves the API on fd, which it owns then.
//
//export hkStartInside
func hkStartInside(settings *C.char, fd C.int, why *C.char, size C.size_t) C.int {
	once.Do(smallMemory)
	a, err := start(C.GoString(settings), os.NewFile(uintptr(fd), "host"))
	if err != nil {
		said := unsafe.Slice((*byte)(unsafe.Pointer(why)), int(size))
		n := copy(said[:len(said)-1], err.Error())
		said[n] = 0
		return -1
	}
	mu.Lock()
	defer mu.Unlock()
	last++
	agents[last] = a
	return last
}

// hkStopInside ends an agent and waits for it.
//
//export hkStopInside
func hkStopInside(n C.int) {
	mu.Lock()
	a := agents[n]
	delete(agents, n)
	mu.Unlock()
	if a != nil {
		a.end()
	}
}

// start starts an agent with the settings of hk_open.
func start(settings string, file *os.File) (*inside, error) {
	conn, err := net.FileConn(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, errors.New("not a socket")
	}
	a, err := configured(settings)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	a.agent.Build, a.agent.LocalAPI.Conn = version, unix
	a.agent.LocalAPI.Stop = func() { go a.end() } // which waits for whoever asks; the process outlives both
	if err := a.agent.Start(context.Background()); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return a, nil
}

// configured reads lines of key=value.
func configured(settings string) (*inside, error) {
	in := &inside{}
	a := &in.agent
	a.Name = "TV"
	fields := map[string]*string{
		"server": &a.Server, "data": &a.Dir, "name": &a.Name, "model": &a.Model, "kind": &a.Kind,
		"language": &a.Language, "screen": &a.Screen, "socket": new(string), "ca": new(string),
	}
	for line := range strings.Lines(settings) {
		key, value, found := strings.Cut(strings.TrimRight(line, "\n"), "=")
		field := fields[key]
		if !found || field == nil {
			if line == "\n" {
				continue
			}
			return nil, fmt.Errorf("no setting %.32q", key)
		}
		*field = value
	}
	if path := *fields["ca"]; path != "" {
		pem, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read ca: %w", err)
		}
		a.CA = x509.NewCertPool()
		if !a.CA.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("no certificate in %s", path)
		}
	}
	return in, nil
}

// smallMemory makes the runtime fit a set-top box, unless its environment says
// otherwise.
func smallMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(16 << 20)
	}
}
