package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/hearthkey/hearthkey/tools/drive"
)

var (
	linearHistories = flag.Int("linear-histories", 1, "histories that TestLinearSignOut makes")
	linearOps       = flag.Int("linear-ops", 800, "operations of each")
	linearKills     = flag.Int("linear-kills", 2, "kill -9 of the server in each")
)

// What somebody does with a web session.
type linearKind int

const (
	linearBegin      linearKind = iota // a sign-in
	linearAccess                       // GET /v1/session
	linearEnd                          // its sign-out
	linearEverywhere                   // a sign-out of all others
)

type linearInput struct {
	kind    linearKind
	account int
	session int // its number in the account; of a sign-in the one that it makes
}

// linearOutput is how an operation went, as far as its client knows.
type linearOutput int

const (
	linearDone    linearOutput = iota
	linearRefused              // 401: the session has ended
	linearUnknown              // the server died meanwhile: it may have happened, also later
)

// linearSessions bounds the sessions of an account in a history: fewer than the
// product keeps, so that none is ended for being the oldest, and as many as the
// model's bits.
const linearSessions = 45

// linearModel is what an account's sessions are: a set of live ones. A sign-out that
// was answered is before every access that began after, whatever died in between.
var linearModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		by := map[int][]porcupine.Operation{}
		for _, o := range history {
			account := o.Input.(linearInput).account
			by[account] = append(by[account], o)
		}
		var out [][]porcupine.Operation
		for _, list := range by {
			out = append(out, list)
		}
		return out
	},
	Init: func() any { return linearState(0) },
	Step: func(state, input, output any) (bool, any) {
		return state.(linearState).step(input.(linearInput), output.(linearOutput))
	},
}

// linearState is the set of an account's live sessions, by their numbers.
type linearState uint64

func (s linearState) step(in linearInput, out linearOutput) (bool, any) {
	own := linearState(1) << in.session
	alive := s&own != 0
	switch {
	case in.kind == linearBegin:
		return true, s | own
	case in.kind == linearAccess:
		return alive == (out == linearDone), s
	case out == linearRefused || !alive:
		return !alive && out != linearDone, s // unknown, and too late: nothing came of it
	case in.kind == linearEnd:
		return true, s &^ own
	}
	return true, own
}

// linearAccount is one account of a history.
type linearAccount struct {
	drive.Account
	mu     sync.Mutex // guards what follows
	tokens []string   // of sessions, by number; never emptied: access is tried with ended ones too
}

func (a *linearAccount) add(token string) (session int, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.tokens) >= linearSessions {
		return 0, false
	}
	a.tokens = append(a.tokens, token)
	return len(a.tokens) - 1, true
}

func (a *linearAccount) pick(r *rand.Rand) (session int, token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	session = r.IntN(len(a.tokens))
	return session, a.tokens[session]
}

// linearRun is one history under way.
type linearRun struct {
	t     *testing.T
	url   string
	begin time.Time
	left  atomic.Int64

	mu      sync.Mutex
	history []porcupine.Operation
}

func (l *linearRun) now() int64 { return time.Since(l.begin).Nanoseconds() }

func (l *linearRun) note(client int, in linearInput, out linearOutput, call int64) {
	end := l.now()
	if out == linearUnknown {
		end = math.MaxInt64
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.history = append(l.history, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: call, Return: end})
}

// ask makes one request with a session's token. Its status is 0 where none came.
func (l *linearRun) ask(ctx context.Context, method, path, token string, out any) (status int) {
	err := (&drive.Account{URL: l.url, Token: token}).Call(ctx, method, path, nil, out)
	var p *drive.Problem
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &p):
		return p.Status
	}
	return 0
}

// act is one operation of a client.
func (l *linearRun) act(ctx context.Context, client, account int, a *linearAccount, r *rand.Rand) {
	session, token := a.pick(r)
	in := linearInput{kind: linearAccess, account: account, session: session}
	switch n := r.IntN(100); {
	case n < 4:
		l.signIn(ctx, client, account, a)
		return
	case n < 12:
		in.kind = linearEnd
	case n < 14:
		in.kind = linearEverywhere
	}
	path := map[linearKind][2]string{
		linearAccess: {"GET", "/v1/session"}, linearEnd: {"POST", "/v1/sign-out"}, linearEverywhere: {"POST", "/v1/sign-out-everywhere"},
	}[in.kind]
	call := l.now()
	var answer []byte
	status := l.ask(ctx, path[0], path[1], token, &answer)
	switch {
	case status == http.StatusOK:
		l.note(client, in, linearDone, call)
	case status == http.StatusUnauthorized:
		l.note(client, in, linearRefused, call)
	case in.kind != linearAccess && (status == 0 || status >= 500):
		l.note(client, in, linearUnknown, call)
	} // else it was not taken, and changed nothing
}

func (l *linearRun) signIn(ctx context.Context, client, account int, a *linearAccount) {
	call := l.now()
	own := drive.Account{URL: l.url, Email: a.Email, Device: a.Device}
	if own.SignIn(ctx, linearPassword) != nil {
		return // it may have begun a session, which nobody has the token of
	}
	if session, ok := a.add(own.Token); ok {
		l.note(client, linearInput{kind: linearBegin, account: account, session: session}, linearDone, call)
	}
}

const linearPassword = "lantern-otter-42-quietly"

// R6, D5: no session that was signed out gains access again: histories of real
// requests, with the server killed at any moment, are linearizable.
func TestLinearSignOut(t *testing.T) {
	first := seed(t)
	for i := range *linearHistories {
		s := first + uint64(i)
		history := linearHistory(t, s)
		if result, _ := porcupine.CheckOperationsVerbose(linearModel, history, 2*time.Minute); result != porcupine.Ok {
			t.Fatalf("seed %d: %d operations are not linearizable: %s", s, len(history), result)
		}
		kinds := map[string]int{}
		for _, o := range history {
			kinds[fmt.Sprint(o.Input.(linearInput).kind, o.Output)]++
		}
		t.Logf("seed %d: %d operations (kind and outcome): %v", s, len(history), kinds)
		if kinds["1 0"] < 30 || kinds["1 1"] < 30 || kinds["2 0"] == 0 {
			t.Errorf("seed %d: too little happened", s)
		}
	}
}

func linearHistory(t *testing.T, s uint64) []porcupine.Operation {
	t.Helper()
	ctx := patient(t, 5*time.Minute)
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	l := &linearRun{t: t, url: "http://localhost:" + strconv.Itoa(port), begin: time.Now()}
	l.left.Store(int64(*linearOps))
	data := filepath.Join(t.TempDir(), "server")
	start := func() *drive.Process {
		p, err := drive.Start("server", program("hearthkey-server"), []string{
			"serve", "--listen", "127.0.0.1:" + strconv.Itoa(port), "--public-url", l.url, "--data", data, "--dev", "--log-level", "error",
		}, nil, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if err := drive.Poll(ctx, func() error { return (&drive.Account{URL: l.url}).Call(ctx, "GET", "/healthz", nil, nil) }); err != nil {
			t.Fatal(err)
		}
		return p
	}
	server := start()
	defer func() { server.Kill() }()
	var accounts []*linearAccount
	for i := range 2 {
		a := &linearAccount{Account: drive.Account{URL: l.url, Email: fmt.Sprintf("mara%d@example.org", i)}}
		call := l.now()
		if err := a.SignUp(ctx, linearPassword); err != nil {
			t.Fatal(err)
		}
		session, _ := a.add(a.Token)
		l.note(0, linearInput{kind: linearBegin, account: i, session: session}, linearDone, call)
		for range 6 {
			l.signIn(ctx, 0, i, a)
		}
		accounts = append(accounts, a)
	}
	var clients sync.WaitGroup
	moved := make(chan struct{}, 1) // left is another
	for client := range 6 {
		r := rand.New(rand.NewPCG(s, uint64(client)))
		clients.Go(func() {
			for l.left.Add(-1) >= 0 && ctx.Err() == nil {
				select {
				case moved <- struct{}{}:
				default:
				}
				l.act(ctx, client, client%2, accounts[client%2], r)
			}
		})
	}
	r := rand.New(rand.NewPCG(s, 99))
	for kill := range *linearKills {
		at := int64(*linearOps) * int64(*linearKills-kill) / int64(*linearKills+1)
		at -= r.Int64N(int64(*linearOps) / 10)
		for l.left.Load() > at && ctx.Err() == nil {
			select {
			case <-moved:
			case <-ctx.Done():
			}
		}
		server.Kill()
		server = start()
	}
	clients.Wait()
	return l.history
}

// The checker would see it: the same history with one access after an answered sign-out
// is refused.
func TestLinearCheckerSees(t *testing.T) {
	at := int64(0)
	op := func(kind linearKind, session int, out linearOutput) porcupine.Operation {
		at += 2
		return porcupine.Operation{Input: linearInput{kind: kind, session: session}, Output: out, Call: at, Return: at + 1}
	}
	good := []porcupine.Operation{
		op(linearBegin, 0, linearDone), op(linearBegin, 1, linearDone), op(linearAccess, 0, linearDone), op(linearEnd, 0, linearDone),
		op(linearAccess, 0, linearRefused), op(linearEverywhere, 1, linearDone), op(linearAccess, 1, linearDone), op(linearBegin, 9, linearDone), op(linearEverywhere, 9, linearDone),
		op(linearAccess, 1, linearRefused), op(linearAccess, 9, linearDone),
	}
	if !porcupine.CheckOperations(linearModel, good) {
		t.Error("a good history is refused")
	}
	for name, bad := range map[string]porcupine.Operation{
		"access after its sign-out":           op(linearAccess, 0, linearDone),
		"access after a sign-out of all":      op(linearAccess, 1, linearDone),
		"a live session that is refused":      op(linearAccess, 9, linearRefused),
		"a sign-out by a session that is out": op(linearEverywhere, 0, linearDone),
	} {
		if porcupine.CheckOperations(linearModel, append(good[:len(good):len(good)], bad)) {
			t.Errorf("%s is taken for linearizable", name)
		}
	}
	late := op(linearEnd, 9, linearUnknown)
	late.Return = math.MaxInt64
	if !porcupine.CheckOperations(linearModel, append(good[:len(good):len(good)], late, op(linearAccess, 9, linearDone), op(linearAccess, 9, linearRefused))) {
		t.Error("a sign-out that was cut off may happen late")
	}
}
