// Package cpace is CPace, a balanced password-authenticated key exchange
// (draft-irtf-cfrg-cpace), in the suite CPACE-RISTR255-SHA512 and the
// initiator-responder setting, with explicit key confirmation. Two sides that were
// given the same secret agree on a key; whoever sits between them, or guesses the
// secret, can test one guess with each exchange and nothing afterwards.
//
//	initiator                          responder
//	a := Initiate(p)                   b := Respond(p)
//	            ── a.Share() ──▶
//	            ◀── b.Share() ──
//	keys, err := a.Finish(theirs)      keys, err := b.Finish(theirs)
//	            ── keys.Tag() ──▶      keys.Verify(tag)
//	keys.Verify(tag) ◀── keys.Tag() ──
//
// # Duties of the caller
//
// One Exchange is good for one share of the other side: its scalar is gone after
// Finish. Neither side may use the secret's success for anything before Verify has
// taken the other's tag. Whoever guards a short secret counts an exchange as a try
// as soon as it has sent its share, since the other side can test its guess from
// then on. Params must say who the two sides are (the draft's section on party
// identifiers): here in Channel.
//
// # Concurrency and tests
//
// An Exchange belongs to one goroutine. All that depends on a secret runs in
// constant time (package ristretto255 promises it). The tests hold the draft's
// vectors, its abort conditions, and what an attacker may try with a share.
package cpace

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"errors"

	"github.com/gtank/ristretto255"
)

// Sizes in bytes.
const (
	ShareSize = 32
	TagSize   = sha512.Size
)

// Errors of an exchange; test with errors.Is.
var (
	// ErrShare means that the other side's share is no point of the group, its
	// identity, or this side's own one: the exchange is over.
	ErrShare = errors.New("cpace: unusable share")
	// ErrTag means that the other side knows another secret, or sees other keys or
	// names than this one.
	ErrTag = errors.New("cpace: not confirmed")
	// ErrUsed means that Finish was called before.
	ErrUsed = errors.New("cpace: exchange is over")
)

// Params is what both sides must have alike.
type Params struct {
	Secret    []byte // PRS: what was read off a screen
	Channel   []byte // CI: who the two sides are and what connects them
	Session   []byte // sid: fresh, from both sides
	Initiator []byte // ADa: what the initiator says about itself
	Responder []byte // ADb
}

// dsi is the domain separation of the group (the draft, section "CPace group
// objects G_Ristretto255 and G_Decaf448").
const dsi = "CPaceRistretto255"

// Exchange is one side of one exchange.
type Exchange struct {
	params    Params
	initiator bool
	scalar    *ristretto255.Scalar // nil after Finish
	share     []byte
}

// Initiate begins an exchange as the side that speaks first.
func Initiate(p Params) *Exchange { return begin(p, true, sampleScalar()) }

// Respond begins an exchange as the side that answers.
func Respond(p Params) *Exchange { return begin(p, false, sampleScalar()) }

func begin(p Params, initiator bool, scalar *ristretto255.Scalar) *Exchange {
	y := ristretto255.NewElement().ScalarMult(scalar, generator(p))
	return &Exchange{params: p, initiator: initiator, scalar: scalar, share: y.Encode(nil)}
}

// Share is what the other side needs: 32 bytes, not secret.
func (e *Exchange) Share() []byte { return append([]byte(nil), e.share...) }

// Finish takes the other side's share, once. Errors: ErrShare, ErrUsed.
func (e *Exchange) Finish(theirs []byte) (*Keys, error) {
	if e.scalar == nil {
		return nil, ErrUsed
	}
	k, err := multiply(e.scalar, theirs)
	e.scalar.Zero()
	e.scalar = nil
	if err != nil {
		return nil, err
	}
	// A share that is sent back would make both tags the same where both sides have
	// one name.
	if subtle.ConstantTimeCompare(theirs, e.share) == 1 {
		return nil, ErrShare
	}
	a := message{e.share, e.params.Initiator}
	b := message{theirs, e.params.Responder}
	if !e.initiator {
		a.share, b.share = theirs, e.share
	}
	return keysOf(sessionKey(e.params.Session, k, a, b), e, a, b), nil
}

// multiply is G.scalar_mult_vfy, with an error for G.I.
func multiply(scalar *ristretto255.Scalar, share []byte) ([]byte, error) {
	x := ristretto255.NewElement()
	if len(share) != ShareSize || x.Decode(share) != nil {
		return nil, ErrShare
	}
	x.ScalarMult(scalar, x)
	if x.Equal(ristretto255.NewElement()) == 1 {
		return nil, ErrShare
	}
	return x.Encode(nil), nil
}

// sampleScalar is G.sample_scalar as the draft recommends it: 252 random bits.
func sampleScalar() *ristretto255.Scalar {
	var b [32]byte
	rand.Read(b[:])
	b[31] &= 0x0f
	s := ristretto255.NewScalar()
	if err := s.Decode(b[:]); err != nil {
		panic("cpace: 252 bits are no scalar: " + err.Error()) // they are below the group's order
	}
	return s
}

// message is what one side sends.
type message struct{ share, about []byte }

func (m message) encode() []byte { return lvCat(m.share, m.about) }

// sessionKey is the draft's ISK, with transcript_ir.
func sessionKey(sid, k []byte, a, b message) []byte {
	in := lvCat([]byte(dsi+"_ISK"), sid, k)
	in = append(in, a.encode()...)
	in = append(in, b.encode()...)
	isk := sha512.Sum512(in)
	return isk[:]
}

// Keys is what an exchange comes to, for the side that has it.
type Keys struct {
	mine, theirs []byte // tags
}

// keysOf makes both tags (the draft, section "Key confirmation").
func keysOf(isk []byte, e *Exchange, a, b message) *Keys {
	mac := sha512.New()
	mac.Write([]byte("CPaceMac"))
	mac.Write(e.params.Session)
	mac.Write(isk)
	key := mac.Sum(nil)
	k := &Keys{mine: tag(key, a), theirs: tag(key, b)}
	if !e.initiator {
		k.mine, k.theirs = k.theirs, k.mine
	}
	return k
}

func tag(key []byte, m message) []byte {
	h := hmac.New(sha512.New, key)
	h.Write(m.encode())
	return h.Sum(nil)
}

// Tag proves to the other side that this one knows the secret: 64 bytes.
func (k *Keys) Tag() []byte { return append([]byte(nil), k.mine...) }

// Verify takes the other side's tag. Error: ErrTag.
func (k *Keys) Verify(tag []byte) error {
	if !hmac.Equal(k.theirs, tag) {
		return ErrTag
	}
	return nil
}
