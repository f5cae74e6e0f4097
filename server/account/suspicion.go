package account

import (
	"math"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/risk"
	"github.com/hearthkey/hearthkey/server/store"
)

// Location is where an address is, approximately. The zero value is nowhere.
type Location struct {
	Country  string // ISO 3166-1 alpha-2
	Lat, Lon float64
	Located  bool   // Lat and Lon are known, in degrees
	Provider uint32 // autonomous system number; 0: unknown
	Text     string // for people, e.g. "Lyon, France"
}

// Bounds of the history that sign-ins are compared with.
const (
	historyLife = 365 * 24 * time.Hour
	maxHistory  = 200 // of an account
)

// verdict is what the history makes of a sign-in.
type verdict struct {
	Suspicious bool // an access code, whatever the owner prefers
	Strong     bool // a passkey in its place, where the account has one
	Unusual    bool // a notice, also for a known device
	Reasons    []string
	Against    []string // those that speak for somebody else
	Stored     string   // of a challenge: the same in one
}

// detail is the reasons for the timeline, one a line.
func (v verdict) detail() string {
	if v.Stored != "" {
		return v.Stored
	}
	return strings.Join(v.Reasons, "\n")
}

// failureScopes count wrong passwords of a day (product rule V4): on the
// account, from the address and from its network. Those on a known device count
// apart from everybody else's: strangers' failures must not make it need a code
// (V5).
var failureScopes = [...]string{"failures-account", "failures-address", "failures-network"}

// failuresOver is how long such a failure counts (V4).
const failuresOver = 24 * time.Hour

func (s *Service) failureSubjects(t try, login string) [len(failureScopes)][]byte {
	who := "login " + login
	if t.acc.ID != "" {
		who = "account " + string(t.acc.ID)
	}
	if t.device != "" {
		who += " device " + t.device
	}
	return [...][]byte{
		s.c.Keys.MAC(keyring.Throttles, who),
		s.c.Keys.MAC(keyring.Throttles, t.r.From.IP),
		s.c.Keys.MAC(keyring.Throttles, Network(t.r.From.IP)),
	}
}

// countFailures counts a try as a failure before its password is checked.
func (s *Service) countFailures(tx *store.Tx, now time.Time, t *try, login string) error {
	t.failing = s.failureSubjects(*t, login)
	for i, scope := range failureScopes {
		n, err := tx.CountThrottle(scope, t.failing[i], failuresOver, now)
		if err != nil {
			return err
		}
		t.failed[i] = n - 1
	}
	return nil
}

// returnFailures takes the count of a right password back.
func returnFailures(tx *store.Tx, t try) error {
	for i, scope := range failureScopes {
		if err := tx.ReturnThrottle(scope, t.failing[i]); err != nil {
			return err
		}
	}
	return nil
}

// assess compares a sign-in whose password was right with the account's own
// (product rule V4).
func (s *Service) assess(tx *store.Tx, now time.Time, acc store.AccountRow, t try) (verdict, error) {
	rows, err := tx.SignInHistory(acc.ID, now.Add(-historyLife), maxHistory)
	if err != nil {
		return verdict{}, err
	}
	a := risk.Attempt{SignIn: s.signInOf(now, t.r.From), Failures: risk.Failures{Account: t.failed[0], Address: t.failed[1], Network: t.failed[2]}}
	global, err := everybody(tx, a.SignIn)
	if err != nil {
		return verdict{}, err
	}
	got := risk.Assess(s.c.Risk, a, historyOf(rows), global)
	v := verdict{Strong: got.Level >= risk.LevelStrong, Suspicious: got.Level >= risk.LevelCode, Unusual: got.Level >= risk.LevelNotice}
	for _, r := range got.Reasons {
		v.Reasons = append(v.Reasons, r.English())
		if r.Accuses() {
			v.Against = append(v.Against, r.English())
		}
	}
	return v, nil
}

// signInOf is a client as the model sees it.
func (s *Service) signInOf(now time.Time, from Client) risk.SignIn {
	from = from.tidy()
	at := Location{}
	if s.c.Locate != nil {
		at = s.c.Locate(from.IP)
	}
	browser, system, _ := strings.Cut(from.Agent, " on ")
	return risk.SignIn{
		At: now, Network: Network(from.IP), Provider: at.Provider, Country: at.Country,
		Position: risk.Position{Lat: at.Lat, Lon: at.Lon, Known: at.Located},
		Browser:  browser, System: system, Device: from.Kind,
	}
}

func historyOf(rows []store.SignInHistoryRow) risk.History {
	h := make(risk.History, 0, len(rows))
	for _, r := range rows {
		h = append(h, risk.SignIn{
			At: r.At, Network: r.Network, Provider: uint32(r.Provider), Country: r.Country,
			Position: risk.Position{Lat: float64(r.Latitude) / 1000, Lon: float64(r.Longitude) / 1000, Known: r.Located},
			Browser:  r.Browser, System: r.OS, Device: r.Kind,
		})
	}
	return h
}

// addHistory writes a complete sign-in down for later comparisons, of this
// account and of all.
func (s *Service) addHistory(tx *store.Tx, now time.Time, acc protocol.AccountID, from Client) error {
	id, err := newID(s.c.Rand)
	if err != nil {
		return err
	}
	at := s.signInOf(now, from)
	first, err := tx.SignInHistory(acc, time.Time{}, 1)
	if err != nil {
		return err
	}
	tx.OnCommit(func() { s.seen.add(at, len(first) == 0) })
	return tx.InsertSignInHistory(store.SignInHistoryRow{
		Account: acc, ID: id, At: now, Network: at.Network, Provider: int64(at.Provider), Country: at.Country,
		Located: at.Position.Known, Latitude: thousandths(at.Position.Lat), Longitude: thousandths(at.Position.Lon),
		Browser: at.Browser, OS: at.System, Kind: at.Device,
	}, maxHistory)
}

func thousandths(degrees float64) int64 { return int64(math.Round(degrees * 1000)) }
