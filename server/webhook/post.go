package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

const maxAnswer = 4 << 10 // bytes that are read of an answer, and thrown away

// errRefused: the address is one that this webhook may not reach.
var errRefused = errors.New("webhook: the host has an address that is not allowed")

// outcome is what an attempt came to.
type outcome struct {
	code    string        // short, without secrets; empty: delivered
	address bool          // the address fails, and not this event
	gone    bool          // it wants no more events
	after   time.Duration // not sooner
}

// Sign returns webhook-signature: one signature a key, as Standard Webhooks
// 1.0.0 says under "Signature scheme" and "Webhook headers".
func Sign(keys [][]byte, id string, at time.Time, body string) string {
	signed := id + "." + strconv.FormatInt(at.Unix(), 10) + "." + body
	out := make([]string, len(keys))
	for i, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(signed)) // never fails
		out[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(out, " ")
}

// post makes one attempt.
func (s *Sender) post(ctx context.Context, h store.WebhookRow, keys [][]byte, e store.WebhookEvent) outcome {
	ctx, cancel := context.WithTimeout(ctx, s.c.AttemptTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, strings.NewReader(e.Body))
	if err != nil {
		return outcome{code: "bad address", address: true}
	}
	at := s.c.Now()
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "hearthkey-server",
		"Webhook-Id": e.ID, "Webhook-Timestamp": strconv.FormatInt(at.Unix(), 10), "Webhook-Signature": Sign(keys, e.ID, at, e.Body),
	} {
		req.Header.Set(name, value)
	}
	resp, err := s.clients.of(h).Do(req)
	if err != nil {
		return outcome{code: say(err), address: true}
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // so that the connection can be used again
	return judge(resp, at)
}

// judge reads a status as the specification says under "Delivery success and
// failure".
func judge(resp *http.Response, now time.Time) outcome {
	switch n := resp.StatusCode; {
	case n >= 200 && n < 300:
		return outcome{}
	case n == http.StatusGone:
		return outcome{code: "410", gone: true}
	case n == http.StatusTooManyRequests, n == http.StatusRequestTimeout, n >= 500:
		return outcome{code: strconv.Itoa(n), address: true, after: retryAfter(resp.Header.Get("Retry-After"), now)}
	default: // a redirect, too: it is not followed
		return outcome{code: strconv.Itoa(n)}
	}
}

// retryAfter reads Retry-After (RFC 9110 §10.2.3), at most an hour.
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return min(time.Duration(n)*time.Second, maxWait)
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, min(at.Sub(now), maxWait))
	}
	return 0
}

// say is a short code for why no answer came.
func say(err error) string {
	var (
		timeout net.Error
		name    *net.DNSError
	)
	switch {
	case errors.Is(err, errRefused):
		return "address not allowed"
	case errors.As(err, &name):
		return "name not resolved"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case strings.Contains(err.Error(), "tls:") || strings.Contains(err.Error(), "x509:"):
		return "certificate"
	}
	return "no answer"
}

// class is which addresses a client may connect to.
type class int

const (
	public   class = iota
	private        // and those of private networks
	loopback       // this machine, and nothing else
)

type clients map[class]*http.Client

func newClients(limit time.Duration) clients {
	out := clients{}
	for _, c := range []class{public, private, loopback} {
		dialer := &net.Dialer{Timeout: limit, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			return c.allows(address)
		}}
		out[c] = &http.Client{
			Timeout:       limit,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{ // no proxy: it would resolve the name itself
				DialContext: dialer.DialContext, MaxConnsPerHost: together, MaxIdleConnsPerHost: together, IdleConnTimeout: time.Minute,
				TLSHandshakeTimeout: limit, MaxResponseHeaderBytes: 16 << 10, ForceAttemptHTTP2: true,
			},
		}
	}
	return out
}

func (c clients) of(h store.WebhookRow) *http.Client {
	u, err := url.Parse(h.URL)
	if err == nil && isLocal(u.Hostname()) {
		return c[loopback]
	}
	if h.Private {
		return c[private]
	}
	return c[public]
}

func (c clients) close() {
	for _, client := range c {
		client.CloseIdleConnections()
	}
}

func isLocal(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// Networks that are neither public nor one of netip's kinds (IANA's special-purpose
// registries): shared address space, benchmarks, protocol assignments, reserved,
// this network, and IPv6 that carries an IPv4 address.
var special = []netip.Prefix{
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
}

var shared = netip.MustParsePrefix("100.64.0.0/10")

// allows checks the address that a connection goes to, after names were resolved:
// whatever a name says later is checked again.
func (c class) allows(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	addr := at.Addr().Unmap().WithZone("")
	refused := addr.IsUnspecified() || addr.IsMulticast() || addr.IsLinkLocalUnicast() // among them the clouds' metadata
	for _, p := range special {
		refused = refused || p.Contains(addr)
	}
	switch {
	case addr.IsLoopback() != (c == loopback):
		refused = true
	case addr.IsPrivate() || shared.Contains(addr):
		refused = refused || c != private
	}
	if refused {
		return errRefused
	}
	return nil
}
