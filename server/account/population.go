package account

import (
	"context"
	"strconv"
	"sync"

	"github.com/hearthkey/hearthkey/server/risk"
	"github.com/hearthkey/hearthkey/server/store"
)

// population counts how common the traits of sign-ins are over all accounts.
// It gathers in memory what this node saw and adds it to the database from time
// to time: rows that every sign-in would have to write would be waited for, and
// a count that a crash loses changes no score to speak of.
type population struct {
	mu     sync.Mutex
	counts map[traitValue]int64 // guarded by mu
}

// traitValue is a row of the counts: an empty value counts the trait's distinct
// values.
type traitValue struct{ trait, value string }

const (
	maxGathered = 100_000 // values in memory; above that new ones wait for the next write

	totalTrait    = "total"
	totalSignIns  = "sign-ins"
	totalAccounts = "accounts"
	hourTrait     = "hour"
)

func traitName(t risk.Trait) string { return "trait " + strconv.Itoa(int(t)) }

func (p *population) add(at risk.SignIn, newAccount bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.counts == nil {
		p.counts = map[traitValue]int64{}
	}
	count := func(k traitValue) {
		if _, ok := p.counts[k]; ok || len(p.counts) < maxGathered {
			p.counts[k]++
		}
	}
	for t := range risk.Traits {
		if v := at.Value(t); v != "" {
			count(traitValue{traitName(t), v})
		}
	}
	count(traitValue{hourTrait, strconv.Itoa(at.At.UTC().Hour())})
	count(traitValue{totalTrait, totalSignIns})
	if newAccount {
		count(traitValue{totalTrait, totalAccounts})
	}
}

func (p *population) take() map[traitValue]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.counts
	p.counts = nil
	return out
}

// giveBack returns what could not be written.
func (p *population) giveBack(counts map[traitValue]int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.counts == nil {
		p.counts = map[traitValue]int64{}
	}
	for k, n := range counts {
		p.counts[k] += n
	}
}

// CountSeen writes what this node saw of all sign-ins to the database; to be
// called about every minute.
func (s *Service) CountSeen(ctx context.Context) error {
	counts := s.seen.take()
	if len(counts) == 0 {
		return nil
	}
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		for k, n := range counts {
			if err := tx.AddTrait(k.trait, k.value, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.seen.giveBack(counts)
	}
	return err
}

// everybody says how common at's traits are, as far as the database knows.
func everybody(tx *store.Tx, at risk.SignIn) (risk.Global, error) {
	var g risk.Global
	rows, err := tx.TraitTotals(totalTrait, hourTrait)
	if err != nil {
		return g, err
	}
	for _, r := range rows {
		switch {
		case r.Trait == totalTrait && r.Value == totalSignIns:
			g.SignIns = r.Times
		case r.Trait == totalTrait && r.Value == totalAccounts:
			g.Accounts = r.Times
		case r.Trait == hourTrait:
			if h, err := strconv.Atoi(r.Value); err == nil && h >= 0 && h < len(g.Hours) {
				g.Hours[h] = r.Times
			}
		}
	}
	for t := range risk.Traits {
		v := at.Value(t)
		if v == "" {
			continue
		}
		if g.Seen[t].Times, g.Seen[t].Distinct, err = tx.Trait(traitName(t), v); err != nil {
			return g, err
		}
	}
	return g, nil
}
