package profile

import (
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/store"
)

// Rules is what a household decided for one profile, with the versions of the
// PINs in force; 0: there is none.
type Rules struct {
	parental.Rules
	PIN         int64 // the profile's lock
	ParentalPIN int64
}

// RulesIn returns the rules of a profile, as its TVs hold them, within the
// caller's transaction. Errors: ErrUnknown.
func (s *Service) RulesIn(tx *store.Tx, acc protocol.AccountID, id protocol.ProfileID) (Rules, error) {
	all, err := list(tx, acc)
	if err != nil {
		return Rules{}, err
	}
	doc := protocol.Snapshot{Profiles: all}
	lock, err := pinRow(tx, acc, protocol.ParentalPIN)
	if err != nil {
		return Rules{}, err
	}
	if lock.Version > 0 {
		guarded, err := tx.Parental(acc)
		if err != nil {
			return Rules{}, err
		}
		doc.Parental = &protocol.Parental{PIN: lock.Version, Above: guarded.Above, Titles: guarded.Titles}
	}
	for _, p := range all {
		if p.ID != id {
			continue
		}
		r := Rules{Rules: doc.Rules(p), ParentalPIN: lock.Version}
		if p.Locked {
			r.PIN = p.PIN
		}
		return r, nil
	}
	return Rules{}, ErrUnknown
}
