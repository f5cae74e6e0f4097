package agent

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/pin"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

const (
	robin = protocol.ProfileID("p-robin") // locked with robinPIN
	kids  = protocol.ProfileID("p-kids")

	robinPIN = "0042"
	account  = protocol.AccountID("a-1")
)

// fakeServer speaks the server's side of the protocol for one device. It
// approves every enrolment at once, or where asks is set after password and code.
type fakeServer struct {
	t    *testing.T
	http *httptest.Server
	root ed25519.PrivateKey
	key  ed25519.PrivateKey

	mu       sync.Mutex // guards what follows
	device   ed25519.PublicKey
	epoch    protocol.Epoch
	status   protocol.Status
	version  protocol.Version
	pin      string
	pinVer   int64
	conn     *websocket.Conn
	program  string // what the device says that it is
	asks     bool
	unlocks  int64                   // of Robin's PIN
	ends     protocol.Millis         // the end date; 0: none
	parental string                  // the parental PIN; "" for none
	others   protocol.PINCounts      // what other devices count
	library  []protocol.Library      // the newest, as frames
	refusal  protocol.ProfileRefusal // of what is asked about profiles
	silent   bool                    // such questions are not answered
	nonces   map[string]int64        // connection numbers by device, to notice clones
	clones   int
	enrol    protocol.Enrol
	receipts chan protocol.ReceiptClaims
	here     chan protocol.SignedOutHereClaims
	activity chan protocol.ActivityItem
	tries    chan []protocol.PINTry
	profiles chan protocol.Frame // AddProfile and EditProfile
	plays    chan protocol.Frame // Play and PlayEnd
	remotes  chan protocol.Remotes
	relayed  chan protocol.RelayState
	refused  protocol.PlayRefusal
	grants   int

	tooOld    bool   // this agent is refused
	mute      bool   // activity is not acknowledged
	onReceipt func() // called with each receipt, before it is acknowledged; nil: nothing
}

func newFakeServer(t *testing.T) *fakeServer {
	s := &fakeServer{
		t: t, status: protocol.Active, version: 1, pin: robinPIN, pinVer: 1,
		receipts: make(chan protocol.ReceiptClaims, 64),
		here:     make(chan protocol.SignedOutHereClaims, 64),
		activity: make(chan protocol.ActivityItem, 64),
		tries:    make(chan []protocol.PINTry, 1024),
		profiles: make(chan protocol.Frame, 64),
		plays:    make(chan protocol.Frame, 64),
		remotes:  make(chan protocol.Remotes, 1024),
		relayed:  make(chan protocol.RelayState, 1024),
		nonces:   map[string]int64{},
	}
	_, s.root, _ = ed25519.GenerateKey(rand.Reader)
	_, s.key, _ = ed25519.GenerateKey(rand.Reader)
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.cut)
	return s
}

func (s *fakeServer) url() string { return "ws" + strings.TrimPrefix(s.http.URL, "http") }

// cut closes the connection and the listener: the network is gone.
func (s *fakeServer) cut() {
	s.mu.Lock()
	if s.conn != nil {
		s.conn.Close()
	}
	s.mu.Unlock()
	s.http.Close()
}

func (s *fakeServer) sign(typ string, claims any) string {
	jws, err := sign.Sign(typ, "k1", s.key, claims)
	if err != nil {
		s.t.Error(err)
	}
	return jws
}

func (s *fakeServer) serve(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{Subprotocols: []string{protocol.Subprotocol}}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	s.mu.Lock()
	s.conn, s.program = conn, r.UserAgent()
	nonce := make(protocol.Bytes, 32)
	rand.Read(nonce)
	s.send(protocol.Hello{Nonce: nonce, Time: protocol.MillisOf(time.Now()), Cap: protocol.CurrentCapability, Server: "test"})
	s.mu.Unlock()
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		f, err := protocol.DecodeUp(data)
		if err != nil {
			s.t.Errorf("the agent sent a bad frame: %v", err)
			return
		}
		s.mu.Lock()
		s.answer(f, nonce)
		s.mu.Unlock()
	}
}

// send is called with mu held, like all below.
func (s *fakeServer) send(f protocol.Frame) {
	data, err := protocol.Encode(f)
	if err != nil {
		s.t.Error(err)
	}
	if s.conn != nil {
		_ = s.conn.WriteMessage(websocket.TextMessage, data) // the agent may be gone
	}
}

func (s *fakeServer) answer(f protocol.Frame, nonce []byte) {
	if s.tooOld {
		s.send(protocol.Error{Code: protocol.CodeUpdateNeeded})
		return
	}
	switch f := f.(type) {
	case protocol.Enrol:
		if !ed25519.Verify(ed25519.PublicKey(f.PublicKey), sign.EnrolBytes(nonce, "test", f), f.Sig) {
			s.t.Error("enrol is not well signed")
		}
		s.enrol = f
		s.send(protocol.UserCode{Code: "BCDFGHJK", URI: "http://test/tv", FullURI: "http://test/tv?code=BCDFGHJK", ExpiresIn: 900})
		if !s.asks {
			s.approve()
		}
	case protocol.Remotes:
		s.remotes <- f
	case protocol.RelayState:
		s.relayed <- f
	case protocol.SignIn:
		if f.Login != "robin@example.com" || f.Password != "correct horse" {
			s.send(protocol.SignInRefused{Reason: protocol.RefusalCredentials})
			return
		}
		s.send(protocol.CodeNeeded{Challenge: "c1", Channels: []protocol.Channel{{Kind: protocol.ChannelMail, To: "r…n@example.com"}, {Kind: protocol.ChannelSMS, To: "+34 ••• •• 67"}},
			Sent: protocol.ChannelMail, TriesLeft: 5, ExpiresIn: 600})
	case protocol.SendCode:
		s.send(protocol.CodeNeeded{Challenge: f.Challenge, Channels: []protocol.Channel{{Kind: protocol.ChannelSMS, To: "+34 ••• •• 67"}}, Sent: f.Channel, TriesLeft: 5, ExpiresIn: 600})
	case protocol.EnterCode:
		if f.Challenge != "c1" || f.Channel != protocol.ChannelSMS || f.Code != "123456" {
			s.send(protocol.SignInRefused{Reason: protocol.RefusalCode, TriesLeft: 4})
			return
		}
		s.approve()
	case protocol.Auth:
		if !ed25519.Verify(s.device, sign.AuthBytes(nonce, "test", f), f.Sig) {
			s.t.Error("auth is not well signed")
		}
		if f.Conn <= s.nonces[string(f.Device)] {
			s.clones++
		}
		s.nonces[string(f.Device)] = f.Conn
		s.state(f.Ask)
		s.household(f.Have)
	case protocol.Ask:
		s.state(f.Nonce)
	case protocol.Have:
		s.state(nil)
		s.household(f)
	case protocol.PINTries:
		s.tries <- f.Tries
	case protocol.AddProfile:
		s.profiles <- f
		s.answerProfile(f.N)
	case protocol.EditProfile:
		s.profiles <- f
		s.answerProfile(f.N)
	case protocol.Play:
		s.plays <- f
		s.answerPlay(f)
	case protocol.PlayEnd:
		s.plays <- f
	case protocol.Receipt:
		c, err := sign.VerifyReceipt(f.JWS, s.device)
		if err != nil {
			s.t.Errorf("receipt: %v", err)
		}
		if s.onReceipt != nil {
			s.onReceipt()
		}
		s.send(protocol.ReceiptAck{Digest: protocol.DigestOf([]byte(f.JWS))})
		s.receipts <- c
	case protocol.SignedOutHere:
		c, err := sign.VerifySignedOutHere(f.JWS, s.device)
		if err != nil {
			s.t.Errorf("signed_out_here: %v", err)
		}
		s.send(protocol.ReceiptAck{Digest: protocol.DigestOf([]byte(f.JWS))})
		s.here <- c
	case protocol.Activity:
		for _, it := range f.Items {
			s.activity <- it
		}
		if !s.mute {
			s.send(protocol.ActivityAck{Through: f.Items[len(f.Items)-1].Seq})
		}
	}
}

// answerPlay grants for 2 s, so that a test sees a renewal.
func (s *fakeServer) answerPlay(f protocol.Play) {
	if s.refused != "" {
		s.send(protocol.PlayRefused{N: f.N, Refusal: s.refused, Watching: []string{"Bedroom", "Kitchen", "Attic", "Hall"}})
		return
	}
	s.grants++
	now := time.Now().Unix()
	s.send(protocol.Grant{N: f.N, JWS: s.sign(protocol.TypGrant, protocol.GrantClaims{
		Issuer: "http://test", Audience: "test", Account: account, Profile: f.Profile, Device: protocol.DeviceIDOf(s.device), Epoch: s.epoch,
		Title: f.Title, Issued: now, Expires: now + 2, ID: fmt.Sprint(s.grants),
	})})
}

func (s *fakeServer) answerProfile(n int64) {
	if !s.silent {
		s.send(protocol.ProfileAnswer{N: n, Refusal: s.refusal})
	}
}

// household sends what a device does not have.
func (s *fakeServer) household(have protocol.Have) {
	if s.others.Number != have.Tries && s.others.Number > 0 {
		s.send(s.others)
	}
	for _, l := range s.library {
		if l.Number != have.Library {
			s.send(l)
		}
	}
}

// tell sends frames at once.
func (s *fakeServer) tell(frames ...protocol.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range frames {
		s.send(f)
	}
}

// approve signs the device in that asked to be.
func (s *fakeServer) approve() {
	s.device, s.status = ed25519.PublicKey(s.enrol.PublicKey), protocol.Active
	s.epoch++
	s.version++
	keys, err := sign.Sign(protocol.TypKeys, "root", s.root, protocol.KeysClaims{Server: "test", Number: 1, Keys: []protocol.SigningKey{{ID: "k1", Key: protocol.Bytes(s.key.Public().(ed25519.PublicKey))}}})
	if err != nil {
		s.t.Error(err)
	}
	s.send(protocol.Enrolled{Device: protocol.DeviceIDOf(s.device), Account: account, Epoch: s.epoch, Root: protocol.Bytes(s.root.Public().(ed25519.PublicKey)), Keys: keys})
	s.state(s.enrol.Ask)
}

// change makes a new version of what should be true, and pushes it.
func (s *fakeServer) change(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
	s.version++
	s.state(nil)
}

func (s *fakeServer) state(ask protocol.Bytes) {
	c := protocol.StateClaims{
		Device: protocol.DeviceIDOf(s.device), Account: account, Epoch: s.epoch, Status: s.status, Version: s.version,
		Issued: protocol.MillisOf(time.Now()), Lease: protocol.MaxLease, Ask: ask, Pins: s.pinVer, Keys: 1,
	}
	if s.status != protocol.Active {
		c.Pins = 0
		c.Cause = &protocol.Cause{By: protocol.ByOwner, At: c.Issued, Where: "Firefox on Linux"}
		s.send(protocol.State{JWS: s.sign(protocol.TypState, c)})
		return
	}
	c.Ends = s.ends
	doc := protocol.Snapshot{Owner: "robin@example.com", AccountURL: "https://tv.example/account", MaxProfiles: 5, Profiles: []protocol.Profile{
		{ID: robin, Name: "Robin", Avatar: "fox", Level: parental.All, Language: "en", Main: true, Locked: true, PIN: s.pinVer, Unlocks: s.unlocks},
		{ID: kids, Name: "Kids", Avatar: "kite", Level: parental.OlderKids, Language: "en", Kids: true},
	}}
	if s.parental != "" {
		doc.Parental = &protocol.Parental{PIN: 1, Above: parental.Teens}
	}
	snapshot := blob(doc)
	catalog := blob(demoCatalog())
	c.Snapshot = &protocol.Blob{Digest: protocol.DigestOf(snapshot), Size: len(snapshot)}
	c.Catalog = &protocol.Blob{Digest: protocol.DigestOf(catalog), Size: len(catalog)}
	s.send(protocol.State{JWS: s.sign(protocol.TypState, c)})
	for _, b := range [][]byte{snapshot, catalog} {
		s.send(protocol.Part{Digest: protocol.DigestOf(b), Total: len(b), Data: b})
	}
	material := []protocol.PinMaterial{s.material(robin, s.pinVer, s.pin)}
	if s.parental != "" {
		material = append(material, s.material(protocol.ParentalPIN, 1, s.parental))
	}
	s.send(protocol.Pins{JWS: s.sign(protocol.TypPins, protocol.PinsClaims{
		Device: c.Device, Epoch: s.epoch, Version: s.pinVer, Pins: material,
	})})
}

// testCost is the least that is allowed: the tests check thousands of PINs.
var testCost = pin.Cost{Memory: 64, Passes: 1}

func (s *fakeServer) material(id protocol.ProfileID, version int64, digits string) protocol.PinMaterial {
	salt := []byte("salt salt salt 1")
	k, err := pin.Derive(digits, salt, testCost)
	if err != nil {
		s.t.Error(err)
	}
	return protocol.PinMaterial{Profile: id, Version: version, Salt: salt, Memory: testCost.Memory, Passes: testCost.Passes, Key: k}
}

func demoCatalog() protocol.Catalog {
	all, teen := 0, 14
	return protocol.Catalog{
		Rows: []protocol.CatalogRow{{Name: "New", Titles: []protocol.TitleID{"t-hill", "t-night"}}},
		Titles: []parental.Title{
			{ID: "t-hill", Name: "The Hill", Minutes: 90, Age: &all},
			{ID: "t-night", Name: "Night Bus", Minutes: 95, Age: &teen},
		},
	}
}

func blob(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
