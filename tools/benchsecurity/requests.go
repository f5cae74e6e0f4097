package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// kind is a kind of request that is about an address.
type kind struct {
	name   string
	letter string // of the addresses that it is about
	path   string // empty: the password is typed at a TV
	status int
	body   func(email, password string) map[string]string
	round  int // kinds of a round are measured at once
	lanes  int // pairs at once
	// first is the kind that came before for the same addresses; of names what
	// its answers name the attempt by.
	first, of string
}

// Lanes of a kind: a hash takes 20 ms of the 50 that an answer takes, and of a
// core; the rest takes a millisecond or two.
const (
	hashing = 2
	waiting = 6
)

// kinds in the order in which they are measured: at least 30 s lie between a
// first code and the next.
var kinds = []kind{
	{name: "recovery-mail", round: 0, lanes: waiting, letter: "r", path: "/v1/recovery", status: http.StatusAccepted, of: "recovery",
		body: func(email, _ string) map[string]string { return map[string]string{"login": email, "channel": "mail"} }},
	{name: "recovery-sms", round: 0, lanes: waiting, letter: "t", path: "/v1/recovery", status: http.StatusAccepted,
		body: func(email, _ string) map[string]string { return map[string]string{"login": email, "channel": "sms"} }},
	{name: "sign-up", round: 1, lanes: hashing, letter: "s", path: "/v1/sign-up", status: http.StatusAccepted, of: "attempt",
		body: func(email, password string) map[string]string {
			return map[string]string{"email": email, "password": password}
		}},
	{name: "sign-in", round: 2, lanes: hashing, letter: "i", path: "/v1/sign-in", status: http.StatusUnauthorized,
		body: func(email, password string) map[string]string {
			return map[string]string{"email": email, "password": password}
		}},
	{name: "tv-sign-in", round: 3, lanes: hashing, letter: "v"},
	{name: "recovery-resend", round: 4, lanes: waiting, letter: "r", path: "/v1/recovery/resend", status: http.StatusAccepted, first: "recovery-mail", of: "recovery"},
	{name: "sign-up-resend", round: 4, lanes: waiting, letter: "s", path: "/v1/sign-up/resend", status: http.StatusAccepted, first: "sign-up", of: "attempt"},
}

func names() []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = k.name
	}
	return out
}

// selected returns the kinds to measure for -only: those that one needs too.
func selected(only string) []kind {
	var out []kind
	for _, k := range kinds {
		if only == "" || k.name == only {
			out = append(out, k)
		}
	}
	if len(out) == 1 && out[0].first != "" {
		return append(selected(out[0].first), out...)
	}
	return out
}

// resendAfter is when a code may be asked for again.
const resendAfter = 30 * time.Second

// bench is one run.
type bench struct {
	pairs  int
	random *rand.Rand
	until  time.Time
	host   string // of the server, with its port

	admin, token string // the operator's

	networks atomic.Int64         // used up
	attempts map[string][]string  // by kind: of known 0, unknown 0, known 1, …
	sentAt   map[string]time.Time // by kind: when the last was asked for
}

// email is the address of pair i: as long for known as for unknown ones.
func email(k kind, i int, known bool) string {
	domain := "unknowns.example"
	if known {
		domain = "ofpeople.example"
	}
	return fmt.Sprintf("person-%s%04d@%s", k.letter, i, domain)
}

// lane is a row of pairs that follow each other.
type lane struct {
	*bench
	random *rand.Rand
}

// lanes returns the lanes of a kind, each with numbers of its own from b's seed.
func (b *bench) lanes(k kind) []lane {
	out := make([]lane, k.lanes)
	for i := range out {
		out[i] = lane{b, rand.New(rand.NewPCG(b.random.Uint64(), b.random.Uint64()))}
	}
	return out
}

// samples of a kind, by pair.
type samples struct {
	seconds  [][2]float64 // of known and unknown; 0: not measured
	attempts []string     // of known 0, unknown 0, known 1, …
}

// measured are the samples of the pairs that there was time for.
func (s samples) measured() (known, unknown []float64) {
	for _, pair := range s.seconds {
		if pair[0] > 0 && pair[1] > 0 {
			known, unknown = append(known, pair[0]), append(unknown, pair[1])
		}
	}
	return known, unknown
}

// sample asks about known and unknown addresses in turn, in each lane, and keeps the
// seconds that each answer took. It ends early where the run's time is over.
func (b *bench) sample(ctx context.Context, k kind, lanes []lane) (samples, error) {
	out := samples{make([][2]float64, b.pairs), make([]string, 2*b.pairs)}
	if err := b.rest(ctx, k); err != nil {
		return out, err
	}
	var all sync.WaitGroup
	errs := make([]error, len(lanes))
	for n, l := range lanes {
		flip := l.random.IntN(2)
		all.Go(func() {
			for at, i := 0, n; i < b.pairs && errs[n] == nil && time.Now().Before(b.until); at, i = at+1, i+len(lanes) {
				// known, unknown, unknown, known: each follows each as often
				errs[n] = l.pair(ctx, k, i, at%2^flip, &out)
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return out, fmt.Errorf("%s: %w", k.name, err)
	}
	return out, nil
}

// pair asks about one known and one unknown address, beginning with one of them.
func (l lane) pair(ctx context.Context, k kind, i, begin int, out *samples) error {
	password := l.password()
	for _, which := range []int{begin, 1 - begin} {
		if k.path == "" {
			took, err := l.atTV(ctx, email(k, i, which == 0), password)
			if err != nil {
				return err
			}
			out.seconds[i][which] = took.Seconds()
			continue
		}
		body := map[string]string{}
		if k.first == "" {
			body = k.body(email(k, i, which == 0), password)
		} else {
			body[k.of] = l.attempts[k.first][2*i+which]
		}
		took, answer, err := l.ask(ctx, k, body)
		if err != nil {
			return err
		}
		out.seconds[i][which] = took.Seconds()
		if k.of != "" {
			out.attempts[2*i+which], _ = answer[k.of].(string)
		}
	}
	return nil
}

// rest waits until codes of the kind before may be sent again.
func (b *bench) rest(ctx context.Context, k kind) error {
	if k.first == "" {
		return nil
	}
	select {
	case <-time.After(time.Until(b.sentAt[k.first].Add(resendAfter))):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// password returns 16 random letters and digits: none that is refused, or that
// checking takes long for.
func (l lane) password() string {
	const letters = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
	out := make([]byte, 16)
	for i := range out {
		out[i] = letters[l.random.IntN(len(letters))]
	}
	return string(out)
}

// network returns an address in a network (/24) that nothing has come from.
func (b *bench) network() net.IP {
	n := b.networks.Add(1)
	return net.IPv4(127, byte(1+n/250), byte(1+n%250), 1)
}

// ask connects, then takes the time from the request to the end of the answer.
func (b *bench) ask(ctx context.Context, k kind, body map[string]string) (took time.Duration, answer map[string]any, err error) {
	data, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+b.host+k.path, bytes.NewReader(data))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		return 0, nil, err
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: b.network()}, Timeout: 10 * time.Second}
	conn, err := d.DialContext(ctx, "tcp", b.host)
	if err != nil {
		return 0, nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return 0, nil, err
	}
	begin := time.Now()
	if _, err := conn.Write(wire.Bytes()); err != nil {
		return 0, nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	took = time.Since(begin)
	if err != nil {
		return 0, nil, err
	}
	if resp.StatusCode != k.status {
		return 0, nil, fmt.Errorf("%s = %d %s, want %d", body, resp.StatusCode, text, k.status)
	}
	return took, answer, json.Unmarshal(text, &answer)
}
