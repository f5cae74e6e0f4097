package device

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

// sent is an auth or enrol that is on its way over a connection that was greeted
// when the meta says.
type sent struct {
	auth  *protocol.Auth
	enrol *protocol.Enrol
	meta  Meta
}

// restless is one honest TV that keeps giving its connections up: what it sent over
// them arrives whenever it likes, or twice over another node.
type restless struct {
	*television
	who   account.Session
	dice  *rand.Rand
	node  string
	way   []sent // on their way, oldest first
	code  string // that it shows
	frame protocol.Enrol
	in    bool // signed in, by what it heard
}

// dial gives the connection up for another one, which is greeted and answered.
func (r *restless) dial() {
	m := home
	if r.dice.IntN(3) == 0 {
		m.Node = r.node
	}
	m.Greeted = r.now()
	s := sent{meta: m}
	if r.in {
		f := r.authFrame()
		s.auth = &f
	} else {
		f := r.enrolFrame()
		s.enrol = &f
	}
	r.way = append(r.way, s)
}

// arrive has one of what is on its way reach the server. Only what the newest
// connection is answered reaches the TV.
func (r *restless) arrive() {
	if len(r.way) == 0 {
		return
	}
	i := r.dice.IntN(len(r.way))
	s, newest := r.way[i], i == len(r.way)-1
	r.way = append(r.way[:i:i], r.way[i+1:]...)
	var err error
	if s.auth != nil {
		_, err = r.Authenticate(r.ctx, r.now(), *s.auth, nonce, s.meta)
		if newest && err == nil {
			r.way = nil // what came before is dead by now
		}
	} else {
		var e Enrolment
		e, err = r.Enrol(r.ctx, r.now(), *s.enrol, nonce, s.meta)
		if newest && err == nil {
			r.hear(e, *s.enrol)
		}
	}
	if errors.Is(err, ErrClone) {
		r.t.Fatalf("an honest TV's late connection (%d of %d on their way) is a clone's: %v", i+1, len(r.way)+1, err)
	}
}

func (r *restless) hear(e Enrolment, f protocol.Enrol) {
	if e.Enrolled != nil {
		r.in, r.code = true, ""
		r.sess, r.have = e.Session, protocol.Have{Epoch: e.Session.Epoch, Status: protocol.Active}
		return
	}
	r.code, r.frame = e.Code.Code, f
}

// approve has the owner type the code, and the TV hear of it or not.
func (r *restless) approve() {
	if r.code == "" {
		return
	}
	_, err := r.Approve(r.ctx, r.now(), r.who, r.code)
	r.code = ""
	if err != nil || r.dice.IntN(2) == 0 {
		return
	}
	if e, err := r.Enrolled(r.ctx, r.now(), r.frame, home); err == nil {
		r.hear(e, r.frame)
	}
}

func (r *restless) leave() {
	if r.in && r.SignOut(r.ctx, r.now(), r.who, r.id) == nil {
		r.in = false
	}
}

// However many connections an honest TV gives up, and in whatever order what it
// sent over them arrives, also while an enrolment is resumed, approved and ended,
// none of it is ever taken for a clone.
func TestLateConnectionsAreNeverClones(t *testing.T) {
	for seed := range uint64(12) {
		f := newFixture(t)
		who := f.owner(t, "anna@example.org")
		r := &restless{television: f.signedIn(t, who), who: who, dice: rand.New(rand.NewPCG(seed, 1)), node: "node-2", in: true}
		for range 60 {
			f.clock.Advance(time.Duration(1+r.dice.IntN(4000)) * time.Millisecond)
			switch r.dice.IntN(8) {
			case 0, 1, 2:
				r.dial()
			case 3, 4, 5:
				r.arrive()
			case 6:
				r.approve()
			case 7:
				r.leave()
			}
		}
		for _, n := range f.notices {
			if n.Kind == account.NoticeDeviceCloned {
				t.Fatalf("seed %d: the owner was told of a clone", seed)
			}
		}
	}
}
