package web

import (
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// devices says a number of devices: "1 device", "4 devices".
func devices(n int) string { return count(n, "device", "devices") }

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// duration says how long in hours and minutes, rounded up: a bound is never
// said shorter than it is. "3 h 10 min", "25 min": no line breaks before a unit.
func duration(d time.Duration) string {
	if d <= 0 {
		return "0\u00a0min"
	}
	minutes := int((d + time.Minute - 1) / time.Minute)
	switch h, m := minutes/60, minutes%60; {
	case h == 0 && m == 1 && d < time.Minute:
		return "1\u00a0min"
	case h == 0:
		return fmt.Sprintf("%d\u00a0min", m)
	case m == 0:
		return fmt.Sprintf("%d\u00a0h", h)
	default:
		return fmt.Sprintf("%d\u00a0h %d\u00a0min", h, m)
	}
}

// spent says how long something took, to the nearest minute.
func spent(d time.Duration) string {
	if d < time.Minute {
		return "under a minute"
	}
	return duration(d.Round(time.Minute))
}

// The layouts of times as the server writes them, in UTC and labelled so. The
// script rewrites them in the reader's zone.
const (
	layoutMachine = "2006-01-02T15:04:05.000Z"
	layoutDay     = "2 Jan 2006"
)

// roundUp moves t up to a whole minute.
func roundUp(t time.Time) time.Time {
	if r := t.Truncate(time.Minute); !r.Equal(t) {
		return r.Add(time.Minute)
	}
	return t
}

// ago says how long before now t was, roughly.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < 45*time.Second:
		return "just now"
	case d < time.Hour:
		return count(max(1, int(d.Minutes()+.5)), "minute ago", "minutes ago")
	case d < 24*time.Hour:
		return count(int(d.Hours()), "hour ago", "hours ago")
	case d < 7*24*time.Hour:
		return count(int(d.Hours()/24), "day ago", "days ago")
	}
	return t.UTC().Format(layoutDay)
}

// erasedNames say what a device erased.
var erasedNames = map[protocol.Erased]string{
	protocol.ErasedProfiles:  "profiles",
	protocol.ErasedVerifiers: "PIN verifiers",
	protocol.ErasedActivity:  "viewing activity",
	protocol.ErasedSession:   "its sign-in",
	protocol.ErasedIdentity:  "its identity key",
}

// erased says what a device erased.
func erased(list []protocol.Erased) []string {
	out := make([]string, 0, len(list))
	for _, e := range list {
		if w, ok := erasedNames[e]; ok {
			out = append(out, w)
		}
	}
	return out
}

// languages are those a profile can choose on the page, by BCP 47 tag, each
// named in itself.
var languages = []struct{ Tag, Name string }{
	{"en", "English"}, {"es", "Español"}, {"de", "Deutsch"}, {"fr", "Français"},
	{"it", "Italiano"}, {"pt", "Português"}, {"nl", "Nederlands"}, {"pl", "Polski"},
	{"tr", "Türkçe"}, {"ar", "العربية"}, {"he", "עברית"}, {"hi", "हिन्दी"}, {"ja", "日本語"},
}

// languageName names a BCP 47 tag in its own language; a tag not on the list
// stands for itself.
func languageName(tag string) string {
	for _, l := range languages {
		if l.Tag == tag {
			return l.Name
		}
	}
	return tag
}

// kindWord names what a device says it is (protocol's Enrol.Kind).
func kindWord(kind string) string {
	switch kind {
	case "box":
		return "set-top box"
	case "stick":
		return "streaming stick"
	}
	return "TV"
}

// dashed puts the dash in a user code: "BCDF-GHJK".
func dashed(code string) string {
	if len(code) == protocol.UserCodeLength {
		return code[:4] + "-" + code[4:]
	}
	return code
}
