package api

import (
	"slices"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/profile"
)

const (
	maxFound = 20  // titles that a search gives
	maxQuery = 200 // bytes of what is searched for
)

// locked is whose PIN a route is about: the profile's in its path, or the parental
// one, whose paths name no profile. It has one path, not two.
func (c *call) locked() protocol.ProfileID {
	switch id := c.profile(); id {
	case "":
		return protocol.ParentalPIN
	case protocol.ParentalPIN:
		return "" // nobody's
	default:
		return id
	}
}

func (c *call) title() protocol.TitleID { return protocol.TitleID(c.r.PathValue("title")) }

// titleAnswer is one title.
type titleAnswer struct {
	ID   string `json:"id"`
	Name string `json:"name"` // empty: nobody knows it
	Kind string `json:"kind,omitempty"`
	Year int    `json:"year,omitempty"`

	Series  string `json:"series,omitempty"` // the name of an episode's
	Season  int    `json:"season,omitempty"`
	Episode int    `json:"episode,omitempty"`
}

func (a *API) titleOf(t parental.Title) titleAnswer {
	kind, series := string(t.Kind), ""
	switch t.Kind {
	case parental.Film:
		kind = "film"
	case parental.Episode:
		series = a.cfg.Titles(protocol.TitleID(t.Series))
	}
	return titleAnswer{t.ID, t.Name, kind, t.Year, series, t.Season, t.Episode}
}

// titleNames are the titles with these ids.
func (a *API) titleNames(ids []protocol.TitleID) []titleAnswer {
	out := make([]titleAnswer, len(ids))
	for i, id := range ids {
		out[i] = titleAnswer{ID: string(id), Name: a.cfg.Titles(id)}
	}
	return out
}

func (a *API) findTitles(c *call) error {
	q := strings.TrimSpace(c.r.URL.Query().Get("q"))
	if err := text("q", q, 1, maxQuery); err != nil {
		return err
	}
	out := []titleAnswer{}
	for _, t := range a.cfg.Search(q, maxFound) {
		out = append(out, a.titleOf(t))
	}
	return c.ok(map[string]any{"titles": out}, nil)
}

func (a *API) blocked(c *call) error {
	list, err := a.cfg.Profiles.List(c.ctx(), c.who.Account)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(p protocol.Profile) bool { return p.ID == c.profile() })
	if i < 0 {
		return profile.ErrUnknown
	}
	return c.ok(map[string]any{"titles": a.titleNames(list[i].Blocked)}, nil)
}

func (a *API) block(c *call) error {
	return c.done(a.cfg.Profiles.Block(c.ctx(), c.now, c.who, c.profile(), c.title(), ""))
}

func (a *API) unblock(c *call) error {
	return c.done(a.cfg.Profiles.Block(c.ctx(), c.now, c.who, c.profile(), "", c.title()))
}

func (a *API) parental(c *call) error {
	s, err := a.cfg.Profiles.Parental(c.ctx(), c.who.Account)
	return c.ok(map[string]any{
		"has_pin": s.HasPIN, "above": int(s.Above), "add_needs_pin": s.AddNeedsPIN, "titles": a.titleNames(s.Titles),
	}, err)
}

func (a *API) setParental(c *call) error {
	var in struct {
		Above       *int  `json:"above"`
		AddNeedsPIN *bool `json:"add_needs_pin"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := first(present("above", in.Above), present("add_needs_pin", in.AddNeedsPIN)); err != nil {
		return err
	}
	above := parental.Level(*in.Above)
	return c.done(a.cfg.Profiles.SetParental(c.ctx(), c.now, c.who, profile.Decision{Above: &above, AddNeedsPIN: in.AddNeedsPIN}))
}

func (a *API) addParentalTitle(c *call) error {
	return c.done(a.cfg.Profiles.SetParental(c.ctx(), c.now, c.who, profile.Decision{Add: c.title()}))
}

func (a *API) removeParentalTitle(c *call) error {
	return c.done(a.cfg.Profiles.SetParental(c.ctx(), c.now, c.who, profile.Decision{Remove: c.title()}))
}

func (a *API) unlockPIN(c *call) error {
	return c.done(a.cfg.Profiles.Unlock(c.ctx(), c.now, c.who, c.locked()))
}

// wrongPIN is the wrong tries at one PIN.
type wrongPIN struct {
	Profile string     `json:"profile"` // or "parental"
	Wrong   int        `json:"wrong"`
	Last    *time.Time `json:"last,omitempty"`
}

func (a *API) wrongPINs(c *call) error {
	tries, err := a.cfg.Profiles.Tries(c.ctx(), c.now, c.who.Account)
	out := []wrongPIN{}
	for id, t := range tries {
		w := wrongPIN{Profile: string(id), Wrong: t.Wrong}
		if last := t.Last.UTC(); !t.Last.IsZero() {
			w.Last = &last
		}
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b wrongPIN) int { return strings.Compare(a.Profile, b.Profile) })
	return c.ok(map[string]any{"pins": out}, err)
}
