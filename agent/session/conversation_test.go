package session

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

// TestConversations replays the files in testdata. A line that begins with
// "> " is an event; the lines after it are what the machine answered, one
// effect each, and the phase where it changed.
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if d := cmp.Diff(string(want), got); d != "" && !*update {
				t.Errorf("conversation (-want +got):\n%s", d)
			}
		})
	}
}

// replay returns the conversation with the answers that the machine gives.
func replay(t *testing.T, text string) string {
	v := newTalker(t)
	var out strings.Builder
	for line := range strings.Lines(text) {
		event, ok := strings.CutPrefix(line, "> ")
		if ok {
			out.WriteString(line)
			for _, answer := range v.event(strings.Fields(event)) {
				out.WriteString(answer + "\n")
			}
		} else if strings.HasPrefix(line, "#") || line == "\n" {
			out.WriteString(line)
		}
	}
	return out.String()
}

// talker turns the words of a conversation into events, and effects into words.
type talker struct {
	t       *testing.T
	config  Config
	model   Model
	now     Now
	boots   int
	entropy int
	vault   []byte
	held    Held
	server  *authority
	conn    uint64
	ask     protocol.Bytes  // of the last frame that had one
	proof   protocol.Digest // of the last proof sent
	applied []CacheApplied
	pins    []PinsStored
	docs    map[string][]byte
	down    bool // no network: dials fail at once, and are not shown
	phase   string
	lines   []string
}

func newTalker(t *testing.T) *talker {
	return &talker{
		t: t, config: testConfig("tv"), server: newAuthority("tv.example.com"),
		now: at("boot0", time.Hour, noon2026), docs: make(map[string][]byte), vault: []byte("{}"),
	}
}

func (v *talker) event(words []string) []string {
	v.lines = nil
	rest := words[1:]
	switch words[0] {
	case "boot":
		v.boots++
		v.now.Boot, v.now.Running = fmt.Sprintf("boot%d", v.boots), 10*time.Second
		v.start()
	case "start":
		v.start()
	case "wait":
		v.wait(v.duration(rest[0]))
	case "sleep":
		v.pass(v.duration(rest[0]))
		v.step(Tick{})
	case "wall":
		v.now.Wall += int64(v.duration(rest[0]) / time.Millisecond)
		v.step(Tick{})
	case "network":
		v.down = rest[0] == "down"
	case "connected":
		v.connect()
	case "server": // another one, at the same address
		v.server = newAuthority(rest[0])
	case "status":
		v.showStatus()
	default:
		v.step(v.what(words[0], rest))
	}
	v.showPhase()
	return v.lines
}

func (v *talker) start() {
	var saved Saved
	if err := json.Unmarshal(v.vault, &saved); err != nil {
		v.t.Fatal(err)
	}
	v.model = New(v.config)
	v.step(Start{Saved: saved, Held: v.held})
}

func (v *talker) step(w What) {
	v.entropy++
	var effects []Effect
	v.model, effects = Step(v.model, Event{Now: v.now, Entropy: testEntropy(v.entropy), Unsent: 2, What: w})
	if !v.model.erasing {
		v.held = v.model.cache.held
	}
	dials := false
	for _, e := range effects {
		line := v.effect(e)
		if _, ok := e.(Dial); ok && v.down {
			dials = true
		} else {
			v.lines = append(v.lines, line)
		}
	}
	if dials {
		v.step(Closed{Conn: v.conn})
	}
}

// connect waits for the next dial, where none is under way, and answers it.
func (v *talker) connect() {
	for range 1000 {
		if v.model.line.stage == dialing {
			v.step(Connected{v.conn})
			return
		}
		v.wait(max(v.model.Wake()-v.now.Running, time.Millisecond))
	}
	v.t.Fatal("never dialed")
}

func (v *talker) pass(d time.Duration) {
	v.now.Running += d
	v.now.Wall += int64(d / time.Millisecond)
}

// wait lets time pass, with a Tick whenever one is due.
func (v *talker) wait(d time.Duration) {
	for end := v.now.Running + d; v.now.Running < end; {
		v.pass(min(v.model.Wake(), end) - v.now.Running)
		before := len(v.lines)
		v.step(Tick{})
		if len(v.lines) > before {
			v.lines = append(v.lines, fmt.Sprintf("  after %s", (d-(end-v.now.Running)).Round(time.Second)))
		}
	}
}

func (v *talker) duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		v.t.Fatal(err)
	}
	return d
}

// what makes the event that a word names.
func (v *talker) what(word string, rest []string) What {
	simple := map[string]What{
		"tick": Tick{}, "signin": SignIn{}, "cancel": CancelSignIn{}, "signout": SignOutHere{}, "deactivate": Deactivate{},
		"startover": StartOver{}, "tryagain": TryAgain{}, "oldclosed": Closed{Conn: v.conn - 1},
		"erased": Erased{}, "vaultfailed": VaultFailed{fmt.Errorf("disk full")},
	}
	if w, ok := simple[word]; ok {
		return w
	}
	switch a := arguments(rest); word {
	case "lost":
		v.applied = nil
		return CacheLost{Err: errDigest}
	case "newidentity":
		v.config.Identity = IdentityOf(keyFrom("another tv"))
		return Erased{New: &v.config.Identity}
	case "closed":
		return Closed{Conn: v.conn, Code: protocol.Code(a.number("code", 0)), RetryAfter: time.Duration(a.number("retry", 0)) * time.Millisecond}
	case "applied":
		w := v.applied[0]
		v.applied = v.applied[1:]
		return w
	case "pinsstored":
		w := v.pins[0]
		v.pins = v.pins[1:]
		return w
	case "profile":
		return ProfileSelected{protocol.ProfileID(rest[0])}
	case "password":
		return SignInWithPassword{a.text("login", "anna@example.com"), protocol.Secret(a.text("is", "correct horse"))}
	case "choose":
		return ChooseChannel{protocol.ChannelKind(rest[0])}
	case "enter":
		return EnterCode{protocol.ChannelKind(rest[0]), protocol.Secret(rest[1])}
	case "activity":
		return ActivityReady{testActivity(rest)}
	case "tries":
		return PINsTried{testTries(rest)}
	case "counts_kept":
		return CountsKept{Epoch: v.model.saved.Epoch, Number: a.number("number", 0)}
	case "library_kept":
		return LibraryKept{Epoch: v.model.saved.Epoch, Number: a.number("number", 0)}
	case "add_profile":
		return AddProfile{
			Name: a.text("name", "Ada"), Avatar: "owl", Level: parental.Level(a.number("level", 3)),
			PIN: protocol.Secret(a["pin"]), Password: protocol.Secret(a["password"]),
		}
	case "edit_profile":
		return EditProfile{Profile: "p", Name: a.text("name", "Ada"), Avatar: "owl"}
	default:
		return Received{v.conn, v.frame(word, a)}
	}
}

// testActivity makes items of numbers; "3listed" is a title put on a list.
func testActivity(seqs []string) []protocol.ActivityItem {
	var items []protocol.ActivityItem
	for _, s := range seqs {
		number, listed := strings.CutSuffix(s, "listed")
		n, _ := strconv.ParseInt(number, 10, 64)
		it := protocol.ActivityItem{Seq: n, Profile: "p", Title: "t", What: protocol.Started, At: 1}
		if listed {
			it.What = protocol.Listed
		}
		items = append(items, it)
	}
	return items
}

// testTries makes counts of words like "p:3" or, of version 2 of a PIN, "p2:3".
func testTries(words []string) []protocol.PINTry {
	var tries []protocol.PINTry
	for _, w := range words {
		name, n, _ := strings.Cut(w, ":")
		t := protocol.PINTry{Profile: protocol.ProfileID(name[:1]), PIN: 1, At: 1}
		if len(name) > 1 {
			t.PIN, _ = strconv.ParseInt(name[1:], 10, 64)
		}
		t.Wrong, _ = strconv.Atoi(n)
		tries = append(tries, t)
	}
	return tries
}

func triesLine(tries []protocol.PINTry) string {
	var line string
	for _, t := range tries {
		line += fmt.Sprintf(" %s%d:%d", t.Profile, t.PIN, t.Wrong)
	}
	return line
}

// args are the key=value words of an event.
type args map[string]string

func arguments(words []string) args {
	a := make(args)
	for _, w := range words {
		k, value, _ := strings.Cut(w, "=")
		a[k] = value
	}
	return a
}

func (a args) text(k, otherwise string) string {
	if s, ok := a[k]; ok {
		return s
	}
	return otherwise
}

func (a args) number(k string, otherwise int64) int64 {
	n, err := strconv.ParseInt(a.text(k, ""), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

// frame makes the server's frame that a word names.
func (v *talker) frame(word string, a args) protocol.Frame {
	signer := *v.server
	if kid, ok := a["key"]; ok {
		signer.rotate(kid)
	}
	switch word {
	case "hello":
		return protocol.Hello{Nonce: make([]byte, 32), Cap: protocol.Capability(a.number("cap", 2)), Server: a.text("server", v.server.name)}
	case "user_code":
		return protocol.UserCode{Code: "BCDFGHJK", URI: "http://localhost/tv", ExpiresIn: a.number("expires", 900)}
	case "enrolled":
		root := public(v.server.root)
		if a["root"] != "" {
			root = public(keyFrom(a["root"]))
		}
		return protocol.Enrolled{
			Device: v.config.Identity.Device, Account: "a1", Epoch: protocol.Epoch(a.number("epoch", 1)),
			Root: root, Keys: v.server.keys(1),
		}
	case "state":
		return protocol.State{JWS: signer.sign(a.text("typ", protocol.TypState), v.claims(a))}
	case "still":
		c := protocol.StillClaims{
			Device: protocol.DeviceID(a.text("device", string(v.config.Identity.Device))),
			Epoch:  protocol.Epoch(a.number("epoch", 1)), Version: protocol.Version(a.number("version", 1)),
			Issued: protocol.Millis(v.now.Wall), Lease: a.number("lease", 28800), Ask: v.n(a),
		}
		return protocol.Still{JWS: signer.sign(protocol.TypStill, c)}
	case "part":
		p := parts(v.docs[a.text("of", "")])[a.number("i", 0)].(protocol.Part)
		if _, ok := a["damaged"]; ok {
			p.Data = make(protocol.Bytes, len(p.Data))
		}
		return p
	case "pins":
		return protocol.Pins{JWS: signer.sign(protocol.TypPins, protocol.PinsClaims{
			Device: v.config.Identity.Device, Epoch: protocol.Epoch(a.number("epoch", 1)), Version: a.number("version", 1),
		})}
	case "keys":
		return protocol.Keys{JWS: signer.keys(a.number("number", 2))}
	case "receipt_ack":
		return protocol.ReceiptAck{Digest: v.proof}
	case "activity_ack":
		return protocol.ActivityAck{Through: a.number("through", 0)}
	case "pin_counts":
		f := protocol.PINCounts{Number: a.number("number", 1)}
		if of := a["of"]; of != "" {
			f.Counts = testTries(strings.Split(of, ","))
		}
		return f
	case "library":
		_, last := a["last"]
		return protocol.Library{
			Number: a.number("number", 1), Profile: protocol.ProfileID(a.text("profile", "p")),
			List: []protocol.TitleID{protocol.TitleID(a.text("title", "t"))}, Last: last,
		}
	case "profile_answer":
		return protocol.ProfileAnswer{N: a.number("n", 1), Refusal: protocol.ProfileRefusal(a["refusal"]), RetryAfter: a.number("retry", 0)}
	case "code_needed":
		return protocol.CodeNeeded{
			Challenge: protocol.ChallengeID(a.text("challenge", "c1")), Sent: protocol.ChannelKind(a["sent"]),
			Channels: []protocol.Channel{{Kind: protocol.ChannelMail, To: "a•••@example.com"}, {Kind: protocol.ChannelTOTP}},
			RetryIn:  30, TriesLeft: int(a.number("tries", 5)), ExpiresIn: a.number("expires", 3600),
		}
	case "sign_in_refused":
		return protocol.SignInRefused{
			Reason: protocol.Refusal(a.text("reason", "credentials")), RetryAfter: a.number("retry", 0), TriesLeft: int(a.number("tries", 0)),
		}
	case "error":
		return protocol.Error{Code: protocol.Code(a.number("code", 11)), RetryAfter: a.number("retry", 0)}
	}
	v.t.Fatalf("unknown event %q", word)
	return nil
}

func (v *talker) n(a args) protocol.Bytes {
	if _, ok := a["n"]; ok {
		return v.ask
	}
	return make(protocol.Bytes, 32)
}

func (v *talker) claims(a args) protocol.StateClaims {
	c := protocol.StateClaims{
		Device: protocol.DeviceID(a.text("device", string(v.config.Identity.Device))), Account: protocol.AccountID(a.text("account", "a1")),
		Epoch: protocol.Epoch(a.number("epoch", 1)), Status: protocol.Status(a.text("status", "active")),
		Version: protocol.Version(a.number("version", 1)), Issued: protocol.Millis(v.now.Wall),
		Lease: a.number("lease", 28800), Ask: v.n(a), Pins: a.number("pins", 0), Keys: a.number("keys", 1),
	}
	if by := a["by"]; by != "" {
		c.Cause = &protocol.Cause{By: protocol.By(by), At: c.Issued}
	}
	if ends := a["ends"]; ends != "" {
		c.Ends = c.Issued + protocol.Millis(v.duration(ends)/time.Millisecond)
	}
	c.Snapshot, c.Catalog = v.document(a["snapshot"]), v.document(a["catalog"])
	return c
}

// document makes the document that "name:size" names.
func (v *talker) document(s string) *protocol.Blob {
	name, size, ok := strings.Cut(s, ":")
	if !ok {
		return nil
	}
	n, _ := strconv.Atoi(size)
	blob, data := testDocument(name, n)
	v.docs[name] = data
	return blob
}
