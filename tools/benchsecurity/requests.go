package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// kind is a kind of request that is about an address.
type kind struct {
	name   string
	letter string // of the addresses that it is about
	path   string
	status int
	body   func(email, password string) map[string]string
	// first is the kind that came before for the same addresses; of names what
	// its answers name the attempt by.
	first, of string
}

// kinds in the order in which they are measured: at least 30 s lie between a
// first code and the next.
var kinds = []kind{
	{name: "recovery-mail", letter: "r", path: "/v1/recovery", status: http.StatusAccepted, of: "recovery",
		body: func(email, _ string) map[string]string { return map[string]string{"login": email, "channel": "mail"} }},
	{name: "recovery-sms", letter: "t", path: "/v1/recovery", status: http.StatusAccepted,
		body: func(email, _ string) map[string]string { return map[string]string{"login": email, "channel": "sms"} }},
	{name: "sign-up", letter: "s", path: "/v1/sign-up", status: http.StatusAccepted, of: "attempt",
		body: func(email, password string) map[string]string {
			return map[string]string{"email": email, "password": password}
		}},
	{name: "sign-in", letter: "i", path: "/v1/sign-in", status: http.StatusUnauthorized,
		body: func(email, password string) map[string]string {
			return map[string]string{"email": email, "password": password}
		}},
	{name: "recovery-resend", letter: "r", path: "/v1/recovery/resend", status: http.StatusAccepted, first: "recovery-mail", of: "recovery"},
	{name: "sign-up-resend", letter: "s", path: "/v1/sign-up/resend", status: http.StatusAccepted, first: "sign-up", of: "attempt"},
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

	networks int                  // used up
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

// sample asks about known and unknown addresses in turn, and returns the
// seconds that each answer took. It ends early where the run's time is over.
func (b *bench) sample(ctx context.Context, k kind) (known, unknown []float64, err error) {
	if err := b.rest(ctx, k); err != nil {
		return nil, nil, err
	}
	kept, flip := make([]string, 2*b.pairs), b.random.IntN(2)
	for i := range b.pairs {
		if time.Now().After(b.until) {
			break
		}
		var seconds [2]float64
		begin := i%2 ^ flip // known, unknown, unknown, known: each follows each as often
		password := b.password()
		for _, which := range []int{begin, 1 - begin} {
			body := map[string]string{}
			if k.first == "" {
				body = k.body(email(k, i, which == 0), password)
			} else {
				body[k.of] = b.attempts[k.first][2*i+which]
			}
			took, answer, err := b.ask(ctx, k, body)
			if err != nil {
				return nil, nil, err
			}
			seconds[which] = took.Seconds()
			if k.of != "" {
				kept[2*i+which], _ = answer[k.of].(string)
			}
		}
		known, unknown = append(known, seconds[0]), append(unknown, seconds[1])
	}
	b.attempts[k.name], b.sentAt[k.name] = kept, time.Now()
	return known, unknown, nil
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
func (b *bench) password() string {
	const letters = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
	out := make([]byte, 16)
	for i := range out {
		out[i] = letters[b.random.IntN(len(letters))]
	}
	return string(out)
}

// network returns an address in a network (/24) that nothing has come from.
func (b *bench) network() net.IP {
	b.networks++
	return net.IPv4(127, byte(1+b.networks/250), byte(1+b.networks%250), 1)
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
