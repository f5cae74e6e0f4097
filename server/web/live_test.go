package web

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// stream is an open board.
type stream struct {
	t      *testing.T
	lines  *bufio.Scanner
	status int
}

// live opens the board's stream; it ends with the test, or sooner.
func (p *person) live(query string) *stream {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	p.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.http.URL+"/account/devices/live"+query, nil)
	p.must(err)
	res, err := p.client.Do(r)
	p.must(err)
	p.t.Cleanup(func() { res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	return &stream{p.t, lines, res.StatusCode}
}

// next returns the next event, past comments; "" at the end.
func (s *stream) next() (name, data string) {
	s.t.Helper()
	var b strings.Builder
	for s.lines.Scan() {
		line := s.lines.Text()
		switch {
		case line == "" && name != "":
			return name, b.String()
		case strings.HasPrefix(line, "event: "):
			name = line[len("event: "):]
		case strings.HasPrefix(line, "data: "):
			b.WriteString(line[len("data: "):] + "\n")
		}
	}
	return "", ""
}

func TestBoardComesAlive(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	s := p.live("")
	if name, data := s.next(); name != "board" || !strings.Contains(data, "No TV is signed in") {
		t.Fatalf("first event %q\n%s", name, visible(data))
	}
	d, sess := p.approve("Bedroom TV")
	s.until("Bedroom TV") // the approval may be seen in parts
	p.post("/account/devices/" + string(d.id()) + "/sign-out")
	s.until("Signed out <span")
	w.clock.Advance(time.Second)
	d.confirm(sess)
	w.site.Changed(sess.Account)
	s.until("confirmed at")
}

// until reads events until the board shows text.
func (s *stream) until(text string) {
	s.t.Helper()
	for {
		name, data := s.next()
		if name != "board" {
			s.t.Fatalf("event %q before a board with %q", name, text)
		}
		if strings.Contains(data, text) {
			return
		}
	}
}

// A page that shows the board already is not sent it again.
func TestBoardIsNotSentTwice(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	page := p.page("/account/devices")
	_, rest, ok := strings.Cut(page, `data-live="/account/devices/live`)
	query, _, _ := strings.Cut(rest, `"`)
	if !ok || !strings.HasPrefix(query, "?seen=") {
		t.Fatalf("the page does not say what it shows: %q", query)
	}
	s := p.live(query)
	p.approve("Bedroom TV")
	for {
		name, data := s.next()
		if name != "board" {
			t.Fatalf("event %q, want board", name)
		}
		if strings.Contains(data, "No TV is signed in") {
			t.Error("the board was sent although the page showed it")
		}
		if strings.Contains(data, "Bedroom TV") {
			return
		}
	}
}

// A browser that is signed out sees nothing more, at once.
// ASVS 14.3.1.
func TestStreamEndsWithItsSession(t *testing.T) {
	tests := map[string]func(p, other *person){
		"revoked from another browser": func(p, other *person) {
			form := webForm.FindStringSubmatch(other.page("/account/devices"))
			other.moved(other.post(form[1]), "/account/devices")
		},
		"signed out everywhere": func(p, other *person) {
			other.moved(other.post("/account/devices/everywhere"), "/account/devices")
		},
		"signed out itself": func(p, _ *person) { p.moved(p.post("/signout"), "/signin") },
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p, other := w.browser(), w.browser()
			p.signUp()
			other.signIn()
			s := p.live("")
			s.next()
			begun := time.Now()
			end(p, other)
			for {
				name, _ := s.next()
				if name == "gone" {
					break
				}
				if name != "board" {
					t.Fatalf("event %q, want gone", name)
				}
			}
			if took := time.Since(begun); took > streamTick {
				t.Errorf("the stream ended after %v: the hint was lost", took)
			}
			if name, _ := s.next(); name != "" {
				t.Errorf("event %q after the end", name)
			}
			if name, _ := p.live("").next(); name != "gone" {
				t.Errorf("a new stream of the old session begins with %q, want gone", name)
			}
		})
	}
}

func TestStreamsAreBounded(t *testing.T) {
	w := newWatchers()
	var hints []chan struct{}
	for range streamsPerAccount {
		h, err := w.add("a")
		if err != nil {
			t.Fatal(err)
		}
		hints = append(hints, h)
	}
	if _, err := w.add("a"); err == nil {
		t.Error("one stream too many was let in")
	}
	if _, err := w.add("b"); err != nil {
		t.Errorf("another account was refused: %v", err)
	}
	for range 3 {
		w.hint("a") // nobody reads: it must not block
	}
	for _, h := range hints {
		<-h
		w.remove("a", h)
	}
	if _, err := w.add("a"); err != nil {
		t.Errorf("no room after all left: %v", err)
	}
	if len(w.all) != 2 || w.number != 2 {
		t.Errorf("%d accounts and %d streams are kept, want 2 and 2", len(w.all), w.number)
	}
	w.close()
	w.close()
	if _, err := w.add("c"); err == nil {
		t.Error("a stream was let in after the end")
	}
}

func TestCloseEndsStreams(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	s := p.live("")
	s.next()
	w.site.Close()
	for {
		name, _ := s.next()
		if name == "" {
			return
		}
	}
}

func TestBoundNeverReadsEarlier(t *testing.T) {
	now := time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)
	for in, want := range map[time.Duration]string{
		0: "0\u00a0min", time.Second: "1\u00a0min", 59 * time.Second: "1\u00a0min", time.Minute: "1\u00a0min", 61 * time.Second: "2\u00a0min",
		time.Hour: "1\u00a0h", time.Hour + time.Second: "1\u00a0h 1\u00a0min", 3*time.Hour + 9*time.Minute + 30*time.Second: "3\u00a0h 10\u00a0min",
		-time.Minute: "0\u00a0min", 8*time.Hour - time.Second: "8\u00a0h",
	} {
		if got := duration(in); got != want {
			t.Errorf("duration(%v) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[time.Duration]string{ // what took so long may be said shorter
		0: "under a minute", 59 * time.Second: "under a minute", time.Minute: "1\u00a0min", 89 * time.Second: "1\u00a0min", 90 * time.Second: "2\u00a0min",
		time.Hour - time.Second: "1\u00a0h",
	} {
		if got := spent(in); got != want {
			t.Errorf("spent(%v) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[time.Time]string{
		now.Add(time.Second): "20:01 UTC", now: "20:00 UTC", now.Add(4 * time.Hour): "26 Nov 2026, 00:00 UTC",
	} {
		if got := (tongue{}).onDay(roundUp(in), now, "15:04 MST"); got != want {
			t.Errorf("onDay(roundUp(%v)) = %q, want %q", in, got, want)
		}
	}
}

func TestRoundFindsTheLastOne(t *testing.T) {
	now := fixtureNow
	gone := func(n int, by protocol.By, at time.Time, s CardState) DeviceCard {
		d := fixtureGone(fixtureDevice(n, "TV", "", false), s)
		d.By, d.ChangedAt = by, at
		return d
	}
	old, last := now.Add(-time.Hour), now.Add(-time.Minute)
	cards := []DeviceCard{
		gone(1, protocol.ByAll, old, StateUnreached), gone(2, protocol.ByAll, last, StateConfirmed),
		gone(3, protocol.ByPassword, last, StateAsked), gone(4, protocol.ByOwner, now, StateUnreached),
		fixtureDevice(5, "TV", "", true),
	}
	r := roundOf(now, cards, nil)
	if r == nil || r.Total != 2 || r.Confirmed != 1 || len(r.Waiting) != 1 || !r.At.Equal(last) {
		t.Errorf("roundOf = %+v, want the one at %v: 1 of 2", r, last)
	}
	if r := roundOf(now, cards[3:], nil); r != nil {
		t.Errorf("a round without a sign-out everywhere: %+v", r)
	}
	done := []DeviceCard{cards[1]}
	at := done[0].Confirmed
	if roundOf(at.Add(roundShown), done, nil) == nil || roundOf(at.Add(roundShown+time.Second), done, nil) != nil {
		t.Error("a finished round is shown for a day after the last confirmation, no less and no more")
	}
}
