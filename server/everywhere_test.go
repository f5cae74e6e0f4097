package server_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// family is an owner with n TVs that are signed in.
func family(h *house, email string, n int) (*owner, []*tv) {
	h.t.Helper()
	o := h.signUp(email)
	tvs := make([]*tv, n)
	for i := range tvs {
		tvs[i] = newTV(h, fmt.Sprintf("TV %d", i+1))
		tvs[i].join(o)
	}
	return o, tvs
}

// everywhere clicks, and returns the time to the last receipt stored.
func everywhere(o *owner, tvs []*tv) time.Duration {
	o.t.Helper()
	begun := time.Now()
	var proving sync.WaitGroup
	for _, v := range tvs {
		proving.Go(func() {
			for v.state.Status == protocol.Active {
				f, err := v.read()
				if err != nil {
					v.t.Errorf("%s: %v", v.name, err)
					return
				}
				v.take(f)
			}
			v.send(protocol.Receipt{JWS: v.signed(protocol.TypReceipt, v.receiptClaims())})
			for {
				f, err := v.read()
				if err != nil {
					v.t.Errorf("%s: %v", v.name, err)
					return
				}
				if _, ok := f.(protocol.ReceiptAck); ok {
					return
				}
			}
		})
	}
	o.call("POST", "/v1/sign-out-everywhere", nil, nil)
	proving.Wait()
	return time.Since(begun)
}

func TestSignOutEverywhere(t *testing.T) {
	h := open(t, nil)
	o, tvs := family(h, "mara@example.org", 10)
	neighbour, theirs := family(h, "nils@example.org", 1)
	other := &owner{house: h, email: o.email}
	other.signIn()

	took := everywhere(o, tvs)
	t.Logf("click to last receipt: %v", took)
	for _, d := range o.devices() {
		if d.Status != "signed_out" || d.By != string(protocol.ByAll) || d.Confirmed.IsZero() || d.Bound != nil {
			t.Errorf("%+v", d)
		}
	}
	status, body := other.try("GET", "/v1/session", nil)
	wantStatus(t, "another web session", status, 401, body)
	status, body = o.try("GET", "/v1/session", nil)
	wantStatus(t, "the session that asked", status, 200, body)
	if d := neighbour.device(string(theirs[0].id)); d.Status != "active" {
		t.Errorf("the neighbour's TV: %+v", d)
	}

	// A TV that was signed out gets no lease, whatever it says it has.
	tvs[0].ask = nonce()
	tvs[0].send(protocol.Ask{Nonce: tvs[0].ask})
	tvs[0].send(protocol.Have{Epoch: 1, Status: protocol.Active, Keys: tvs[0].have.Keys})
	tvs[0].have.Version = 0
	expect[protocol.State](tvs[0])
	if tvs[0].state.Status != protocol.SignedOut || tvs[0].granted() {
		t.Errorf("an ask after the sign-out: %+v", tvs[0].state)
	}
}

// BenchmarkSignOutEverywhere is the figure "click to last receipt, 10 TVs".
func BenchmarkSignOutEverywhere(b *testing.B) {
	h := open(b, nil)
	var all []time.Duration
	for i := range b.N {
		b.StopTimer()
		o, tvs := family(h, fmt.Sprintf("mara%d@example.org", i), 10)
		h.skew.Add(int64(10 * time.Minute)) // against the throttles of sign-up and user codes
		o.prove(password)
		b.StartTimer()
		all = append(all, everywhere(o, tvs))
		for _, v := range tvs {
			v.hangUp()
		}
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
}
