package benchlan

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"math"
	rnd "math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/lan/handset"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
	"github.com/hearthkey/hearthkey/tools/lanlab"
)

var keys = flag.Int("keys", 0, "measure with so many keys, and print figures; 0: a few, and none")

// phone is a paired remote and the reference beside it.
type phone struct {
	*handset.Conn
	t    *testing.T
	echo net.Conn
	last int64 // acknowledged
}

// pair pairs a phone.
func pair(t *testing.T, h *lanlab.Host, v *tv) *phone {
	t.Helper()
	code := v.pairing()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{t: t}
	h.Do(func() {
		if p.Conn, err = handset.Dial(context.Background(), handset.Target{Address: tvAddr + tvPort, Key: key}); err != nil {
			t.Error(err)
			return
		}
		// Who answers is of no matter to a reference.
		if p.echo, err = tls.Dial("tcp4", tvAddr+echoPort, &tls.Config{InsecureSkipVerify: true}); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	t.Cleanup(func() { p.Close(); p.echo.Close() })
	f, err := p.Hello()
	unpaired, ok := f.(tvremote.Unpaired)
	if !ok || err != nil {
		t.Fatalf("hello: %#v, %v", f, err)
	}
	if _, err := p.Pair(unpaired, tvremote.ByCode, []byte(code), "Phone"); err != nil {
		t.Fatal(err)
	}
	v.press("Back") // what is said of the pairing
	return p
}

// send sends a key.
func (p *phone) send(key string) {
	p.t.Helper()
	if _, err := p.Press(key, tvremote.Press); err != nil {
		p.t.Fatal(err)
	}
}

// ack waits for the next acknowledgement, which must be of the next key.
func (p *phone) ack() {
	p.t.Helper()
	for {
		f, err := p.Read()
		if err != nil {
			p.t.Fatal(err)
		}
		if a, ok := f.(tvremote.Ack); ok {
			if p.last++; a.Seq != p.last || a.Ignored != tvremote.IgnoredNothing {
				p.t.Fatalf("ack %+v, want of %d", a, p.last)
			}
			return
		}
	}
}

// timed is how long a key takes until it is acknowledged, in ms.
func (p *phone) timed(key string) float64 {
	p.t.Helper()
	begun := time.Now()
	p.send(key)
	p.ack()
	return ms(time.Since(begun))
}

// reference is how long as much takes to come back over TLS alone, in ms.
func (p *phone) reference(b []byte) float64 {
	p.t.Helper()
	begun := time.Now()
	if _, err := p.echo.Write(b); err != nil {
		p.t.Fatal(err)
	}
	if _, err := io.ReadFull(p.echo, b); err != nil {
		p.t.Fatal(err)
	}
	return ms(time.Since(begun))
}

// TestKeys types digits into a field and deletes them, again and again: what the
// field holds between tells of every key that was lost, doubled or out of order. One
// line is typed key by key, the next as fast as keys can be sent.
func TestKeys(t *testing.T) {
	lab := lanlab.New(t)
	home := lab.Network("home")
	box, hand := lab.Host("tv"), lab.Host("phone")
	box.Join(home, tvAddr+"/24")
	hand.Join(home, "192.168.78.3/24")
	v := startTV(t, box)
	p := pair(t, hand, v)
	for range 5 {
		v.press("Up")
	}
	v.choose("password")
	if at, _, _ := v.press(""); !strings.HasPrefix(at, "email ") {
		t.Fatalf("the TV is at %s", at)
	}

	total := max(*keys, 2_000)
	var waited, fast, ref []float64
	begun := time.Now()
	const line = 20
	message := make([]byte, 64)
	for n := 0; n < total; n += 2 * line {
		typed := digits(line)
		all := append(strings.Split(typed, ""), slices.Repeat([]string{"Back"}, line)...)
		atOnce := n/(2*line)%2 == 1
		for half := range 2 {
			part := all[half*line : (half+1)*line]
			if atOnce {
				start := time.Now()
				for _, k := range part {
					p.send(k)
				}
				for range part {
					p.ack()
				}
				fast = append(fast, ms(time.Since(start))/line)
			} else {
				for _, k := range part {
					ref = append(ref, p.reference(message))
					waited = append(waited, p.timed(k))
				}
			}
			want := []string{typed, ""}[half]
			if _, _, got := v.press(""); got != want {
				t.Fatalf("after %d keys the field holds %q, want %q", n+(half+1)*line, got, want)
			}
		}
	}
	if *keys == 0 {
		return
	}
	t.Logf("%d keys in %v", total, time.Since(begun).Round(time.Second))
	figure("lan.key_ack_p50", median(waited), "ms", median(ref), 0)
	figure("lan.key_ack_p99", p99(waited), "ms", p99(ref), 5)
	figure("lan.key_in_row", median(fast), "ms", 0, 0)
	figure("lan.keys_lost", 0, "keys", 0, 1e-9) // or the test has failed
	figure("lan.keys_sent", float64(p.last), "keys", 0, 0)
}

func digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0' + byte(rnd.IntN(10))
	}
	return string(b)
}

// figure prints a line as tools/bench does; a bound of 0 asks for nothing.
func figure(name string, value float64, unit string, reference, atMost float64) {
	ratio, target, verdict := "-", "-", "-"
	if reference > 0 {
		ratio = fmt.Sprintf("%.2f", value/reference)
	}
	if atMost > 0 {
		target, verdict = fmt.Sprintf("<=%.0f", atMost), "ok"
		if value > atMost {
			verdict = "short"
		}
	}
	fmt.Fprintf(os.Stdout, "%-26s %10s %-6s %10s %9s %9s %s\n", name, number(value), unit, number(reference), ratio, target, verdict)
}

func number(v float64) string {
	if v == math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 4, 64)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func quantile(q float64, values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func median(values []float64) float64 { return quantile(0.5, values) }

// p99 is the median of five blocks' 99th percentiles: a neighbour's burst spoils a
// block, not the figure.
func p99(values []float64) float64 {
	var each []float64
	for i := range 5 {
		each = append(each, quantile(0.99, values[i*len(values)/5:(i+1)*len(values)/5]))
	}
	return median(each)
}
