package ecp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/time/rate"

	"github.com/hearthkey/hearthkey/agent/lan/home"
)

// Searches by SSDP (UPnP Device Architecture 1.0 §1.2) come to this group and port.
var searchGroup = [4]byte{239, 255, 255, 250}

const searchPort = 1900

const (
	searchTarget     = "roku:ecp"
	maxSearch        = 1024             // bytes of one search; longer ones are none
	answersPerSecond = 10               // to searches, of all peers together
	joinEvery        = 15 * time.Second // between looks whether there is another interface
	maxInterfaces    = 16               // interfaces that searches are heard on
)

// searches hears who looks for such a TV and answers.
type searches struct {
	cfg    Config
	port   uint16 // of the answers' addresses
	conn   *net.UDPConn
	limit  *rate.Limiter
	joined map[int]bool // interfaces by index; of follow's goroutine, and of Start before it
}

// listenSearches opens the socket and joins the group. The port is shared with
// whatever else of the box answers searches.
func listenSearches(cfg Config, port uint16) (*searches, error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		control := c.Control(func(fd uintptr) {
			err = errors.Join(
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
				unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1),
				unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0),
			)
		})
		return errors.Join(control, err)
	}}
	l, err := config.ListenPacket(context.Background(), "udp4", fmt.Sprintf(":%d", searchPort))
	if err != nil {
		return nil, err
	}
	conn, ok := l.(*net.UDPConn)
	if !ok {
		return nil, errors.Join(errors.New("not a UDP socket"), l.Close())
	}
	s := &searches{cfg: cfg, port: port, conn: conn, limit: rate.NewLimiter(answersPerSecond, answersPerSecond), joined: map[int]bool{}}
	s.join()
	return s, nil
}

func (s *searches) close() error {
	if err := s.conn.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// follow joins the group on interfaces that come.
func (s *searches) follow(ctx context.Context) {
	t := time.NewTicker(joinEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			s.join()
		}
	}
}

// join joins the group on every interface that this is meant for.
func (s *searches) join() {
	cards, err := net.Interfaces()
	if err != nil {
		return // the next look may tell
	}
	raw, err := s.conn.SyscallConn()
	if err != nil {
		return // closed
	}
	there := map[int]bool{}
	for _, c := range cards {
		if c.Flags&net.FlagMulticast == 0 || len(there) >= maxInterfaces || !s.wanted(c.Name) {
			continue
		}
		there[c.Index] = true
		if s.joined[c.Index] {
			continue
		}
		_ = raw.Control(func(fd uintptr) { // an error: closed
			group := unix.IPMreqn{Multiaddr: searchGroup, Ifindex: int32(c.Index)}
			if err := unix.SetsockoptIPMreqn(int(fd), unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, &group); err != nil {
				delete(there, c.Index) // not yet
			}
		})
	}
	s.joined = there // the kernel forgets an interface that is gone
}

func (s *searches) wanted(name string) bool {
	return len(s.cfg.Interfaces) == 0 || slices.Contains(s.cfg.Interfaces, name)
}

// answer answers searches until the socket is closed.
func (s *searches) answer() {
	buf, oob := make([]byte, maxSearch+1), make([]byte, 256)
	for {
		n, on, _, from, err := s.conn.ReadMsgUDPAddrPort(buf, oob)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // of one datagram: an answer of ours that nobody took
		}
		peer := from.Addr().Unmap()
		to, ok := s.arrivedAt(oob[:on])
		if !ok || n > maxSearch || !atHome(peer) || s.cfg.Blocked(peer) || !isSearch(buf[:n]) || !home.On(s.cfg.Interfaces, to) || !s.limit.Allow() {
			continue
		}
		reply := s.reply(netip.AddrPortFrom(to, s.port))
		_, _ = s.conn.WriteToUDPAddrPort(reply, from) // who searches searches again
	}
}

// arrivedAt is this machine's address where the datagram arrived.
func (s *searches) arrivedAt(oob []byte) (netip.Addr, bool) {
	all, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return netip.Addr{}, false
	}
	for i := range all {
		h := all[i].Header
		// struct in_pktinfo: int32 interface, and two addresses
		if b := all[i].Data; h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(b) >= 12 {
			return netip.AddrFrom4([4]byte(b[4:8])), true
		}
	}
	return netip.Addr{}, false
}

// isSearch reports whether a datagram searches for this protocol.
func isSearch(b []byte) bool {
	r, err := http.ReadRequest(bufio.NewReaderSize(bytes.NewReader(b), 512))
	return err == nil && r.Method == "M-SEARCH" && r.RequestURI == "*" &&
		strings.EqualFold(strings.Trim(r.Header.Get("Man"), `"`), "ssdp:discover") && r.Header.Get("St") == searchTarget
}

func (s *searches) reply(at netip.AddrPort) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nCache-Control: max-age=300\r\nEXT: \r\nST: %s\r\nUSN: uuid:%s:%s\r\nServer: %s\r\nLocation: http://%s/\r\n\r\n",
		searchTarget, searchTarget, s.cfg.TV.ID, serverName, at)
}
