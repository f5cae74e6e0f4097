package keyseq

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const konami = "Up Up Down Down Left Right Left Right Up Up Up Up"

// feed presses space-separated keys, 100 ms apart; "+5s" adds to that, and a
// "*" after a key makes it a repeat. It returns after which keys the sequence
// was complete.
func feed(t *testing.T, script string) []int {
	t.Helper()
	var m Matcher
	var at time.Duration
	var done []int
	n := 0
	for _, word := range strings.Fields(script) {
		if gap, ok := strings.CutPrefix(word, "+"); ok {
			d, err := time.ParseDuration(gap)
			if err != nil {
				t.Fatal(err)
			}
			at += d
			continue
		}
		name, repeat := strings.CutSuffix(word, "*")
		key, err := Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		at += 100 * time.Millisecond
		n++
		var ok bool
		if m, ok = Step(m, Press{Key: key, Repeat: repeat, At: at}); ok {
			done = append(done, n)
		}
	}
	return done
}

func TestStep(t *testing.T) {
	for _, tt := range []struct {
		name, keys string
		want       int // times matched
	}{
		{"the sequence", konami, 1},
		{"a false start", "Up " + konami, 1},
		{"two false starts", "Up Up Down Down Left Right Left Right Up Up Down Down Left Right Left Right Up Up Up Up", 1},
		{"one key short", strings.TrimSuffix(konami, " Up"), 0},
		{"twice", konami + " " + konami, 2},
		{"no key counts twice", konami + " Down Down Left Right Left Right Up Up Up Up", 1},
		{"OK breaks it", "Up Up Down Down OK Left Right Left Right Up Up Up Up", 0},
		{"a digit breaks it", "Up Up Down Down Left Right 5 Left Right Up Up Up Up", 0},
		{"auto-repeat is not there", "Up Up* Up* Up Down Down* Down Left Right Left Right Up Up Up Up*  Up", 1},
		{"auto-repeat cannot complete it", "Up Up Down Down Left Right Left Right Up Up Up Up* Up*", 0},
		{"just in time", "Up Up Down +2.9s Down Left Right Left Right Up Up Up +2.9s Up", 1},
		{"too slow", "Up Up Down +2.91s Down Left Right Left Right Up Up Up Up", 0},
		{"too slow, then anew", "Up Up Down +10s " + konami, 1},
		{"holding a key buys no time", "Up Up Down +2s Down* +2s Down Left Right Left Right Up Up Up Up", 0},
		{"time goes back", "Up Up Down Down Left Right Left Right Up Up Up +-1s Up", 0},
	} {
		if got := len(feed(t, tt.keys)); got != tt.want {
			t.Errorf("%s: matched %d times, want %d", tt.name, got, tt.want)
		}
	}
}

// naive keeps every key that counted since the last match or pause, and looks
// whether the sequence is at the end.
type naive struct {
	keys []Key
	last time.Duration
}

func (n *naive) step(p Press) bool {
	if p.Repeat {
		return false
	}
	if gap := p.At - n.last; gap < 0 || gap > MaxGap {
		n.keys = nil
	}
	n.keys, n.last = append(n.keys, p.Key), p.At
	if len(n.keys) < Length || [Length]Key(n.keys[len(n.keys)-Length:]) != sequence {
		return false
	}
	n.keys = nil
	return true
}

func TestStepAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m Matcher
		var ref naive
		var at time.Duration
		// Pieces of the sequence, so that random input comes near it.
		for range rapid.IntRange(1, 30).Draw(t, "pieces") {
			from := rapid.IntRange(0, Length-1).Draw(t, "from")
			to := rapid.IntRange(from, Length).Draw(t, "to")
			piece := append([]Key{}, sequence[from:to]...)
			if rapid.IntRange(0, 3).Draw(t, "other") == 0 {
				piece = append(piece, rapid.SampledFrom(Keys()).Draw(t, "key"))
			}
			for _, k := range piece {
				if rapid.IntRange(0, 40).Draw(t, "pause") == 0 {
					at += time.Duration(rapid.Int64Range(-1e9, 4e9).Draw(t, "gap"))
				}
				at += time.Millisecond
				p := Press{Key: k, At: at, Repeat: rapid.IntRange(0, 20).Draw(t, "repeat") == 0}
				var got bool
				m, got = Step(m, p)
				if want := ref.step(p); got != want {
					t.Fatalf("Step(%v) = %v, want %v", p, got, want)
				}
			}
		}
	})
}

func TestKeyNames(t *testing.T) {
	for _, k := range Keys() {
		text, err := json.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		var back Key
		if err := json.Unmarshal(text, &back); err != nil || back != k {
			t.Errorf("Unmarshal(%s) = %v, %v; want %v", text, back, err, k)
		}
		if got, err := Parse(strings.ToLower(k.String())); err != nil || got != k {
			t.Errorf("Parse of lower-case %v = %v, %v", k, got, err)
		}
	}
	for d := range 10 {
		if got, ok := (Digit0 + Key(d)).Digit(); !ok || got != d {
			t.Errorf("Digit = %d, %v; want %d", got, ok, d)
		}
	}
	if _, ok := OK.Digit(); ok {
		t.Error("OK is a digit")
	}
}

func TestBadKeyNames(t *testing.T) {
	for _, name := range []string{"", "Sideways", "10", strings.Repeat("Up", 100), "Up "} {
		if k, err := Parse(name); !errors.Is(err, ErrKey) {
			t.Errorf("Parse(%q) = %v, %v; want ErrKey", name, k, err)
		}
	}
	for _, k := range []Key{0, 200} {
		if _, err := k.MarshalText(); !errors.Is(err, ErrKey) {
			t.Errorf("MarshalText of %v: %v, want ErrKey", k, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("Up")
	f.Add("playpause")
	f.Fuzz(func(t *testing.T, name string) {
		if k, err := Parse(name); err == nil && !strings.EqualFold(k.String(), name) {
			t.Errorf("Parse(%q) = %v", name, k)
		}
	})
}
