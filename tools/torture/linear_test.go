package torture

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/tools/drive"
)

var (
	linearHistories = flag.Int("linear-histories", 1, "histories that TestR6_Linear makes")
	linearOps       = flag.Int("linear-ops", 500, "operations of each")
	linearFaults    = flag.Int("linear-faults", 3, "faults in each")
)

const (
	linearEach     = 250 // operations of an account
	linearTogether = 4   // clients of an account
	linearPatience = 3 * time.Second
	linearPassword = "lantern-otter-42-quietly"
)

// account is one account of a history, in a network of its own.
type account struct {
	drive.Account
	number int
	home   int
	client *http.Client
	ops    atomic.Int64

	mu     sync.Mutex // guards what follows
	tokens []string   // of browsers, by number; never emptied: access is tried with ended ones too
	tvs    []*tv      // by number; those that an owner approved
	asked  int        // TVs that got a number
}

func (a *account) addToken(token string) (linearSign, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.tokens) >= linearSigns {
		return linearSign{}, false
	}
	a.tokens = append(a.tokens, token)
	return linearSign{n: len(a.tokens) - 1}, true
}

// reserveTV gives a TV its number: it is used once it is approved.
func (a *account) reserveTV() (linearSign, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked >= linearSigns {
		return linearSign{}, false
	}
	a.asked++
	a.tvs = append(a.tvs, nil)
	return linearSign{tv: true, n: a.asked - 1}, true
}

func (a *account) approved(w linearSign, screen *tv) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tvs[w.n] = screen
}

func (a *account) pickBrowser(r *rand.Rand) (linearSign, string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := r.IntN(len(a.tokens))
	return linearSign{n: n}, a.tokens[n]
}

// pickTV returns nil where no TV was approved.
func (a *account) pickTV(r *rand.Rand) (linearSign, *tv) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for range min(10, len(a.tvs)) {
		if n := r.IntN(len(a.tvs)); a.tvs[n] != nil {
			return linearSign{tv: true, n: n}, a.tvs[n]
		}
	}
	return linearSign{}, nil
}

// linearRun is one history under way.
type linearRun struct {
	s     *street
	begin time.Time
	done  atomic.Int64  // operations
	moved chan struct{} // done is another

	mu      sync.Mutex // guards history
	history []porcupine.Operation
}

func (l *linearRun) now() int64 { return time.Since(l.begin).Nanoseconds() }

func (l *linearRun) note(client int, a *account, in linearInput, out linearOutput, call int64) {
	in.account = a.number
	a.ops.Add(1)
	end := l.now()
	if out == linearUnknown {
		end = math.MaxInt64
	}
	l.done.Add(1)
	select {
	case l.moved <- struct{}{}:
	default:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.history = append(l.history, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: call, Return: end})
}

// at is one of the servers.
func (l *linearRun) at(r *rand.Rand) string { return l.s.nodes[r.IntN(len(l.s.nodes))].url() }

// Statuses of requests without an answer.
const (
	noAnswer     = 0
	notConnected = -1 // nobody has heard of it
)

// ask makes one request, and returns its status.
func (l *linearRun) ask(ctx context.Context, a *account, r *rand.Rand, token, method, path string, in any) (status int) {
	err := (&drive.Account{URL: l.at(r), Token: token, Client: a.client}).Call(ctx, method, path, in, nil)
	var p *drive.Problem
	var op *net.OpError
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &p):
		return p.Status
	case errors.As(err, &op) && op.Op == "dial":
		return notConnected
	}
	return noAnswer
}

// outcome is what a request's status means; false: it was not taken, and changed nothing.
func outcome(kind linearKind, status int) (linearOutput, bool) {
	switch {
	case status == http.StatusOK:
		return linearDone, true
	case status == http.StatusUnauthorized:
		return linearRefused, true
	}
	return linearUnknown, kind != linearAccess && (status == noAnswer || status >= 500)
}

// act is one operation of a client.
func (l *linearRun) act(ctx context.Context, client int, a *account, r *rand.Rand) {
	ctx, cancel := context.WithTimeout(ctx, linearPatience)
	defer cancel()
	switch n := r.IntN(100); {
	case n < 3:
		l.signIn(ctx, client, a, r)
	case n < 9:
		l.approve(ctx, client, a, r)
	case n < 13:
		l.browser(ctx, client, a, r, linearEnd, "POST", "/v1/sign-out")
	case n < 15:
		l.browser(ctx, client, a, r, linearEverywhere, "POST", "/v1/sign-out-everywhere")
	case n < 20:
		l.endTV(ctx, client, a, r)
	case n < 55:
		l.screen(ctx, client, a, r)
	default:
		l.browser(ctx, client, a, r, linearAccess, "GET", "/v1/session")
	}
}

func (l *linearRun) browser(ctx context.Context, client int, a *account, r *rand.Rand, kind linearKind, method, path string) {
	who, token := a.pickBrowser(r)
	call := l.now()
	if out, ok := outcome(kind, l.ask(ctx, a, r, token, method, path, nil)); ok {
		l.note(client, a, linearInput{kind: kind, who: who}, out, call)
	}
}

// signIn begins a session. One whose answer is lost may live, but nobody has its token.
func (l *linearRun) signIn(ctx context.Context, client int, a *account, r *rand.Rand) {
	call := l.now()
	own := drive.Account{URL: l.at(r), Email: a.Email, Device: a.Device, Client: a.client}
	if own.SignIn(ctx, linearPassword) != nil {
		return
	}
	if who, ok := a.addToken(own.Token); ok {
		l.note(client, a, linearInput{kind: linearBegin, who: who}, linearDone, call)
	}
}

func (l *linearRun) approve(ctx context.Context, client int, a *account, r *rand.Rand) {
	screen, err := newTV(home(a.home))
	if err != nil {
		return
	}
	code, err := screen.code(ctx, l.at(r))
	if err != nil {
		return
	}
	about, ok := a.reserveTV()
	if !ok {
		return
	}
	who, token := a.pickBrowser(r)
	call := l.now()
	status := l.ask(ctx, a, r, token, "POST", "/v1/user-codes/approve", map[string]string{"code": code})
	if out, ok := outcome(linearApprove, status); ok {
		l.note(client, a, linearInput{kind: linearApprove, who: who, about: about}, out, call)
		if out == linearDone {
			a.approved(about, screen)
		}
	}
}

func (l *linearRun) endTV(ctx context.Context, client int, a *account, r *rand.Rand) {
	about, screen := a.pickTV(r)
	if screen == nil {
		return
	}
	who, token := a.pickBrowser(r)
	call := l.now()
	status := l.ask(ctx, a, r, token, "POST", "/v1/devices/"+string(screen.id)+"/sign-out", nil)
	if out, ok := outcome(linearEndTV, status); ok {
		l.note(client, a, linearInput{kind: linearEndTV, who: who, about: about}, out, call)
	}
}

func (l *linearRun) screen(ctx context.Context, client int, a *account, r *rand.Rand) {
	who, screen := a.pickTV(r)
	if screen == nil {
		return
	}
	call := l.now()
	if out, err := told(screen.access(ctx, l.at(r))); err == nil {
		l.note(client, a, linearInput{kind: linearAccess, who: who}, out, call)
	}
}

// open makes an account, however long faults let it take.
func (l *linearRun) open(ctx context.Context, number, home int, r *rand.Rand) (*account, error) {
	client := &http.Client{Timeout: 3 * linearPatience, Transport: &http.Transport{DialContext: dialHome(home), MaxIdleConnsPerHost: linearTogether}}
	a := &account{Account: drive.Account{Email: fmt.Sprintf("mara%d@example.org", home), Client: client}, number: number, home: home, client: client}
	tries := 0
	err := drive.Poll(ctx, func() error {
		tries++
		a.URL, a.Email = l.at(r), fmt.Sprintf("mara%d.%d@example.org", home, tries) // of a try that was cut off there may be an account
		return a.SignUp(ctx, linearPassword)
	})
	if err != nil {
		return nil, err
	}
	call := l.now()
	who, _ := a.addToken(a.Token)
	l.note(0, a, linearInput{kind: linearBegin, who: who}, linearDone, call)
	for range 4 {
		l.signIn(ctx, 0, a, r)
	}
	return a, nil
}

// live is an account from its sign-up to the last operation, after which everybody asks
// once more.
func (l *linearRun) live(ctx context.Context, number, home, ops int, s uint64) (*account, error) {
	r := rand.New(rand.NewPCG(s, uint64(number)))
	a, err := l.open(ctx, number, home, r)
	if err != nil {
		return nil, fmt.Errorf("account %d: %w", number, err)
	}
	var clients sync.WaitGroup
	for client := range linearTogether {
		r := rand.New(rand.NewPCG(s, uint64(1000*(number+1)+client)))
		clients.Go(func() {
			again := time.NewTicker(5 * time.Millisecond)
			defer again.Stop()
			for a.ops.Load() < int64(ops) && ctx.Err() == nil {
				before := a.ops.Load()
				if l.act(ctx, client, a, r); a.ops.Load() == before { // nobody answers, as it seems
					<-again.C
				}
			}
		})
	}
	clients.Wait()
	return a, nil
}

// settle asks for everybody once more, when nothing is broken any more: all get an answer.
func (l *linearRun) settle(ctx context.Context, a *account, r *rand.Rand) error {
	defer a.client.CloseIdleConnections()
	for n, token := range a.tokens {
		in := linearInput{kind: linearAccess, who: linearSign{n: n}}
		err := l.insist(ctx, a, in, func(ctx context.Context) (linearOutput, error) {
			status := l.ask(ctx, a, r, token, "GET", "/v1/session", nil)
			out, ok := outcome(linearAccess, status)
			if !ok {
				return 0, fmt.Errorf("account %d: session %d gets status %d", a.number, n, status)
			}
			return out, nil
		})
		if err != nil {
			return err
		}
	}
	for n, screen := range a.tvs {
		if screen == nil {
			continue
		}
		in := linearInput{kind: linearAccess, who: linearSign{tv: true, n: n}}
		err := l.insist(ctx, a, in, func(ctx context.Context) (linearOutput, error) { return told(screen.access(ctx, l.at(r))) })
		if err != nil {
			return fmt.Errorf("account %d: TV %d: %w", a.number, n, err)
		}
	}
	return nil
}

// insist asks until there is an answer, for as long as all may take to heal (R10).
func (l *linearRun) insist(ctx context.Context, a *account, in linearInput, ask func(context.Context) (linearOutput, error)) error {
	ctx, cancel := drive.Timeout(ctx, 30*time.Second)
	defer cancel()
	return drive.Poll(ctx, func() error {
		call := l.now()
		one, cancel := context.WithTimeout(ctx, linearPatience)
		defer cancel()
		out, err := ask(one)
		if err == nil {
			l.note(0, a, in, out, call)
		}
		return err
	})
}

// told is what a TV's answer means.
func told(status protocol.Status, err error) (linearOutput, error) {
	if status == protocol.Active {
		return linearDone, err
	}
	return linearRefused, err
}

// R6, D5: no browser and no TV that was signed out gains access again, at any of three
// servers, whatever dies and whoever is cut off: histories of real requests are
// linearizable.
func TestR6_Linear(t *testing.T) { linear(t, openStreet) }

// R6 again with one server over SQLite.
func TestR6_LinearAlone(t *testing.T) { linear(t, openLone) }

func linear(t *testing.T, open func(context.Context, *testing.T) *street) {
	first := seed(t)
	ctx := patient(t, time.Minute+time.Duration(*linearHistories)*5*time.Minute)
	street := open(ctx, t)
	for i := range *linearHistories {
		s := first + uint64(i)
		history, broke := linearHistory(ctx, t, street, i, s)
		if result, _ := porcupine.CheckOperationsVerbose(linearModel, history, 2*time.Minute); result != porcupine.Ok {
			t.Fatalf("seed %d: %d operations are not linearizable: %s; they are in %s", s, len(history), result, keep(t, history))
		}
		counts := map[string]int{}
		for _, o := range history {
			counts[fmt.Sprint(o.Input.(linearInput).kind, "/", o.Output)]++
			if o.Input.(linearInput).who.tv {
				counts["by TVs/"+fmt.Sprint(o.Output)]++
			}
		}
		t.Logf("seed %d: %d operations: %v; %v", s, len(history), counts, broke)
		for _, kind := range []string{"access/done", "access/refused", "by TVs/done", "by TVs/refused"} {
			if counts[kind] < *linearOps/100-4 { // of a short one all may be signed out early
				t.Errorf("seed %d: too little happened: %s is %d", s, kind, counts[kind])
			}
		}
	}
}

func linearHistory(ctx context.Context, t *testing.T, street *street, number int, s uint64) ([]porcupine.Operation, []string) {
	t.Helper()
	l := &linearRun{s: street, begin: time.Now(), moved: make(chan struct{}, 1)}
	accounts := max(1, *linearOps/linearEach)
	all, errs := make([]*account, accounts), make([]error, accounts)
	var streets sync.WaitGroup
	for half := range min(2, accounts) {
		streets.Go(func() {
			for n := half; n < accounts && errs[half] == nil; n += 2 {
				all[n], errs[half] = l.live(ctx, n, number*accounts+n, *linearOps/accounts, s)
			}
		})
	}
	over := make(chan struct{})
	go func() { streets.Wait(); close(over) }()
	broke, err := l.trouble(ctx, rand.New(rand.NewPCG(s, math.MaxUint64)), over)
	<-over
	if err := errors.Join(append(errs, err)...); err != nil {
		t.Fatalf("seed %d: %v", s, err)
	}
	r := rand.New(rand.NewPCG(s, 77))
	for _, a := range all {
		if err := l.settle(ctx, a, r); err != nil {
			t.Fatalf("seed %d: when all is whole again: %v", s, err)
		}
	}
	return l.history, broke
}

// keep writes a history that is wrong where it outlives the test.
func keep(t *testing.T, history []porcupine.Operation) string {
	t.Helper()
	file, err := os.CreateTemp("", "history-*.json")
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	out := json.NewEncoder(file)
	for _, o := range history {
		if err := out.Encode(map[string]any{
			"client": o.ClientId, "what": linearModel.DescribeOperation(o.Input, o.Output), "account": o.Input.(linearInput).account, "from": o.Call, "to": o.Return,
		}); err != nil {
			return err.Error()
		}
	}
	return file.Name()
}
