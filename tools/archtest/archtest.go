// Package archtest holds the architecture: who may import whom. It has no code
// of its own; its test reads the imports of every package of the module with
// the go command, checks them against the rules below, and names the reason of
// each rule that is broken. Run it with -count=1, since the go command's
// answers are no input that the test cache knows.
package archtest

import "strings"

// Module is the module's path.
const Module = "github.com/hearthkey/hearthkey"

// Rule forbids imports.
type Rule struct {
	Name   string
	Reason string
	// Applies to packages at these paths below the module. A trailing "/..."
	// means the package and all below it.
	In []string
	// Except leaves out some of them.
	Except []string
	// Forbid lists import paths that may not be used, in the same notation,
	// whole (with the module's path for ours).
	Forbid []string
	// Allow makes exceptions from Forbid.
	Allow []string
}

func ours(paths ...string) []string {
	for i, p := range paths {
		paths[i] = Module + "/" + p
	}
	return paths
}

// Pure packages are functions of their inputs.
var pure = []string{
	"agent/nav", "agent/keyseq", "agent/library", "agent/pinlock", "agent/session", "protocol/parental", "protocol/titles", "protocol/tvremote", "protocol/words",
}

// Domain packages hold the server's rules.
var domain = []string{
	"server/account", "server/profile", "server/device", "server/grant", "server/operator",
}

// Rules is the architecture.
var Rules = []Rule{
	{
		Name:   "protocol stands alone",
		Reason: "both ends must agree on it; it may not know either",
		In:     []string{"protocol/..."},
		Forbid: append(ours("agent/...", "server/...", "tools/...", "lan/..."), "net", "net/...", "os", "os/...", "database/sql"),
		Except: []string{"protocol/goldentest"}, // for tests alone
	},
	{
		Name:   "the home network stands alone",
		Reason: "TVs and servers are found by the same means, and it may not know either",
		In:     []string{"lan/..."},
		Forbid: ours("agent/...", "server/...", "tools/...", "protocol/..."),
	},
	{
		Name:   "the agent does not know the server",
		Reason: "they meet only on the wire",
		In:     []string{"agent/..."},
		Forbid: ours("server/...", "tools/..."),
	},
	{
		Name:   "the server does not know the agent",
		Reason: "they meet only on the wire",
		In:     []string{"server/..."},
		Forbid: ours("agent/...", "tools/..."),
	},
	{
		Name:   "pure packages are pure",
		Reason: "rules are functions of their inputs: testable on any history, at any speed",
		In:     pure,
		Forbid: []string{"net", "net/...", "os", "os/...", "sync", "sync/...", "context", "log", "log/...", "math/rand", "math/rand/...", "crypto/rand", "io/...", "syscall"},
	},
	{
		Name:   "the domain knows no transport and no engine",
		Reason: "pages, API and sockets share one set of rules, and SQL has one home",
		In:     domain,
		Forbid: []string{"net/http", "database/sql", "html/template"},
	},
	{
		Name:   "SQL lives in store",
		Reason: "one set of plain SQL that both engines take",
		In:     []string{"agent/...", "server/...", "tools/...", "protocol/..."},
		Except: []string{"server/store/..."},
		Forbid: []string{"database/sql", "database/sql/...", "modernc.org/sqlite", "modernc.org/sqlite/...", "github.com/jackc/pgx/v5", "github.com/jackc/pgx/v5/...", "github.com/pressly/goose/v3", "github.com/pressly/goose/v3/..."},
	},
	{
		Name:   "only package server picks drivers",
		Reason: "everything else works with whichever engine it is given",
		In:     []string{"server/..."},
		Except: []string{"server", "server/store/sqlite", "server/store/postgres/...", "server/bus/natsbus", "server/servertest"}, // servertest is for tests alone
		Forbid: ours("server/store/sqlite", "server/store/postgres/...", "server/bus/membus", "server/bus/natsbus"),
	},
	{
		Name:   "NATS lives in natsbus",
		Reason: "it is one way for a nudge; everything else knows the contract",
		In:     []string{"agent/...", "server/...", "protocol/..."},
		Except: []string{"server/bus/natsbus/..."},
		Forbid: []string{"github.com/nats-io/nats.go", "github.com/nats-io/nats-server/v2/..."},
	},
	{
		Name:   "WebSockets live at the borders",
		Reason: "the library is a detail of the few packages that own a socket",
		In:     []string{"agent/...", "server/...", "protocol/..."},
		Except: []string{"agent/link", "agent/lan/handset", "agent/lan/remote", "agent/screen", "agent/local", "server/api", "server/hub/..."},
		Forbid: []string{"github.com/gorilla/websocket"},
	},
	{
		Name:   "Badger lives in cache",
		Reason: "it is a cache that can always be rebuilt; nothing else may lean on it",
		In:     []string{"agent/...", "server/...", "protocol/...", "tools/..."},
		Except: []string{"agent/cache"},
		Forbid: []string{"github.com/dgraph-io/badger/v4", "github.com/dgraph-io/badger/v4/..."},
	},
	{
		Name:   "the agent stays small",
		Reason: "a TV carries every byte of it",
		In:     []string{"agent/...", "protocol/...", "lan/..."},
		Forbid: []string{"github.com/alecthomas/kong", "github.com/prometheus/client_golang/...", "github.com/go-jose/go-jose/v4", "net/http/pprof", "expvar", "html/template", "text/template", "github.com/grandcat/zeroconf", "github.com/miekg/dns", "github.com/miekg/dns/..."},
	},
}

// match reports whether path fits pattern; "p/..." fits p and all below it.
func match(pattern, path string) bool {
	if p, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == p || strings.HasPrefix(path, p+"/")
	}
	return path == pattern
}

func matchAny(patterns []string, path string) bool {
	for _, p := range patterns {
		if match(p, path) {
			return true
		}
	}
	return false
}

// Broken returns the imports of pkg (a path below the module; "." is the root)
// that r forbids.
func (r Rule) Broken(pkg string, imports []string) []string {
	if !matchAny(r.In, pkg) || matchAny(r.Except, pkg) {
		return nil
	}
	var out []string
	for _, imp := range imports {
		if matchAny(r.Forbid, imp) && !matchAny(r.Allow, imp) {
			out = append(out, imp)
		}
	}
	return out
}
