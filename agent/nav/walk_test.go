package nav

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// maxView is the bound on a View in JSON.
const maxView = 64 << 10

// soundView checks what must hold for every view: soundFocus, ids are unique over
// all layers, and its JSON is bounded.
func soundView(v View) error {
	if err := soundFocus(v); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, items := range append(lists(v, 0), lists(v, 1)...) {
		for _, it := range items {
			if it.ID == "" || seen[it.ID] {
				return fmt.Errorf("view of %s: id %q is empty or not unique", v.Screen, it.ID)
			}
			seen[it.ID] = true
		}
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("view of %s: %w", v.Screen, err)
	}
	if len(data) > maxView {
		return fmt.Errorf("view of %s has %d bytes, want at most %d", v.Screen, len(data), maxView)
	}
	return nil
}

// lists returns the lists of the screen (0) or of the layers above it (1).
func lists(v View, level int) [][]Item {
	if level == 1 {
		above := [][]Item{v.Menu}
		if v.Dialog != nil {
			above = append(above, v.Dialog.Items)
		}
		return above
	}
	out := make([][]Item, 1, 1+len(v.Rows))
	out[0] = v.Items
	for _, r := range v.Rows {
		out = append(out, r.Items)
	}
	if v.Keyboard != nil {
		out = append(out, v.Keyboard.Keys...)
	}
	return out
}

// soundFocus checks that the focus names an item of the top layer that can have
// it, wherever there are such items.
func soundFocus(v View) error {
	top := lists(v, 0)
	if v.Menu != nil {
		top = [][]Item{v.Menu}
	}
	if v.Dialog != nil {
		top = [][]Item{v.Dialog.Items}
	}
	want := false
	for _, items := range top {
		want = want || first(items) != ""
		if i := indexOf(items, v.Focus); i >= 0 {
			if items[i].Info {
				return fmt.Errorf("view of %s: focus %q is only to be read", v.Screen, v.Focus)
			}
			return nil
		}
	}
	if want || v.Focus != "" {
		return fmt.Errorf("view of %s: focus %q is not an item", v.Screen, v.Focus)
	}
	return nil
}

// walker turns bytes into events, feeds them to a Model, and checks after every
// step what must hold whatever happens.
type walker struct {
	model    Model
	world    World
	now      time.Duration
	asked    map[int]ask // PIN checks by number
	playing  bool
	entered  map[protocol.ProfileID]int // how often each profile was entered
	screens  map[Screen]int
	dialogs  map[dialog]int
	added    map[proof]int // profiles that were asked for, by what was proved
	hostile  *protocol.Catalog
	welcomes int
	typed    map[field]int // what was sent from each field
	play     playWalk
}

// ask is a PIN check, with the version of the PIN that was shown to be asked for.
type ask struct {
	profile protocol.ProfileID
	pin     int64
}

func newWalker() *walker {
	return &walker{
		world: World{Online: true, Catalog: demoCatalog(), Service: "two", Services: []Service{
			{ID: "one", Name: strings.Repeat("<", 300)}, {ID: "two", Name: "Two"}, {ID: "\x00", Name: "none"}, {ID: "three"}}},
		asked:   map[int]ask{},
		entered: map[protocol.ProfileID]int{},
		screens: map[Screen]int{},
		dialogs: map[dialog]int{}, typed: map[field]int{}, added: map[proof]int{},
		hostile: hostileCatalog(), play: newPlayWalk(),
	}
}

// walk takes three bytes for each event.
func (w *walker) walk(data []byte, everyJSON int) error {
	for i := 0; i+2 < len(data); i += 3 {
		if data[i] == 255 { // the whole key sequence
			for _, k := range wholeSequence {
				if err := w.step(Press{Key: k, Source: Source{Kind: Local, ID: "sequence"}, At: w.now}, false); err != nil {
					return fmt.Errorf("event %d, in the sequence: %w", i/3, err)
				}
			}
			continue
		}
		ev := w.event(data[i], data[i+1], data[i+2])
		if err := w.step(ev, i/3%everyJSON == 0); err != nil {
			return fmt.Errorf("event %d, %+v: %w", i/3, ev, err)
		}
	}
	return nil
}

// step takes one step and checks it; with whole, also the view's JSON.
func (w *walker) step(ev Event, whole bool) error {
	before := w.model
	after, effects := Step(before, ev)
	w.model = after
	v := after.View()
	w.screens[v.Screen]++
	w.dialogs[after.dialog]++
	err := soundFocus(v)
	if err == nil && whole {
		err = soundView(v)
	}
	if err == nil {
		err = w.check(before, ev, v, effects)
	}
	if err == nil {
		err = w.checkPlay(before, ev, v, effects)
	}
	if err == nil && whole {
		err = leadsOut(after)
	}
	return err
}

var wholeSequence = []keyseq.Key{
	keyseq.Up, keyseq.Up, keyseq.Down, keyseq.Down, keyseq.Left, keyseq.Right,
	keyseq.Left, keyseq.Right, keyseq.Up, keyseq.Up, keyseq.Up, keyseq.Up,
}

// event makes an event: mostly keys, as people press them.
func (w *walker) event(kind, a, b byte) Event {
	w.now += time.Duration(b) * 10 * time.Millisecond
	switch {
	case kind < 8:
		return w.changeWorld(a, b)
	case kind < 20:
		outcomes := []Outcome{PINRight, PINRight, PINWrong, PINWaiting, PINUnavailable, "later"}
		return PINChecked{
			Check: w.model.checks - int(b)%8/6, Outcome: outcomes[int(a)%len(outcomes)],
			Wait: time.Duration(b%4) * time.Second, Wrong: int(b) % 3, At: w.now,
		}
	case kind < 26:
		w.now += time.Duration(a) * time.Second
		return Tick{At: w.now}
	case kind == 26:
		w.now += time.Duration(a) * time.Minute
		return Resumed{At: w.now}
	case kind == 27:
		texts := []string{"hedgehog@example.com", "hedgehog", "1", "12345", "\x00\xff \u202e", strings.Repeat("é", 300), "@gmail.com"}
		return Text{Text: texts[int(a)%len(texts)], Source: Source{Kind: []SourceKind{Local, Guest, Relayed, ECP}[b%4]}, At: w.now}
	case kind == 28:
		return w.changeHousehold(a, b)
	case kind == 29:
		w.now = w.model.now // it comes without a time
		return NetworkReport{Steps: make([]NetworkStep, a), Done: b%2 == 0}
	case kind == 30:
		return w.launch(a, b)
	case kind == 31:
		return w.changeLibrary(a, b)
	case kind == 32:
		return w.changeParental(a, b)
	case kind == 33:
		w.world.Remotes, w.world.At = hostileRemotes(a, b), w.now
		return w.world
	case w.model.inSettings() && kind%4 == 1, w.model.inSettings() && w.model.settings.section == allRemotes && kind%2 == 0: // on to all there is
		return Press{Key: []keyseq.Key{keyseq.Down, keyseq.Down, keyseq.OK}[a%3], Source: Source{Kind: Local}, At: w.now}
	case w.model.inSettings() && w.model.settings.section == allLicences && kind%3 == 0:
		w.now = w.model.now
		return hostileLicences(a, b)
	case kind > 33 && kind < 120 && w.model.phase() == Active:
		return w.towards(a, b)
	}
	kinds := []SourceKind{Local, Local, Local, Local, Local, Paired, Guest, Relayed, ECP}
	p := Press{Key: keyseq.Key(a) % 22, Source: Source{Kind: kinds[b%8]}, Repeat: b%11 == 0, At: w.now}
	if kind > 120 { // towards something: OK and Right
		p.Key = []keyseq.Key{keyseq.OK, keyseq.OK, keyseq.Right, keyseq.Down, keyseq.Digit1}[a%5]
	}
	return p
}

// hostileLicences are as many and as long as nobody would write them.
func hostileLicences(a, b byte) Licences {
	out := make([]Licence, int(a)%250)
	for i := range out {
		out[i] = Licence{
			Name: strings.Repeat("<\x00", int(b)), Kind: strings.Repeat("&", int(b)),
			Text: strings.Repeat("\xff<\u2028 word\n\n", int(b)*i%900) + strings.Repeat("<", int(a)*20),
		}
	}
	return Licences{out}
}

// changeWorld changes one thing outside.
func (w *walker) changeWorld(a, b byte) World {
	phases := []Phase{Active, Active, Active, Active, SignedOut, Enrolling, LeaseEnded, Stolen, Deactivated, Update, Starting}
	switch a % 8 {
	case 0:
		w.world.Phase = phases[int(b)%len(phases)]
	case 1:
		w.world.Profiles = nil
		for i := range (b + 1) % 8 {
			w.world.Profiles = append(w.world.Profiles, protocol.Profile{
				ID: protocol.ProfileID(rune('a' + i)), Name: "P" + itoa(int(i)), Level: parental.Level(int(b)+int(i)) % 7,
				Locked: (b>>i)&1 == 0, PIN: int64(b % 3), Kids: i == 2, Main: i == 0,
			})
			if b%3 == 0 {
				w.world.Profiles[i].Blocked = someTitles(b + i)
			}
		}
	case 2:
		w.world.Catalog = []*protocol.Catalog{demoCatalog(), seriesCatalog(), seriesCatalog(), nil, hostileSeries(), w.hostile, {}, w.world.Catalog}[b%8]
	case 3:
		w.world.Online, w.world.LeaseLeft = b%2 == 0, time.Duration(b)*time.Hour
		if b%4 == 0 {
			w.world.LeaseLeft = time.Duration(b) * time.Minute / 8
		}
	case 4:
		w.world.Waits = []Wait{{Profile: protocol.ProfileID(rune('a' + b%7)), Left: time.Duration(b) * time.Second}}
	case 5:
		problems := []Problem{ProblemNone, ProblemNone, ProblemRefused, ProblemOffline, "later"}
		w.world.Code = &UserCode{Code: "BCDFGHJK", ExpiresIn: time.Duration(b) * time.Second, Problem: problems[b%5]}
	case 6:
		causes := []*Cause{nil, {By: protocol.ByOwner}, {By: protocol.ByThisTV}, {By: "later"}}
		w.world.Cause, w.world.LastProfile = causes[b%4], protocol.ProfileID(rune('a'+b%7))
	case 7:
		if w.world.Phase = Active; w.welcomes%4 == 0 { // a part of the walk is about signing in
			w.world.Phase = Enrolling
		}
		w.welcomes++
	}
	if a >= 128 && w.world.Phase == Enrolling {
		w.changeSignIn(b)
	}
	w.world.At = w.now
	return w.world
}

// changeSignIn answers a password or code, whether there was one or not.
func (w *walker) changeSignIn(b byte) {
	s := SignIn{}
	if w.world.SignIn != nil {
		s = *w.world.SignIn
	}
	problems := []Problem{ProblemNone, ProblemNone, ProblemCredentials, ProblemWait, ProblemCode, ProblemCodeExpired, ProblemOver, ProblemUserCode, ProblemOffline, "later"}
	s.Checking = b%9 == 0
	if !s.Checking {
		s.Answers++
		s.Problem, s.Wait = problems[int(b)%len(problems)], time.Duration(b%3)*10*time.Second
	}
	kinds := []protocol.ChannelKind{protocol.ChannelMail, protocol.ChannelSMS, protocol.ChannelTOTP, protocol.ChannelRecovery, "later", protocol.ChannelMail}
	if s.Challenge = nil; b%4 > 0 {
		s.Challenge = &Challenge{RetryIn: time.Duration(b%5) * 10 * time.Second, TriesLeft: int(b) % 6, Sent: kinds[int(b)%6]}
		for i := range int(b) % 6 {
			s.Challenge.Channels = append(s.Challenge.Channels, protocol.Channel{Kind: kinds[i], To: strings.Repeat("<•", int(b))})
		}
	}
	w.world.SignIn = &s
}

// hostileCatalog is as large and odd as a server could send it.
func hostileCatalog() *protocol.Catalog {
	c := &protocol.Catalog{}
	zero := 0
	for i := range 400 {
		id := strings.Repeat("<", i%70) + itoa(i)
		c.Titles = append(c.Titles, parental.Title{
			ID: id, Name: strings.Repeat("\x00<\u2028\xff&", 200), Genre: strings.Repeat("\"", 500), Text: strings.Repeat("<>", 5000), Age: &zero,
		})
		row := protocol.CatalogRow{Name: strings.Repeat("<", 300) + itoa(i)}
		for range 50 {
			row.Titles = append(row.Titles, protocol.TitleID(id))
		}
		c.Rows = append(c.Rows, row, protocol.CatalogRow{Name: itoa(i), Titles: []protocol.TitleID{protocol.TitleID(id), "1", "2", "3"}})
	}
	return c
}

// check holds the step against the rules of the product.
func (w *walker) check(before Model, ev Event, v View, effects []Effect) error {
	was, is := before.Watching(), w.model.Watching()
	p, known := findProfile(w.world.Profiles, is)
	switch {
	case is == "":
	case w.world.Phase != Active || !known:
		return fmt.Errorf("profile %q is open in phase %q, known %v", is, w.world.Phase, known)
	case is != was && p.Locked && !w.proved(ev, p):
		return fmt.Errorf("the locked profile %q was opened without its PIN", is)
	case is == was && p.Locked && w.lockedAnew(before, p):
		return fmt.Errorf("profile %q stays open though it was locked anew", is)
	}
	if is != was && is != "" {
		w.entered[is]++
	}
	if err := errors.Join(checkTyping(w.model, v), checkDraft(w.model, v), checkRemotes(before, w.model, ev, v, effects)); err != nil {
		return err
	}
	if is == "" && (len(v.Rows) > 0 || v.Player != nil || v.Screen == ScreenTitle || w.model.place == atSettings) {
		return fmt.Errorf("screen %q without a profile", v.Screen)
	}
	return w.checkEffects(ev, effects)
}

// checkTyping holds what is shown of what is typed against the rules.
func checkTyping(m Model, v View) error {
	t := m.typing
	if (v.Keyboard != nil) != m.isTyping() {
		return fmt.Errorf("screen %s: keyboard %v", v.Screen, v.Keyboard != nil)
	}
	if t.at.ofProfile() {
		return checkDraftTyping(m, v)
	}
	if t.at == atQuery && (!m.searching() || m.watching.id == "") {
		return fmt.Errorf("the search is kept after it was left: %+v", t)
	}
	if t.at != atPassword && t.password != "" || t.at != atCode && t.code != "" || t.at == noField && t.email != "" {
		return fmt.Errorf("kept after it was left: %+v", t)
	}
	if m.world.Phase != Enrolling && m.world.Phase != SignedOut && m.world.Phase != Deactivated && t.at != noField && t.at != atQuery && !t.at.ofProfile() {
		return fmt.Errorf("typing in phase %q", m.world.Phase)
	}
	k := v.Keyboard
	if k == nil {
		return nil
	}
	wide := 0
	for i, row := range k.Keys {
		sum := 0
		for _, it := range row {
			sum += it.Wide
		}
		if i > 0 && sum != wide {
			return fmt.Errorf("row %d of %s is %d wide, the one before %d", i, v.Screen, sum, wide)
		}
		wide = sum
	}
	secret := t.at == atPassword || t.at == atCode && !t.channel.Digits()
	if secret && !t.shown && (k.Text != "" || !k.Hidden) || k.Length > t.room() {
		return fmt.Errorf("a secret shows on %s: %q, %d", v.Screen, k.Text, k.Length)
	}
	return nil
}

// proved reports whether ev is the right answer to a check of p's present PIN.
func (w *walker) proved(ev Event, p protocol.Profile) bool {
	answer, ok := ev.(PINChecked)
	return ok && answer.Outcome == PINRight && w.asked[answer.Check] == ask{p.ID, p.PIN}
}

// lockedAnew reports whether p had no lock, or another PIN, a step before.
func (w *walker) lockedAnew(before Model, p protocol.Profile) bool {
	old, _ := findProfile(before.world.Profiles, p.ID)
	return !old.Locked || old.PIN != p.PIN
}

func (w *walker) checkEffects(ev Event, effects []Effect) error {
	for _, e := range effects {
		switch e := e.(type) {
		case CheckPIN:
			version, locked := w.model.lockOf(e.Profile)
			if len(e.Digits) != 4 || !locked || w.asked[e.Check] != (ask{}) {
				return fmt.Errorf("a strange check: %+v", e)
			}
			if p, ok := ev.(Press); !ok || !p.Source.trusted() {
				return fmt.Errorf("a PIN entered by %+v", ev)
			}
			if w.model.waitLeft(e.Profile) > 0 {
				return fmt.Errorf("PIN of %q checked while it waits", e.Profile)
			}
			w.asked[e.Check] = ask{e.Profile, version}
		case StartTitle:
			if w.playing {
				return fmt.Errorf("%+v while another plays", e)
			}
			w.playing = true
		case StopTitle:
			if !w.playing {
				return fmt.Errorf("%+v, but nothing plays", e)
			}
			w.playing = false
		case SignInWithPassword:
			if w.world.Phase == Active || !likeLogin(e.Login) || e.Password == "" || w.model.typing.at != atPassword || w.model.waitLeftToSignIn() > 0 {
				return fmt.Errorf("a strange password for %q: %+v", e.Login, w.model.typing)
			}
			w.typed[atPassword]++
		case EnterCode:
			if e.Code == "" || e.Channel == "" || w.model.waitLeftToSignIn() > 0 || w.model.typing.at != atCode {
				return fmt.Errorf("a strange code: %+v", w.model.typing)
			}
			w.typed[atCode]++
		case AddProfile, EditProfile:
			if err := w.checkProfileEffect(ev, e); err != nil {
				return err
			}
		case SignOutHere, Deactivate:
			if p, ok := ev.(Press); !ok || !p.Source.trusted() || p.Key != keyseq.OK || p.Repeat {
				return fmt.Errorf("%T by %+v", e, ev)
			}
		}
	}
	if _, is := w.model.Playing(); is != w.playing {
		return fmt.Errorf("playing is %v, but the effects say %v", is, w.playing)
	}
	return nil
}

// keys is how many events a random walk has, for longer ones than every test run
// has time for: go test ./agent/nav -run RandomWalk -keys 3000000
var (
	keys = flag.Int("keys", 150_000, "events of the random walk")
	seed = flag.Uint64("seed", 0, "its first seed")
)

// TestRandomWalk presses many keys, in several households.
func TestRandomWalk(t *testing.T) {
	entered, screens, dialogs, typed, added := map[protocol.ProfileID]int{}, map[Screen]int{}, map[dialog]int{}, map[field]int{}, map[proof]int{}
	started, seen := map[parental.Path]int{}, map[string]int{}
	for walk := range uint64(5) {
		random := rand.New(rand.NewPCG(*seed+walk, 2))
		w := newWalker()
		data := make([]byte, 3**keys/5)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		if err := w.walk(data, 64); err != nil {
			t.Fatalf("seed %d: %v", *seed+walk, err)
		}
		for p, n := range w.entered {
			entered[p] += n
		}
		for s, n := range w.screens {
			screens[s] += n
		}
		for f, n := range w.typed {
			typed[f] += n
		}
		for d, n := range w.dialogs {
			dialogs[d] += n
		}
		for p, n := range w.added {
			added[p] += n
		}
		for p, n := range w.play.started {
			started[p] += n
		}
		for k, n := range w.play.seen {
			seen[k] += n
		}
	}
	t.Logf("profiles entered: %v; screens seen: %v; dialogs: %v; sent: %v; added: %v", entered, screens, dialogs, typed, added)
	t.Logf("titles started: %v; seen: %v", started, seen)
	for _, path := range parental.Paths() {
		if started[path] == 0 {
			t.Errorf("the walk never played by %q", path)
		}
	}
	for _, what := range []string{"parental PIN", "asked for the parental PIN", "listed", sentence(msgContinue), sentence(msgMyList), "suggestion"} {
		if seen[what] == 0 {
			t.Errorf("the walk never came to %q", what)
		}
	}
	if len(added) < 3 {
		t.Errorf("the walk added no profile in some way: %v", added)
	}
	if typed[atPassword] == 0 || typed[atCode] == 0 {
		t.Errorf("the walk sent %d passwords and %d codes", typed[atPassword], typed[atCode])
	}
	for d := sequenceDialog; d <= ecpDialog; d++ {
		if dialogs[d] == 0 {
			t.Errorf("the walk never opened dialog %d", d)
		}
	}
	for _, s := range draftPlaces {
		if screens[s] == 0 {
			t.Errorf("the walk never came to %q", s)
		}
	}
	for _, s := range append(append(placeScreens[:], sectionScreens[:]...), ScreenStarting, ScreenWelcome, ScreenCode, ScreenEmail, ScreenPassword, ScreenAccessCode, ScreenNetwork, ScreenPairRole, ScreenPairing, ScreenLeaseEnded,
		ScreenSignedOut, ScreenDeactivated, ScreenStolen, ScreenUpdate) {
		if screens[s] == 0 {
			t.Errorf("the walk never came to %q", s)
		}
	}
}

func FuzzKeys(f *testing.F) {
	f.Add([]byte{0, 7, 0, 0, 1, 5, 200, 0, 0, 200, 4, 0, 200, 4, 0, 200, 4, 0, 200, 4, 0, 9, 0, 0})
	household := []byte{0, 7, 0, 0, 7, 0, 0, 1, 9, 0, 2, 1, 32, 1, 12, 31, 5, 77} // active, profiles, series, a parental PIN, a library
	for seed := range byte(4) {
		for i := range 120 {
			household = append(household, 50, byte(i*7)+seed*31, byte(i*13)) // towards something to play
		}
		f.Add(household)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 3*500 {
			return
		}
		if err := newWalker().walk(data, 16); err != nil {
			t.Fatal(err)
		}
	})
}
