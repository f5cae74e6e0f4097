package catalog

import (
	"bytes"
	"errors"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
)

func TestLive(t *testing.T) {
	var l Live
	empty := func(when string) {
		t.Helper()
		if data, blob, _ := l.Document(); data != nil || blob != (protocol.Blob{}) || l.Name("a") != "" || l.Search("a", 1) != nil {
			t.Errorf("%s: there is a catalogue of %d bytes", when, blob.Size)
		}
	}
	empty("at first")
	edition := int32(0)
	one, two := []byte(`{"titles":[{"id":"a","name":"Amber"}]}`), []byte(`{"titles":[{"id":"b","name":"Amber too"}]}`)
	for _, step := range []struct {
		data    []byte
		changed bool
		id      protocol.TitleID
	}{
		{nil, false, ""}, {one, true, "a"}, {bytes.Clone(one), false, "a"}, {[]byte(" " + string(one) + "\n"), false, "a"}, {two, true, "b"}, {nil, true, ""}, {one, true, "a"},
	} {
		changed, err := l.Use(step.data)
		if step.changed {
			edition++
		}
		if _, _, number := l.Document(); number != edition {
			t.Errorf("edition %d, want %d", number, edition)
		}
		if changed != step.changed || err != nil {
			t.Errorf("Use(%s) = %t, %v, want %t", step.data, changed, err, step.changed)
		}
		if step.data == nil {
			empty("without one")
			continue
		}
		data, blob, _ := l.Document()
		found := l.Search("amber", 5)
		_, known := l.Title(step.id)
		if !bytes.Equal(data, bytes.TrimSpace(step.data)) || blob.Digest != protocol.DigestOf(data) || blob.Size != len(data) ||
			len(found) != 1 || found[0].ID != string(step.id) || l.Name(step.id) == "" || !known {
			t.Errorf("after %s: %s %v %v", step.data, data, blob, found)
		}
	}
	for _, bad := range [][]byte{[]byte(" "), bytes.Repeat([]byte(" "), MaxFile+1), append(one, '{')} {
		if changed, err := l.Use(bad); changed || !errors.Is(err, ErrBad) {
			t.Errorf("%.20s: changed %t, %v", bad, changed, err)
		}
	}
	if changed, err := l.Use([]byte("garbage")); changed || !errors.Is(err, ErrBad) || l.Name("a") == "" {
		t.Errorf("garbage: changed %t, %v", changed, err)
	}
}

// TestD6_CalledSurvivesTheOffer: what was watched keeps its name when it goes.
func TestD6_CalledSurvivesTheOffer(t *testing.T) {
	var l Live
	if got := l.Called("a"); got != "" || len(l.Names()) != 0 {
		t.Errorf("without a catalogue: %q, %v", got, l.Names())
	}
	one := `{"titles":[{"id":"a","name":"Amber"},{"id":"s","name":"Sand","kind":"series"},
		{"id":"s1","name":"Pilot","kind":"episode","series":"s","season":2,"episode":1}]}`
	for _, use := range []string{one, `{"titles":[{"id":"b","name":"Basalt"}]}`, `{"titles":[{"id":"a","name":"Amber, again"}]}`} {
		if _, err := l.Use([]byte(use)); err != nil {
			t.Fatal(err)
		}
		if use == one {
			l.Remember(l.Names())
		}
		want := map[protocol.TitleID]string{"a": "Amber", "s": "Sand", "s1": "Sand, season 2, episode 1: Pilot", "b": l.Name("b"), "c": ""}
		if l.Name("a") != "" {
			want["a"] = l.Name("a")
		}
		for id, name := range want {
			if got := l.Called(id); got != name {
				t.Errorf("%s: %s is called %q, want %q", use, id, got, name)
			}
		}
	}
}

func TestLiveSeries(t *testing.T) {
	var l Live
	doc := []byte(`{"titles":[{"id":"s","name":"Show","kind":"series"},{"id":"s-1","name":"One","kind":"episode","series":"s","season":1,"episode":1},{"id":"f","name":"Film"}]}`)
	if _, err := l.Use(doc); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[protocol.TitleID]protocol.TitleID{"s-1": "s", "s": "", "f": "", "gone": ""} {
		if got := l.Series(id); got != want {
			t.Errorf("Series(%s) = %q, want %q", id, got, want)
		}
	}
}
