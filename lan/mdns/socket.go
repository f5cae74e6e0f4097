package mdns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// socket is the mDNS port of one protocol, on all links.
type socket struct {
	*net.UDPConn
	v6 bool
}

// group is where all hear.
func (s socket) group() netip.AddrPort {
	if s.v6 {
		return netip.AddrPortFrom(GroupV6, Port)
	}
	return netip.AddrPortFrom(GroupV4, Port)
}

// listen opens the port. Others on this machine may have it open too.
func listen(v6 bool) (socket, error) {
	network, address := "udp4", "0.0.0.0:5353"
	if v6 {
		network, address = "udp6", "[::]:5353"
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return control(c, func(fd int) error { return prepare(fd, v6) })
	}}
	conn, err := config.ListenPacket(context.Background(), network, address)
	if err != nil {
		return socket{}, fmt.Errorf("mdns: open port %d: %w", Port, err)
	}
	return socket{conn.(*net.UDPConn), v6}, nil
}

// control runs f on a socket's descriptor.
func control(c syscall.RawConn, f func(fd int) error) error {
	var err error
	if outer := c.Control(func(fd uintptr) { err = f(int(fd)) }); outer != nil {
		return outer
	}
	return err
}

// prepare sets what RFC 6762 asks for: a hop limit of 255 (section 11), a port that
// is shared, and packets with the interface that they came by, of our groups alone.
func prepare(fd int, v6 bool) error {
	type option struct{ level, name, value int }
	options := []option{
		{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
		{unix.IPPROTO_IP, unix.IP_PKTINFO, 1},
		{unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0},
		{unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, 255},
		{unix.IPPROTO_IP, unix.IP_TTL, 255},
		{unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, 1},
	}
	if v6 {
		options = []option{
			{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
			{unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1},
			{unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1},
			{unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, 255},
			{unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, 255},
			{unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, 1},
		}
	}
	for _, o := range options {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return fmt.Errorf("set socket option %d of %d: %w", o.name, o.level, err)
		}
	}
	return nil
}

// join begins to hear on an interface. Once is enough: a second time is no error.
func (s socket) join(index int) error {
	err := s.membership(index, unix.IP_ADD_MEMBERSHIP, unix.IPV6_JOIN_GROUP)
	if errors.Is(err, unix.EADDRINUSE) {
		return nil
	}
	return err
}

// leave ends to hear on an interface, which may be gone.
func (s socket) leave(index int) error {
	return s.membership(index, unix.IP_DROP_MEMBERSHIP, unix.IPV6_LEAVE_GROUP)
}

func (s socket) membership(index, v4, v6 int) error {
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	return control(raw, func(fd int) error {
		if s.v6 {
			return unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, v6, &unix.IPv6Mreq{Multiaddr: GroupV6.As16(), Interface: uint32(index)})
		}
		return unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, v4, &unix.IPMreqn{Multiaddr: GroupV4.As4(), Ifindex: int32(index)})
	})
}

// send writes a packet on an interface; an invalid address means all.
func (s socket) send(b []byte, index int, to netip.AddrPort) error {
	if !to.IsValid() {
		to = s.group()
	}
	var via []byte
	if s.v6 {
		via = unix.PktInfo6(&unix.Inet6Pktinfo{Ifindex: uint32(index)})
	} else {
		via = unix.PktInfo4(&unix.Inet4Pktinfo{Ifindex: int32(index)})
	}
	_, _, err := s.WriteMsgUDPAddrPort(b, via, to)
	return err
}

// arrived is a packet that was read.
type arrived struct {
	b     []byte
	link  int
	from  netip.AddrPort
	toAll bool
	v6    bool
}

// maxFailures is how often in a row reading may fail: errors of single packets come
// in between, as ICMP's about an answer that somebody did not wait for.
const maxFailures = 100

// receive reads the next packet into b. Errors are for good.
func (s socket) receive(b, oob []byte) (arrived, error) {
	failures := 0
	for {
		n, on, _, from, err := s.ReadMsgUDPAddrPort(b, oob)
		if err != nil {
			if failures++; errors.Is(err, net.ErrClosed) || failures > maxFailures {
				return arrived{}, err
			}
			continue
		}
		link, to, ok := destination(oob[:on])
		if !ok {
			continue
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		return arrived{b: append([]byte(nil), b[:n]...), link: link, from: from, toAll: to.IsMulticast(), v6: s.v6}, nil
	}
}

// destination is by which interface a packet came, and to which address.
func destination(oob []byte) (link int, to netip.Addr, ok bool) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return 0, to, false
	}
	for _, m := range messages {
		switch {
		case m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_PKTINFO && len(m.Data) >= unix.SizeofInet4Pktinfo:
			// Interface, local address, address in the packet.
			return int(binary.NativeEndian.Uint32(m.Data)), netip.AddrFrom4([4]byte(m.Data[8:12])), true
		case m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_PKTINFO && len(m.Data) >= unix.SizeofInet6Pktinfo:
			// Address in the packet, interface.
			return int(binary.NativeEndian.Uint32(m.Data[16:])), netip.AddrFrom16([16]byte(m.Data[:16])), true
		}
	}
	return 0, to, false
}
