package cpace

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/gtank/ristretto255"
)

// octets are written in hex.
type octets []byte

func (o *octets) UnmarshalText(text []byte) (err error) {
	*o, err = hex.DecodeString(string(text))
	return err
}

type vectors struct {
	Run struct {
		PRS, CI, SID, G, ADa, ADb, K, ISK octets
		ScalarA                           octets `json:"ya"`
		ShareA                            octets `json:"Ya"`
		ScalarB                           octets `json:"yb"`
		ShareB                            octets `json:"Yb"`
	}
	GeneratorString octets
	Points          struct {
		Valid   struct{ S, X, SX octets }
		Invalid []octets
	}
	LVCat struct {
		Parts []octets
		Out   octets
	}
}

// read gives the draft's vectors. encoding/json does not tell ya from Ya, so that
// members are taken one by one.
func read(t testing.TB) (v vectors) {
	t.Helper()
	data, err := os.ReadFile("testdata/ristretto255.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	var exact struct {
		Run map[string]octets `json:"run"`
	}
	if err := json.Unmarshal(data, &exact); err != nil {
		t.Fatal(err)
	}
	v.Run.ScalarA, v.Run.ShareA = exact.Run["ya"], exact.Run["Ya"]
	v.Run.ScalarB, v.Run.ShareB = exact.Run["yb"], exact.Run["Yb"]
	return v
}

func (v vectors) params() Params {
	return Params{Secret: v.Run.PRS, Channel: v.Run.CI, Session: v.Run.SID, Initiator: v.Run.ADa, Responder: v.Run.ADb}
}

func scalar(t testing.TB, b []byte) *ristretto255.Scalar {
	t.Helper()
	s := ristretto255.NewScalar()
	if err := s.Decode(b); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestVectors: draft-irtf-cfrg-cpace, test vectors for ristretto255 and SHA-512.
func TestVectors(t *testing.T) {
	v := read(t)
	same := func(what string, got, want []byte) {
		t.Helper()
		if len(want) == 0 || !bytes.Equal(got, want) {
			t.Errorf("%s = %x, want %x", what, got, want)
		}
	}
	var parts [][]byte
	for _, p := range v.LVCat.Parts {
		parts = append(parts, p)
	}
	same("lv_cat", lvCat(parts...), v.LVCat.Out)
	same("prepend_len of 128 bytes", lvCat(make([]byte, 128))[:2], []byte{0x80, 1})
	same("generator_string", generatorString(v.Run.PRS, v.Run.CI, v.Run.SID), v.GeneratorString)
	same("g", generator(v.params()).Encode(nil), v.Run.G)

	a, b := begin(v.params(), true, scalar(t, v.Run.ScalarA)), begin(v.params(), false, scalar(t, v.Run.ScalarB))
	same("Ya", a.Share(), v.Run.ShareA)
	same("Yb", b.Share(), v.Run.ShareB)
	k, err := multiply(scalar(t, v.Run.ScalarA), v.Run.ShareB)
	if err != nil {
		t.Fatal(err)
	}
	same("K", k, v.Run.K)
	same("ISK", sessionKey(v.Run.SID, k, message{v.Run.ShareA, v.Run.ADa}, message{v.Run.ShareB, v.Run.ADb}), v.Run.ISK)

	sx, err := multiply(scalar(t, v.Points.Valid.S), v.Points.Valid.X)
	if err != nil {
		t.Fatal(err)
	}
	same("scalar_mult_vfy", sx, v.Points.Valid.SX)
}

// TestInvalidShares: draft-irtf-cfrg-cpace, "Invalid inputs for scalar_mult_vfy", and
// what else is no share.
func TestInvalidShares(t *testing.T) {
	v := read(t)
	bad := [][]byte{nil, {}, make([]byte, 31), make([]byte, 33), bytes.Repeat([]byte{0xff}, 32)}
	for _, p := range v.Points.Invalid {
		bad = append(bad, p)
	}
	// Not canonical: the field's prime p, which would be 0, and p + 2.
	bad = append(bad, append([]byte{0xed}, append(bytes.Repeat([]byte{0xff}, 30), 0x7f)...))
	bad = append(bad, append([]byte{0xef}, append(bytes.Repeat([]byte{0xff}, 30), 0x7f)...))
	for _, p := range bad {
		for _, e := range []*Exchange{Initiate(v.params()), Respond(v.params())} {
			if keys, err := e.Finish(p); !errors.Is(err, ErrShare) || keys != nil {
				t.Errorf("Finish(%x) = %v, %v; want ErrShare", p, keys, err)
			}
			if _, err := e.Finish(v.Run.ShareA); !errors.Is(err, ErrUsed) {
				t.Errorf("after a bad share another is taken: %v", err)
			}
		}
	}
}

// TestFlippedBits: a share with one bit changed is refused, or comes to other keys.
func TestFlippedBits(t *testing.T) {
	v := read(t)
	for bit := range 256 {
		share := append([]byte(nil), v.Run.ShareB...)
		share[bit/8] ^= 1 << (bit % 8)
		a := begin(v.params(), true, scalar(t, v.Run.ScalarA))
		b := begin(v.params(), false, scalar(t, v.Run.ScalarB))
		mine, err := a.Finish(share)
		if err != nil {
			continue
		}
		theirs, err := b.Finish(v.Run.ShareA)
		if err != nil {
			t.Fatal(err)
		}
		if theirs.Verify(mine.Tag()) == nil || mine.Verify(theirs.Tag()) == nil {
			t.Errorf("bit %d changed, and confirmed", bit)
		}
	}
}

// agree runs an exchange and reports whether each side takes the other's tag.
func agree(t *testing.T, a, b Params) (initiator, responder bool) {
	t.Helper()
	i, r := Initiate(a), Respond(b)
	ik, err := i.Finish(r.Share())
	if err != nil {
		t.Fatal(err)
	}
	rk, err := r.Finish(i.Share())
	if err != nil {
		t.Fatal(err)
	}
	return ik.Verify(rk.Tag()) == nil, rk.Verify(ik.Tag()) == nil
}

// TestAgreement: both confirm where all is alike, and neither where anything is not.
func TestAgreement(t *testing.T) {
	base := Params{Secret: []byte("012345"), Channel: []byte("ci"), Session: []byte("sid"), Initiator: []byte("phone"), Responder: []byte("tv")}
	if i, r := agree(t, base, base); !i || !r {
		t.Fatalf("alike: initiator %v, responder %v", i, r)
	}
	for name, change := range map[string]func(*Params){
		"secret":           func(p *Params) { p.Secret = []byte("012346") },
		"secret by a zero": func(p *Params) { p.Secret = []byte("012345\x00") },
		"channel":          func(p *Params) { p.Channel = []byte("c") },
		"session":          func(p *Params) { p.Session = []byte("sie") },
		"moved border":     func(p *Params) { p.Channel, p.Session = []byte("cis"), []byte("id") },
		"initiator":        func(p *Params) { p.Initiator = []byte("phonf") },
		"responder":        func(p *Params) { p.Responder = []byte("tw") },
		"no secret":        func(p *Params) { p.Secret = nil },
	} {
		other := base
		change(&other)
		if i, r := agree(t, base, other); i || r {
			t.Errorf("%s: initiator confirms %v, responder %v", name, i, r)
		}
		if i, r := agree(t, other, base); i || r {
			t.Errorf("%s, the other way round: initiator confirms %v, responder %v", name, i, r)
		}
	}
}

// TestReflection: a share and a tag that come back are not taken, not even where both
// sides have one name.
func TestReflection(t *testing.T) {
	p := Params{Secret: []byte("012345"), Initiator: []byte("same"), Responder: []byte("same")}
	a := Initiate(p)
	if _, err := a.Finish(a.Share()); !errors.Is(err, ErrShare) {
		t.Errorf("its own share: %v, want ErrShare", err)
	}
	i, r := Initiate(p), Respond(p)
	ik, err := i.Finish(r.Share())
	if err != nil {
		t.Fatal(err)
	}
	if err := ik.Verify(ik.Tag()); !errors.Is(err, ErrTag) {
		t.Errorf("its own tag: %v, want ErrTag", err)
	}
	// Two initiators never agree: each thinks that it spoke first.
	x, y := Initiate(p), Initiate(p)
	xk, err := x.Finish(y.Share())
	if err != nil {
		t.Fatal(err)
	}
	yk, err := y.Finish(x.Share())
	if err != nil {
		t.Fatal(err)
	}
	if xk.Verify(yk.Tag()) == nil || yk.Verify(xk.Tag()) == nil {
		t.Error("two initiators agree")
	}
}

// TestOnce: an exchange tests one share.
func TestOnce(t *testing.T) {
	p := Params{Secret: []byte("012345")}
	a, b, c := Initiate(p), Respond(p), Respond(p)
	if _, err := a.Finish(b.Share()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Finish(c.Share()); !errors.Is(err, ErrUsed) {
		t.Errorf("a second share: %v, want ErrUsed", err)
	}
}

// TestFresh: the same secret never makes the same share, and tags are of their size.
func TestFresh(t *testing.T) {
	p := Params{Secret: []byte("012345")}
	seen := map[string]bool{}
	for range 50 {
		s := string(Initiate(p).Share())
		if seen[s] || len(s) != ShareSize {
			t.Fatalf("share %x", s)
		}
		seen[s] = true
	}
	a, b := Initiate(p), Respond(p)
	k, err := a.Finish(b.Share())
	if err != nil || len(k.Tag()) != TagSize {
		t.Errorf("tag of %d bytes, %v", len(k.Tag()), err)
	}
	for _, bad := range [][]byte{nil, k.Tag()[:63], append(k.Tag(), 0)} {
		if err := k.Verify(bad); !errors.Is(err, ErrTag) {
			t.Errorf("Verify of %d bytes = %v, want ErrTag", len(bad), err)
		}
	}
}

// FuzzFinish: whatever comes as a share, there are keys that no stranger has, or an
// error.
func FuzzFinish(f *testing.F) {
	v := read(f)
	f.Add([]byte(v.Run.ShareA))
	f.Add([]byte(v.Points.Invalid[0]))
	f.Add([]byte(v.Points.Invalid[1]))
	f.Fuzz(func(t *testing.T, share []byte) {
		keys, err := Respond(Params{Secret: []byte("012345")}).Finish(share)
		switch {
		case err == nil && (len(share) != ShareSize || len(keys.Tag()) != TagSize):
			t.Errorf("taken: %x", share)
		case err != nil && !errors.Is(err, ErrShare):
			t.Errorf("error of another kind: %v", err)
		}
	})
}

func BenchmarkExchange(b *testing.B) {
	p := Params{Secret: []byte("012345")}
	share := Initiate(p).Share()
	for b.Loop() {
		if _, err := Respond(p).Finish(share); err != nil {
			b.Fatal(err)
		}
	}
}
