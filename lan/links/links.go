// Package links tells which network interfaces this machine has, with which
// addresses, and when that changes, from the kernel's rtnetlink.
//
// What the kernel tells of changes is taken for a hint: after it everything is read
// anew, so that nothing is missed where hints are lost, and a storm of them costs as
// much as its reader wants. Reading is not limited to what package net tells: an IPv6
// address that is still being tried is no address yet, and a carrier that went and
// came again, within a moment, may be another network.
//
// # Concurrency
//
// A [Watch] has one goroutine, which [Watch.Close] ends and waits for. List may be
// called from any goroutine, one at a time. Its sockets belong to the network
// namespace of the goroutine that called [Open], whoever uses them.
//
// Tested in network namespaces, by lan/mdns too.
package links

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// order is this machine's, which is rtnetlink's.
var order = binary.NativeEndian

// Bounds on what is told of a machine.
const (
	MaxLinks = 64 // further interfaces are not told
	MaxAddrs = 16 // of an interface
)

// Link is an interface.
type Link struct {
	Index     int
	Name      string
	Up        bool // switched on, with a carrier
	Multicast bool // can send to all, and is neither a loopback nor a line to one other machine
	Loopback  bool
	Carrier   uint32         // how often its carrier came or went; where the kernel does not count, 0
	Addrs     []netip.Prefix // usable ones, in order
}

// Equal reports whether two links are the same in everything.
func (l Link) Equal(m Link) bool {
	return l.Index == m.Index && l.Name == m.Name && l.Up == m.Up && l.Multicast == m.Multicast &&
		l.Loopback == m.Loopback && l.Carrier == m.Carrier && slices.Equal(l.Addrs, m.Addrs)
}

// Watch hears of changes.
type Watch struct {
	hints   *os.File
	ask     int // a netlink socket for questions
	seq     uint32
	changed chan struct{}
	ended   sync.WaitGroup
	closing sync.Once
}

// Open begins to watch. Errors say that the kernel gives no rtnetlink.
func Open() (*Watch, error) {
	const groups = unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR
	hints, err := socket(groups, unix.SOCK_NONBLOCK)
	if err != nil {
		return nil, err
	}
	ask, err := socket(0, 0)
	if err != nil {
		return nil, errors.Join(err, unix.Close(hints))
	}
	// The kernel answers at once; a second is for a machine that was suspended.
	if err := unix.SetsockoptTimeval(ask, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1}); err != nil {
		return nil, errors.Join(fmt.Errorf("links: %w", err), unix.Close(hints), unix.Close(ask))
	}
	w := &Watch{hints: os.NewFile(uintptr(hints), "rtnetlink"), ask: ask, changed: make(chan struct{}, 1)}
	w.ended.Go(w.listen)
	return w, nil
}

func socket(groups uint32, flags int) (int, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|flags, unix.NETLINK_ROUTE)
	if err != nil {
		return 0, fmt.Errorf("links: open rtnetlink: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		return 0, errors.Join(fmt.Errorf("links: bind rtnetlink: %w", err), unix.Close(fd))
	}
	return fd, nil
}

// Changed has a value after something changed, one for any number of changes.
func (w *Watch) Changed() <-chan struct{} { return w.changed }

// listen turns what the kernel tells into hints, until Close.
func (w *Watch) listen() {
	b := make([]byte, 8<<10) // what does not fit is cut off: it is a hint all the same
	for {
		_, err := w.hints.Read(b)
		// ENOBUFS says that hints were lost, which is one.
		if err != nil && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EINTR) {
			return
		}
		select {
		case w.changed <- struct{}{}:
		default:
		}
	}
}

// Close ends the watch. A second time does nothing: the number of a closed descriptor
// may be somebody else's by then.
func (w *Watch) Close() (err error) {
	w.closing.Do(func() {
		err = w.hints.Close()
		w.ended.Wait()
		err = errors.Join(err, unix.Close(w.ask))
	})
	return err
}

// attempts is how often a list is read that changes while it is read.
const attempts = 5

// List reads the interfaces that there are, in order of their index.
func (w *Watch) List() ([]Link, error) {
	for range attempts {
		list, err := w.read()
		if !errors.Is(err, errChanging) {
			return list, err
		}
	}
	return nil, fmt.Errorf("links: %w", errChanging)
}

var errChanging = errors.New("the list changes too fast to be read")

func (w *Watch) read() ([]Link, error) {
	var list []Link
	err := w.dump(unix.RTM_GETLINK, func(m *syscall.NetlinkMessage) {
		if l, ok := link(m); ok && len(list) < MaxLinks {
			list = append(list, l)
		}
	})
	if err != nil {
		return nil, err
	}
	err = w.dump(unix.RTM_GETADDR, func(m *syscall.NetlinkMessage) {
		index, addr, ok := address(m)
		i := slices.IndexFunc(list, func(l Link) bool { return l.Index == index })
		if ok && i >= 0 && len(list[i].Addrs) < MaxAddrs {
			list[i].Addrs = append(list[i].Addrs, addr)
		}
	})
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		slices.SortFunc(l.Addrs, netip.Prefix.Compare)
	}
	slices.SortFunc(list, func(a, b Link) int { return a.Index - b.Index })
	return list, nil
}

// dump asks for all there is of a kind.
func (w *Watch) dump(what uint16, each func(*syscall.NetlinkMessage)) error {
	w.seq++
	if err := unix.Sendto(w.ask, request(what, w.seq), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("links: ask: %w", err)
	}
	b := make([]byte, 32<<10) // the kernel makes none larger
	until := time.Now().Add(2 * time.Second)
	var changing error
	for time.Now().Before(until) {
		n, from, err := unix.Recvfrom(w.ask, b, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("links: read: %w", err)
		}
		if k, ok := from.(*unix.SockaddrNetlink); !ok || k.Pid != 0 {
			continue // only the kernel is asked
		}
		messages, err := syscall.ParseNetlinkMessage(b[:n])
		if err != nil {
			return fmt.Errorf("links: read: %w", err)
		}
		for i := range messages {
			m := &messages[i]
			if m.Header.Seq != w.seq {
				continue // of a question that was given up
			}
			if m.Header.Flags&unix.NLM_F_DUMP_INTR != 0 {
				changing = errChanging
			}
			switch m.Header.Type {
			case unix.NLMSG_DONE:
				return changing
			case unix.NLMSG_ERROR:
				return errors.New("links: the kernel refuses to tell")
			}
			each(m)
		}
	}
	return errors.New("links: the kernel does not answer")
}

// request is a question for all of a kind, for every family of addresses.
func request(what uint16, seq uint32) []byte {
	const size = unix.SizeofNlMsghdr + 4 // and a struct rtgenmsg, aligned
	b := make([]byte, size)
	order.PutUint32(b[0:], size)
	order.PutUint16(b[4:], what)
	order.PutUint16(b[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	order.PutUint32(b[8:], seq)
	return b
}

func link(m *syscall.NetlinkMessage) (Link, bool) {
	if m.Header.Type != unix.RTM_NEWLINK || len(m.Data) < unix.SizeofIfInfomsg {
		return Link{}, false
	}
	flags := order.Uint32(m.Data[8:])
	l := Link{
		Index:     int(int32(order.Uint32(m.Data[4:]))),
		Up:        flags&unix.IFF_UP != 0 && flags&unix.IFF_RUNNING != 0,
		Multicast: flags&unix.IFF_MULTICAST != 0 && flags&(unix.IFF_LOOPBACK|unix.IFF_POINTOPOINT) == 0,
		Loopback:  flags&unix.IFF_LOOPBACK != 0,
	}
	attrs, err := syscall.ParseNetlinkRouteAttr(m)
	if err != nil {
		return Link{}, false
	}
	for _, a := range attrs {
		switch a.Attr.Type {
		case unix.IFLA_IFNAME:
			l.Name = strings.TrimRight(string(a.Value), "\x00")
		case unix.IFLA_CARRIER_CHANGES:
			if len(a.Value) >= 4 {
				l.Carrier = order.Uint32(a.Value)
			}
		}
	}
	return l, l.Name != ""
}

// address reads one that can be used: not one that is being tried or failed.
func address(m *syscall.NetlinkMessage) (index int, addr netip.Prefix, ok bool) {
	if m.Header.Type != unix.RTM_NEWADDR || len(m.Data) < unix.SizeofIfAddrmsg {
		return 0, addr, false
	}
	bits, flags := int(m.Data[1]), uint32(m.Data[2])
	index = int(order.Uint32(m.Data[4:]))
	attrs, err := syscall.ParseNetlinkRouteAttr(m)
	if err != nil {
		return 0, addr, false
	}
	var local, far netip.Addr
	for _, a := range attrs {
		switch a.Attr.Type {
		case unix.IFA_LOCAL:
			local, _ = netip.AddrFromSlice(a.Value)
		case unix.IFA_ADDRESS:
			far, _ = netip.AddrFromSlice(a.Value)
		case unix.IFA_FLAGS:
			if len(a.Value) >= 4 {
				flags = order.Uint32(a.Value)
			}
		}
	}
	if !local.IsValid() {
		local = far // IPv6 names only this one
	}
	const unusable = unix.IFA_F_TENTATIVE | unix.IFA_F_DADFAILED | unix.IFA_F_DEPRECATED
	return index, netip.PrefixFrom(local, bits), local.IsValid() && flags&unusable == 0
}
