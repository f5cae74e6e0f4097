package lanremote

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/agent/lan/handset"
	"github.com/hearthkey/hearthkey/agent/lan/remote"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// maxAddresses is how many addresses of a TV are remembered.
const maxAddresses = 4

// knownTime is how long a TV may take to answer where it was.
const knownTime = 1500 * time.Millisecond

// Errors that a person can do something about.
var (
	// ErrNotFound means that the TV answers nowhere.
	ErrNotFound = errors.New("the TV does not answer; is it on, and on this network?")
	// ErrForgotten means that the TV does not know this remote any more.
	ErrForgotten = errors.New("this TV does not know this remote any more: it was removed on the TV or on the account page, or somebody signed out there")
	// ErrName means that no TV can list this remote by its name.
	ErrName = errors.New("the name for this remote must be 1 to 64 characters that can be read, in at most 128 bytes")
	// ErrAddress means that an address is none.
	ErrAddress = errors.New("the TV's address is host:port, such as 192.168.1.5:8713; hearthkey discover shows it")
	// ErrCode means that what was given is neither 6 digits nor the text of a QR code.
	ErrCode = errors.New("the pairing code is the 6 digits on the TV's screen, or the text of the QR code there")
)

// Found is a TV that the network told of. Nothing of it is proven.
type Found struct {
	ID, Name    string
	Fingerprint string // the first 16 hex digits of its key's hash
	Addresses   []string
	Pairing     bool // its pairing window is open
}

// Wizard pairs with TVs and connects to them.
type Wizard struct {
	Book *Book
	Name string                                                // what TVs list this remote as
	Look func(ctx context.Context, id string) ([]Found, error) // asks the network for a TV, or with no id for all; nil: it cannot be asked
	Ask  func(question string) (string, error)                 // asks the person; nil: there is none
	Pick func(from []Found) (Found, error)                     // asks which TV; nil: there is nobody to ask
	Tell func(format string, args ...any)                      // tells the person; nil: nobody
}

func (w *Wizard) tell(format string, args ...any) {
	if w.Tell != nil {
		w.Tell(format, args...)
	}
}

// Pair pairs with a TV, and returns the connection. code is the 6 digits, the text of
// the QR code, or empty, to ask for it. address may be empty: then the network is
// asked which TVs there are.
func (w *Wizard) Pair(ctx context.Context, code, address string) (TV, *handset.Conn, error) {
	code = strings.TrimSpace(code)
	if _, err := tvremote.Encode(tvremote.Pair{
		By: tvremote.ByCode, Name: w.Name, Nonce: make([]byte, tvremote.NonceSize), Share: make([]byte, tvremote.ShareSize),
	}); err != nil {
		return TV{}, nil, ErrName
	}
	if strings.HasPrefix(code, tvremote.InvitationScheme) {
		return w.pairInvited(ctx, code)
	}
	if code != "" && !digits(code) {
		return TV{}, nil, ErrCode
	}
	addresses := []string{address}
	if address == "" {
		found, err := w.choose(ctx)
		if err != nil {
			return TV{}, nil, err
		}
		addresses = found.Addresses
	}
	key, conn, err := w.dialNew(ctx, addresses, nil)
	if err != nil {
		return TV{}, nil, err
	}
	tv, err := w.pair(conn, key, tvremote.ByCode, func() ([]byte, error) { return w.code(&code) })
	return finish(tv, conn, err)
}

func digits(code string) bool {
	return len(code) == tvremote.CodeLength && strings.Trim(code, "0123456789") == ""
}

// code returns what was given, once, and then asks.
func (w *Wizard) code(given *string) ([]byte, error) {
	if *given != "" {
		code := *given
		*given = ""
		return []byte(code), nil
	}
	if w.Ask == nil {
		return nil, ErrCode
	}
	for {
		text, err := w.Ask("The 6 digits on the TV's screen: ")
		if err != nil {
			return nil, err
		}
		if text = strings.Join(strings.Fields(text), ""); digits(text) {
			return []byte(text), nil
		}
		w.tell("It has 6 digits.\n")
	}
}

// pairInvited pairs by what a QR code said: where the TV is, and which key it has.
func (w *Wizard) pairInvited(ctx context.Context, text string) (TV, *handset.Conn, error) {
	i, err := tvremote.ParseInvitation(text)
	if err != nil {
		return TV{}, nil, fmt.Errorf("%w (%w)", ErrCode, err)
	}
	key, conn, err := w.dialNew(ctx, i.Addresses, handset.Pin(i))
	if err != nil {
		return TV{}, nil, err
	}
	once := false
	tv, err := w.pair(conn, key, tvremote.ByQR, func() ([]byte, error) {
		if once {
			return nil, errors.New("the QR code is not on the screen any more: open pairing on the TV again")
		}
		once = true
		return i.Secret, nil
	})
	if err == nil && tv.ID != i.TV {
		err = handset.ErrImpostor
	}
	return finish(tv, conn, err)
}

func finish(tv TV, conn *handset.Conn, err error) (TV, *handset.Conn, error) {
	if err != nil {
		_ = conn.Close()
		return TV{}, nil, err
	}
	return tv, conn, nil
}

// choose asks the network, and then the person.
func (w *Wizard) choose(ctx context.Context) (Found, error) {
	if w.Look == nil {
		return Found{}, errors.New("name the TV's address with --address")
	}
	w.tell("Looking for TVs on this network …\n")
	list, err := w.Look(ctx, "")
	if err != nil {
		return Found{}, err
	}
	// A TV that is being paired just now is the one that is meant.
	if open := slices.DeleteFunc(slices.Clone(list), func(f Found) bool { return !f.Pairing }); len(open) > 0 {
		list = open
	}
	switch {
	case len(list) == 0:
		return Found{}, errors.New("no TV answers on this network; is it on? Its address can be named with --address")
	case len(list) == 1:
		return list[0], nil
	case w.Pick == nil:
		return Found{}, errors.New("there are several TVs on this network: name one's address with --address")
	}
	return w.Pick(list)
}

// dialNew connects with a fresh key: a TV that knew the key before would prove nothing.
func (w *Wizard) dialNew(ctx context.Context, addresses []string, pin *remote.Hash) (*ecdsa.PrivateKey, *handset.Conn, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make a key: %w", err)
	}
	conn, err := dialAny(ctx, addresses, key, pin)
	return key, conn, err
}

// dialAny tries addresses in turn. The error is an *unreachable, or ErrAddress.
func dialAny(ctx context.Context, addresses []string, key *ecdsa.PrivateKey, pin *remote.Hash) (*handset.Conn, error) {
	none := &unreachable{tried: addresses}
	for _, a := range addresses {
		if _, _, err := net.SplitHostPort(a); err != nil {
			return nil, ErrAddress
		}
		conn, err := handset.Dial(ctx, handset.Target{Address: a, Key: key, TV: pin})
		if err == nil {
			return conn, nil
		}
		none.why = append(none.why, err)
	}
	return nil, none
}

// unreachable means that a TV does not answer where it should. It is ErrNotFound, and
// what each address came to.
type unreachable struct {
	tried []string
	why   []error // of each
}

// Error is for people.
func (u *unreachable) Error() string {
	where := ""
	if len(u.tried) > 0 {
		where = " (tried " + strings.Join(u.tried, ", ") + ")"
	}
	if errors.Is(errors.Join(u.why...), handset.ErrImpostor) {
		return handset.ErrImpostor.Error() + where
	}
	return ErrNotFound.Error() + where
}

func (u *unreachable) Unwrap() []error { return append([]error{ErrNotFound}, u.why...) }

// pair goes through the pairing until the code is right or the TV has enough.
func (w *Wizard) pair(conn *handset.Conn, key *ecdsa.PrivateKey, by tvremote.Way, secret func() ([]byte, error)) (TV, error) {
	f, err := conn.Hello()
	if err != nil {
		return TV{}, refusal(err)
	}
	unpaired, ok := f.(tvremote.Unpaired)
	switch {
	case !ok: // it cannot know a key that was just made
		return TV{}, handset.ErrImpostor
	case !unpaired.Open && unpaired.Retry > 0:
		return TV{}, refusal(&handset.Refused{Why: tvremote.Error{Code: tvremote.CodeWait, Retry: unpaired.Retry}})
	case !unpaired.Open:
		return TV{}, refusal(&handset.Refused{Why: tvremote.Error{Code: tvremote.CodeNotPairing}})
	}
	for {
		code, err := secret()
		if err != nil {
			return TV{}, err
		}
		welcome, err := conn.Pair(unpaired, by, code, w.Name)
		if r, ok := errors.AsType[*handset.Refused](err); ok && r.Why.Code == tvremote.CodeWrongCode && w.Ask != nil {
			w.tell("That is not the code. Tries left: %d\n", r.Why.TriesLeft)
			continue
		}
		if err != nil {
			return TV{}, refusal(err)
		}
		return w.keep(conn, key, welcome)
	}
}

// keep remembers a TV that was paired.
func (w *Wizard) keep(conn *handset.Conn, key *ecdsa.PrivateKey, welcome tvremote.Welcome) (TV, error) {
	raw, err := key.Bytes()
	if err != nil {
		return TV{}, fmt.Errorf("keep the key: %w", err)
	}
	hash := conn.TV()
	tv := TV{ID: welcome.TV, Name: welcome.Name, Model: welcome.Model, TVKey: hash[:], Key: raw, Addresses: []string{conn.Address()}}
	return tv, w.Book.Keep(tv)
}

// Connect connects to a TV that is known: where it was, or where the network says that
// it is. address may be empty; otherwise nothing else is tried. Errors: ErrNotFound,
// ErrForgotten, [handset.ErrImpostor].
func (w *Wizard) Connect(ctx context.Context, tv TV, address string) (*handset.Conn, tvremote.Welcome, error) {
	key, err := tv.privateKey()
	if err != nil {
		return nil, tvremote.Welcome{}, fmt.Errorf("the key for %s is damaged: %w", tv.Name, err)
	}
	pin := remote.Hash(tv.TVKey)
	var conn *handset.Conn
	if address != "" || w.Look == nil {
		if address != "" {
			tv.Addresses = []string{address}
		}
		conn, err = dialAny(ctx, tv.Addresses, key, &pin)
	} else {
		conn, err = w.seek(ctx, tv, key, &pin)
	}
	if err != nil {
		return nil, tvremote.Welcome{}, err
	}
	return w.greet(conn, tv)
}

// seek tries where the TV was, for a moment, and then where the network says that it
// is.
func (w *Wizard) seek(ctx context.Context, tv TV, key *ecdsa.PrivateKey, pin *remote.Hash) (*handset.Conn, error) {
	moment, cancel := context.WithTimeout(ctx, knownTime)
	defer cancel()
	conn, err := dialAny(moment, tv.Addresses, key, pin)
	if err == nil {
		return conn, nil
	}
	if conn, lookErr := w.lookFor(ctx, tv, key, pin); lookErr == nil {
		return conn, nil
	}
	return nil, err
}

// lookFor asks the network for the TV by its id and its key.
func (w *Wizard) lookFor(ctx context.Context, tv TV, key *ecdsa.PrivateKey, pin *remote.Hash) (*handset.Conn, error) {
	list, err := w.Look(ctx, tv.ID)
	if err != nil {
		return nil, err
	}
	fingerprint := hex.EncodeToString(pin[:8])
	for _, f := range list {
		if f.ID != tv.ID || f.Fingerprint != fingerprint {
			continue
		}
		if conn, err := dialAny(ctx, f.Addresses, key, pin); err == nil {
			return conn, nil
		}
	}
	return nil, ErrNotFound
}

// greet says hello to a TV that was paired, and remembers where it is.
func (w *Wizard) greet(conn *handset.Conn, tv TV) (*handset.Conn, tvremote.Welcome, error) {
	f, err := conn.Hello()
	welcome, ok := f.(tvremote.Welcome)
	switch {
	case err != nil:
		err = refusal(err)
	case !ok:
		err = ErrForgotten
	}
	if err != nil {
		_ = conn.Close()
		return nil, tvremote.Welcome{}, err
	}
	known := tv
	tv.Name, tv.Model = welcome.Name, welcome.Model
	tv.Addresses = slices.Insert(slices.DeleteFunc(slices.Clone(tv.Addresses), func(a string) bool { return a == conn.Address() }), 0, conn.Address())
	tv.Addresses = tv.Addresses[:min(len(tv.Addresses), maxAddresses)]
	if tv.Name != known.Name || tv.Model != known.Model || !slices.Equal(tv.Addresses, known.Addresses) {
		if err := w.Book.Keep(tv); err != nil {
			w.tell("%v\n", err) // it works all the same
		}
	}
	return conn, welcome, nil
}

// refusal says what a TV's refusal means for a person.
func refusal(err error) error {
	r, ok := errors.AsType[*handset.Refused](err)
	if !ok {
		return err
	}
	switch r.Why.Code {
	case tvremote.CodeNotPairing:
		return errors.New("the TV is not being paired: on the TV choose Settings, Remotes, and pair a remote there")
	case tvremote.CodeWrongCode:
		return fmt.Errorf("that is not the code on the TV's screen; tries left: %d", r.Why.TriesLeft)
	case tvremote.CodeClosed:
		return errors.New("too many wrong codes: the TV has stopped pairing for a while")
	case tvremote.CodeWait:
		return fmt.Errorf("after too many wrong codes the TV pairs again in %d seconds", r.Why.Retry)
	case tvremote.CodeFull:
		return errors.New("the TV has as many remotes as it can: remove one there")
	case tvremote.CodeRevoked:
		return ErrForgotten
	case tvremote.CodeBusy:
		return errors.New("the TV is busy: try again")
	case tvremote.CodeStopping:
		return errors.New("the TV is stopping")
	case tvremote.CodeVersion:
		return errors.New("this program is too old for the TV")
	}
	return fmt.Errorf("the TV ended the connection: %s", r.Why.Code)
}
