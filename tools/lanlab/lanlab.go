// Package lanlab builds home networks for tests: hosts in network namespaces of
// their own, joined by bridges, on which multicast works as it does at home.
//
//	func TestMain(m *testing.M) { lanlab.Main(m, nil) }
//
//	lab := lanlab.New(t)
//	home := lab.Network("home")
//	tv, phone := lab.Host("tv"), lab.Host("phone")
//	port := tv.Join(home, "192.168.77.2/24")
//	phone.Join(home, "192.168.77.3/24")
//	tv.Do(func() { … })               // sockets made here are the TV's
//	phone.Command("avahi-browse", …)  // a program on the phone
//	port.Unplug()
//
// Programs that still run on a host when its test ends are killed.
//
// Every host has a loopback, and an IPv6 link-local address on each port, at
// once (no duplicate address detection) unless [Host.SlowIPv6] is called first.
//
// # Duties
//
// A test package that uses it calls [Main] from its TestMain. Namespaces are made
// with iproute2, as root; Main gets a user who is not root a root of its own by
// unshare where the kernel permits it. Where neither can be had, New skips the test
// and says so: tools/needs.sh lists it as not tested on this machine.
//
// # Concurrency
//
// A lab and what it made may be used by several goroutines; a port by one at a
// time. All of it is removed when the test ends, and what a killed test left behind
// when the next lab is made.
//
// Its own test joins two hosts and sends datagrams between them.
package lanlab

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// prefix begins the name of every namespace of a lab; the process's number and a
// counter follow.
const prefix = "hklab-"

// labs counts the labs of this process.
var labs atomic.Int64

// A Lab is some networks and hosts.
type Lab struct {
	t    testing.TB
	name string
	made atomic.Int64 // ports: their interfaces' names are theirs alone
}

// New returns an empty lab, which ends with the test.
func New(t testing.TB) *Lab {
	t.Helper()
	if why := missing(); why != "" {
		t.Skip("NOT TESTED on this machine: home networks:", why)
	}
	sweep()
	return &Lab{t: t, name: fmt.Sprintf("%s%d-%d", prefix, os.Getpid(), labs.Add(1))}
}

// missing says why no lab can be had here; empty if one can.
func missing() string {
	if os.Geteuid() != 0 {
		return "this needs root, or unshare -rnm"
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return "iproute2 is not installed"
	}
	if out, err := exec.Command("ip", "netns", "list").CombinedOutput(); err != nil {
		return strings.TrimSpace(string(out))
	}
	return ""
}

// sweep removes the namespaces of processes that are gone.
func sweep() {
	found, err := filepath.Glob("/run/netns/" + prefix + "*")
	if err != nil {
		return // cannot be: the pattern is right
	}
	for _, path := range found {
		name := filepath.Base(path)
		pid, _, _ := strings.Cut(strings.TrimPrefix(name, prefix), "-")
		if _, err := strconv.Atoi(pid); err != nil {
			continue
		}
		if _, err := os.Stat("/proc/" + pid); os.IsNotExist(err) {
			_ = remove(name) // another process may have been first
		}
	}
}

// remove ends what runs in a namespace, and takes its name away.
func remove(namespace string) error {
	pids, err := exec.Command("ip", "netns", "pids", namespace).Output()
	if err != nil {
		return err
	}
	for _, field := range strings.Fields(string(pids)) {
		pid, err := strconv.Atoi(field)
		if err != nil || pid == os.Getpid() {
			continue
		}
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
	}
	return exec.Command("ip", "netns", "delete", namespace).Run()
}

// namespace makes one, which ends with the test.
func (l *Lab) namespace(name string) string {
	l.t.Helper()
	full := l.name + "-" + name
	l.ip("", "netns add "+full)
	l.t.Cleanup(func() {
		if err := remove(full); err != nil {
			l.t.Errorf("remove host %s: %v", name, err)
		}
	})
	l.ip(full, "link set lo up")
	return full
}

// ip runs commands of ip(8) in a namespace; an empty one is this process's.
func (l *Lab) ip(namespace string, commands ...string) {
	l.t.Helper()
	args := []string{"-batch", "-"}
	if namespace != "" {
		args = []string{"-n", namespace, "-batch", "-"}
	}
	cmd := exec.Command("ip", args...)
	cmd.Stdin = strings.NewReader(strings.Join(commands, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		l.t.Fatalf("ip %s: %v\n%s", strings.Join(commands, "; "), err, bytes.TrimSpace(out))
	}
}

// A Network is one link: what is sent to all reaches every port of it.
type Network struct {
	lab       *Lab
	namespace string
}

// Network makes one. Its name is up to 16 letters, for messages alone.
func (l *Lab) Network(name string) *Network {
	l.t.Helper()
	n := &Network{lab: l, namespace: l.namespace(name)}
	l.ip(n.namespace,
		"link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
		"link set br0 up")
	return n
}
