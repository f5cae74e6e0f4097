package nav

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// TestStories runs every story in testdata. A story is a text file of commands,
// one a line; "#" begins a comment, and a value with spaces stands in quotes.
//
//	world phase=active profiles="anna, ben:locked"   change what is outside, and tell nav
//	launch deep_link tide                            from outside; "remote" comes from the source
//	from relayed                                     what sends the keys from here on
//	key Up OK 7                                      press keys, 100 ms apart
//	type "text"                                      from a keyboard
//	server checking | asks mail:a•••,totp [sent= retry= tries=] | refuses credentials [wait=]
//	hold Left 5                                      a press and 5 repeats
//	pass 10s                                         time goes by, with the Ticks that were asked for
//	standby 1h                                       sleep and wake up
//	pin right|wrong|waiting|unavailable [wait= tries= since=]
//	report address=ok:192.168.1.7 name=bad [done]
//	licences name:kind:12 …                            the answer, each with so many lines
//	answer asking|done|offline|wrong|… [wait=]         what the server says to a profile
//	want screen=home focus=1/tide …                  see wants
//	effects CheckPIN{1 ben 1234} SelectProfile{ben}  all since the last "effects", but WakeAt
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			st := newStory(t)
			for i, line := range strings.Split(string(data), "\n") {
				st.at = fmt.Sprintf("%s:%d", file, i+1)
				st.run(fields(line))
			}
		})
	}
}

// fields splits a line at spaces outside of quotes, up to a comment. Quotes go.
func fields(line string) []string {
	var out []string
	var word strings.Builder
	quoted, any := false, false
	end := func() {
		if any {
			out = append(out, word.String())
		}
		word.Reset()
		any = false
	}
	for _, r := range line {
		switch {
		case r == '"':
			quoted, any = !quoted, true
		case r == '#' && !quoted && !any:
			return out
		case r == ' ' && !quoted:
			end()
		default:
			word.WriteRune(r)
			any = true
		}
	}
	end()
	return out
}

type story struct {
	t       *testing.T
	at      string
	model   Model
	world   World
	now     time.Duration
	source  Source
	effects []string
}

func newStory(t *testing.T) *story {
	return &story{
		t: t, source: Source{Local, "remote"}, now: time.Hour,
		world: World{
			Online: true, Owner: "anna@example.com", Catalog: demoCatalog(),
			TV: TV{Name: "Living room", Model: "Demo 55", Version: "1.0", Server: "tv.example.com"},
		},
	}
}

// demoCatalog is what is on in the stories.
func demoCatalog() *protocol.Catalog {
	title := func(id, name string, year, minutes, age int) parental.Title {
		t := parental.Title{ID: id, Name: name, Year: year, Minutes: minutes, Genre: "Drama", Text: "About " + name + "."}
		if age >= 0 {
			t.Age = &age
		}
		return t
	}
	return &protocol.Catalog{
		Titles: []parental.Title{
			title("kites", "The Great Kite Race", 2019, 85, 0), title("bear", "Bear Goes North", 2021, 50, 6),
			title("tide", "Low Tide", 2020, 112, 12), title("ember", "Ember", 2018, 98, 16), title("salt", "Salt", 1999, 2, 18),
			title("reel", "Unrated Reel", 0, 0, -1),
		},
		Rows: []protocol.CatalogRow{
			{Name: "New this week", Titles: []protocol.TitleID{"tide", "kites", "ember", "salt"}},
			{Name: "For grown-ups", Titles: []protocol.TitleID{"salt", "ember", "reel"}},
			{Name: "Family", Titles: []protocol.TitleID{"kites", "bear", "nosuch", "kites"}},
		},
	}
}

func (s *story) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("%s: %s", s.at, fmt.Sprintf(format, args...))
}

func (s *story) run(words []string) {
	s.t.Helper()
	if len(words) == 0 {
		return
	}
	args := words[1:]
	switch words[0] {
	case "world":
		s.changeWorld(args)
	case "from":
		s.source = Source{SourceKind(args[0]), "x"}
	case "key":
		for _, name := range args {
			s.press(name, false)
		}
	case "type":
		s.now += 100 * time.Millisecond
		s.step(Text{Text: args[0], Source: s.source, At: s.now})
	case "server":
		s.server(args)
	case "launch":
		s.launch(args)
	case "hold":
		s.press(args[0], false)
		for range s.number(args[1]) {
			s.press(args[0], true)
		}
	case "pass":
		s.pass(s.duration(args[0]))
	case "standby":
		s.now += s.duration(args[0])
		s.step(Resumed{At: s.now})
	case "pin":
		s.pin(args)
	case "report":
		s.report(args)
	case "want":
		s.wants(args)
	case "effects":
		if got, want := strings.Join(s.effects, " "), strings.Join(args, " "); got != want {
			s.fail("effects\n got  %s\n want %s", got, want)
		}
		s.effects = nil
	case "answer":
		s.answer(args)
	case "licences":
		s.licences(args)
	default:
		s.fail("unknown command %q", words[0])
	}
}

func (s *story) step(ev Event) {
	s.t.Helper()
	var effects []Effect
	s.model, effects = Step(s.model, ev)
	for _, e := range effects {
		if _, ok := e.(WakeAt); !ok {
			s.effects = append(s.effects, describe(e))
		}
	}
	if err := soundView(s.model.View()); err != nil {
		s.fail("%v", err)
	}
}

// describe writes an effect as Name{fields}, with its secrets.
func describe(e Effect) string {
	if c, ok := e.(CheckPIN); ok {
		return fmt.Sprintf("CheckPIN{%d %s %s}", c.Check, c.Profile, string(c.Digits))
	}
	switch e := e.(type) {
	case SignInWithPassword:
		return fmt.Sprintf("SignInWithPassword{%s %s}", e.Login, string(e.Password))
	case AddProfile:
		return fmt.Sprintf("AddProfile{%s %s %s kids=%v %s%s}", e.Name, e.Avatar, e.Level, e.Kids, string(e.PIN), string(e.Password))
	case EnterCode:
		return fmt.Sprintf("EnterCode{%s %s}", e.Channel, string(e.Code))
	}
	name := strings.TrimPrefix(fmt.Sprintf("%T", e), "nav.")
	v := reflect.ValueOf(e)
	if v.NumField() == 0 {
		return name
	}
	values := strings.Trim(fmt.Sprint(e), "{}")
	return name + "{" + values + "}"
}

func (s *story) press(name string, repeat bool) {
	s.t.Helper()
	k, err := keyseq.Parse(name)
	if err != nil {
		s.fail("%v", err)
	}
	s.now += 100 * time.Millisecond
	s.step(Press{Key: k, Source: s.source, Repeat: repeat, At: s.now})
}

// pass lets time go by, and sends each Tick when nav wants it.
func (s *story) pass(d time.Duration) {
	s.t.Helper()
	end := s.now + d
	for ticks := 0; s.model.wake > 0 && s.model.wake <= end; ticks++ {
		if ticks > 100_000 {
			s.fail("nav asks for Ticks without end")
		}
		s.now = s.model.wake
		s.step(Tick{At: s.now})
	}
	s.now = end
}

// server answers a password or code.
func (s *story) server(args []string) {
	s.t.Helper()
	w := SignIn{Answers: 1}
	if s.world.SignIn != nil {
		w = *s.world.SignIn
		w.Answers++
	}
	w.Checking, w.Problem, w.Wait = false, ProblemNone, 0
	switch args[0] {
	case "checking":
		w.Answers, w.Checking = w.Answers-1, true
	case "asks":
		w.Challenge = &Challenge{RetryIn: 30 * time.Second, TriesLeft: 5}
		for _, c := range strings.Split(args[1], ",") {
			kind, to, _ := strings.Cut(c, ":")
			w.Challenge.Channels = append(w.Challenge.Channels, protocol.Channel{Kind: protocol.ChannelKind(kind), To: to})
		}
	case "refuses":
		w.Problem = Problem(args[1])
	}
	for _, arg := range args[min(2, len(args)):] {
		k, v, _ := strings.Cut(arg, "=")
		switch k {
		case "wait":
			w.Wait = s.duration(v)
		case "sent":
			w.Challenge.Sent = protocol.ChannelKind(v)
		case "retry":
			w.Challenge.RetryIn = s.duration(v)
		case "tries":
			c := *w.Challenge
			c.TriesLeft, w.Challenge = s.number(v), &c
		}
	}
	s.world.SignIn, s.world.At = &w, s.now
	s.step(s.world)
}

func (s *story) pin(args []string) {
	s.t.Helper()
	ev := PINChecked{Check: s.model.checks, Outcome: Outcome(args[0]), At: s.now}
	for _, arg := range args[1:] {
		switch k, v, _ := strings.Cut(arg, "="); k {
		case "wait":
			ev.Wait = s.duration(v)
		case "tries":
			ev.Wrong = s.number(v)
		case "since":
			ev.Since = v
		case "check":
			ev.Check = s.number(v)
		default:
			s.fail("unknown %q", arg)
		}
	}
	s.step(ev)
}

func (s *story) report(args []string) {
	s.t.Helper()
	var ev NetworkReport
	for _, arg := range args {
		if arg == "done" {
			ev.Done = true
			continue
		}
		what, rest, _ := strings.Cut(arg, "=")
		result, detail, _ := strings.Cut(rest, ":")
		ev.Steps = append(ev.Steps, NetworkStep{What: NetworkCheck(what), OK: result == "ok", Detail: detail})
	}
	s.step(ev)
}

func (s *story) changeWorld(args []string) {
	s.t.Helper()
	w := &s.world
	for _, arg := range args {
		k, v, _ := strings.Cut(arg, "=")
		switch k {
		case "phase":
			w.Phase = Phase(v)
			if v == "starting" {
				w.Phase = Starting
			}
		case "profiles":
			w.Profiles = s.profiles(v)
		case "last":
			w.LastProfile = protocol.ProfileID(v)
		case "online":
			w.Online, w.OfflineSince = v == "yes", ""
			if v != "yes" && v != "no" {
				w.OfflineSince = v
			}
		case "lease":
			left, length, _ := strings.Cut(v, "/")
			w.LeaseLeft, w.LeaseLength = s.duration(left), 0
			if length != "" {
				w.LeaseLength = s.duration(length)
			}
		case "ends":
			at, left, _ := strings.Cut(v, "/")
			if w.Ends, w.EndsIn = at, 0; left != "" {
				w.EndsIn = s.duration(left)
			}
		case "over":
			w.Over = v == "yes"
		case "code":
			w.Code = &UserCode{Code: v, URI: "tv.example.com", QR: []string{"10", "01"}, ExpiresIn: 15 * time.Minute}
		case "expires":
			w.Code.ExpiresIn = s.duration(v)
		case "problem":
			w.Code = &UserCode{Problem: Problem(v)}
		case "cause":
			part := strings.Split(v, "|")
			w.Cause = &Cause{By: protocol.By(part[0]), At: part[1], Where: part[2]}
		case "wait":
			w.Waits = s.waiting(v)
		case "parental":
			w.Household.Parental = s.parental(v)
		case "library":
			w.Library = s.library(v)
		case "storage":
			w.Storage = Storage(v)
		case "account":
			w.AccountURL = v
		case "max", "addpin", "help":
			s.changeHousehold(k, v)
		case "services", "service":
			s.changeTV(k, v)
		case "without": // the title is taken off
			c := *w.Catalog
			c.Titles = nil
			for _, t := range w.Catalog.Titles {
				if t.ID != v {
					c.Titles = append(c.Titles, t)
				}
			}
			w.Catalog = &c
		case "catalog":
			w.Catalog = map[string]*protocol.Catalog{"none": nil, "empty": {}, "demo": demoCatalog(), "series": seriesCatalog()}[v]
		default:
			if !changesRemotes(k) {
				s.fail("unknown %q", arg)
			}
			s.changeRemotes(k, v)
		}
	}
	w.At = s.now
	s.step(*w)
}

// profiles reads "anna, ben:locked:pin2, mia:kids:level2". The level is 5 where
// it is not given, the PIN's version 1.
func (s *story) profiles(list string) []protocol.Profile {
	s.t.Helper()
	var out []protocol.Profile
	for _, entry := range strings.Split(list, ",") {
		words := strings.Split(strings.TrimSpace(entry), ":")
		if words[0] == "" {
			continue
		}
		p := protocol.Profile{
			ID: protocol.ProfileID(words[0]), Name: strings.ToUpper(words[0][:1]) + words[0][1:], Avatar: "fox", Level: parental.All,
		}
		for _, w := range words[1:] {
			switch {
			case w == "locked":
				p.Locked, p.PIN = true, 1
			case w == "kids":
				p.Kids = true
			case w == "main":
				p.Main = true
			case strings.HasPrefix(w, "blocked="):
				p.Blocked = titleIDs(w[8:])
			case strings.HasPrefix(w, "pin"):
				p.PIN = int64(s.number(w[3:]))
			case strings.HasPrefix(w, "level"):
				p.Level = parental.Level(s.number(w[5:]))
			default:
				s.fail("unknown %q", w)
			}
		}
		out = append(out, p)
	}
	return out
}

func (s *story) duration(v string) time.Duration {
	s.t.Helper()
	d, err := time.ParseDuration(v)
	if err != nil {
		s.fail("%v", err)
	}
	return d
}

func (s *story) number(v string) int {
	s.t.Helper()
	n, err := strconv.Atoi(v)
	if err != nil {
		s.fail("%v", err)
	}
	return n
}

// wants compares what is shown. A value that begins with "~" is to be contained.
func (s *story) wants(args []string) {
	s.t.Helper()
	v := s.model.View()
	for _, arg := range args {
		k, want, _ := strings.Cut(arg, "=")
		got, ok := shown(v, k)
		if !ok {
			s.fail("unknown %q", arg)
		}
		part, contained := strings.CutPrefix(want, "~")
		if got != want && !(contained && strings.Contains(got, part)) {
			s.fail("%s is %q, want %q", k, got, want)
		}
	}
}

// shown returns what the view shows for a word of a story.
func shown(v View, what string) (string, bool) {
	ids := func(items []Item) string {
		var out []string
		for _, it := range items {
			out = append(out, it.ID)
		}
		return strings.Join(out, " ")
	}
	switch what {
	case "screen":
		return string(v.Screen), true
	case "focus":
		return v.Focus, true
	case "title":
		return v.Title, true
	case "text":
		return strings.Join(v.Text, " / "), true
	case "toast":
		return v.Toast, true
	case "say":
		return v.Say, true
	case "items":
		return ids(v.Items), true
	case "labels":
		var out []string
		for _, it := range v.Items {
			out = append(out, strings.TrimSpace(it.Label+" "+it.Detail))
		}
		return strings.Join(out, " / "), true
	case "menu":
		return ids(v.Menu), true
	case "rows":
		var out []string
		for _, r := range v.Rows {
			out = append(out, r.Label+": "+ids(r.Items))
		}
		return strings.Join(out, "; "), true
	case "who":
		if v.Who == nil {
			return "", true
		}
		return v.Who.Label, true
	case "banner":
		if v.Banner == nil {
			return "", true
		}
		return strings.TrimSpace(v.Banner.Kind + ": " + v.Banner.Text + " " + v.Banner.Does), true
	case "link":
		if v.Link == nil {
			return "", true
		}
		return v.Link.URI + " " + strings.Join(v.Link.QR, "/"), true
	case "kids":
		return strconv.FormatBool(v.Kids), true
	case "marks":
		return marks(v.Items), true
	case "dialog":
		if v.Dialog == nil {
			return "", true
		}
		return ids(v.Dialog.Items), true
	case "asks":
		if v.Dialog == nil {
			return "", true
		}
		return v.Dialog.Title, true
	}
	return shownDetail(v, what)
}

func shownDetail(v View, what string) (string, bool) {
	pin, code, player := PIN{}, Code{}, Player{}
	if k := v.Keyboard; k != nil {
		pin = PIN{Checking: k.Checking, Wait: k.Wait, Message: k.Message}
		switch what {
		case "field":
			return k.Text, true
		case "size":
			return strconv.Itoa(k.Length), true
		case "hidden":
			return strconv.FormatBool(k.Hidden), true
		case "keys":
			var rows []string
			for _, row := range k.Keys {
				var labels []string
				for _, it := range row {
					labels = append(labels, it.Label)
				}
				rows = append(rows, strings.Join(labels, " "))
			}
			return strings.Join(rows, " / "), true
		}
	}
	if v.PIN != nil {
		pin = *v.PIN
	}
	if v.Code != nil {
		code = *v.Code
	}
	if v.Player != nil {
		player = *v.Player
	}
	switch what {
	case "entered":
		return strconv.Itoa(pin.Entered), true
	case "group":
		return strconv.FormatBool(pin.Group), true
	case "checking":
		return strconv.FormatBool(pin.Checking), true
	case "wait":
		return strconv.FormatInt(pin.Wait, 10), true
	case "message":
		return pin.Message, true
	case "code":
		return code.Text, true
	case "qr":
		return strings.Join(code.QR, "/"), true
	case "expires":
		return strconv.FormatInt(code.Expires, 10), true
	case "problem":
		return code.Problem, true
	case "position":
		return strconv.FormatInt(player.Position, 10), true
	case "length":
		return strconv.FormatInt(player.Length, 10), true
	case "paused":
		return strconv.FormatBool(player.Paused), true
	}
	return shownSettings(v, what)
}
