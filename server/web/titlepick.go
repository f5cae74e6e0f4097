package web

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/profile"
)

// suggested is how many titles are offered for what somebody typed.
const suggested = 10

// maxQuery bounds what is searched for, in bytes.
const maxQuery = 200

// suggestions answers the script of a title picker, which works without it.
func (s *Site) suggestions(v *visit) error {
	type title struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Detail string `json:"detail"`
	}
	out := struct {
		Titles []title `json:"titles"`
	}{[]title{}}
	if q := tidy(v.r.URL.Query().Get("q")); q != "" && len(q) <= maxQuery {
		for _, t := range s.c.Search(q, suggested) {
			out.Titles = append(out.Titles, title{t.ID, t.Name, s.titleDetail(t)})
		}
	}
	data, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("web: suggestions: %w", err)
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.Write(data)
	return nil
}

// titleDetail tells a title from others of its name, an episode by its series.
func (s *Site) titleDetail(t parental.Title) string {
	kind := "Film"
	switch t.Kind {
	case parental.Series:
		kind = "Series, with its episodes"
	case parental.Episode:
		kind = fmt.Sprintf("Season %d, episode %d", t.Season, t.Episode)
		if series, ok := s.c.Title(protocol.TitleID(t.Series)); ok {
			kind = fmt.Sprintf("%s, season %d, episode %d", series.Name, t.Season, t.Episode)
		}
	}
	if t.Year > 0 {
		return fmt.Sprintf("%s · %d", kind, t.Year)
	}
	return kind
}

// titleRows are the titles with these ids as they are shown.
func (s *Site) titleRows(ids []protocol.TitleID) []TitleRow {
	out := make([]TitleRow, len(ids))
	for i, id := range ids {
		out[i] = TitleRow{ID: id, Name: s.c.Titles(id)}
		if t, ok := s.c.Title(id); ok {
			out[i] = s.titleRow(t)
		}
	}
	return out
}

func (s *Site) titleRow(t parental.Title) TitleRow {
	return TitleRow{ID: protocol.TitleID(t.ID), Name: t.Name, Detail: s.titleDetail(t), Series: t.Kind == parental.Series}
}

// pick finds the title that somebody means by what they typed: an id, a whole
// name, or the beginning of one name only. Where several may be meant it returns
// them, one more than are shown where there are more. Error: profile.ErrTitle.
func (s *Site) pick(typed string) (protocol.TitleID, []TitleRow, error) {
	if typed = tidy(typed); typed == "" || len(typed) > maxQuery {
		return "", nil, profile.ErrTitle
	}
	if _, ok := s.c.Title(protocol.TitleID(typed)); ok {
		return protocol.TitleID(typed), nil, nil
	}
	found := s.c.Search(typed, suggested+1)
	var named []parental.Title
	for _, t := range found {
		if strings.EqualFold(t.Name, typed) {
			named = append(named, t)
		}
	}
	if len(named) > 0 {
		found = named
	}
	switch len(found) {
	case 0:
		return "", nil, profile.ErrTitle
	case 1:
		return protocol.TitleID(found[0].ID), nil, nil
	}
	rows := make([]TitleRow, len(found))
	for i, t := range found {
		rows[i] = s.titleRow(t)
	}
	return "", rows, nil
}

// picked is what a title picker's form asks for.
type picked struct {
	add, remove protocol.TitleID
	choices     []TitleRow // several may be meant: nothing is done yet
	typed       string
}

// picked reads a title picker's form: "add" and "remove" hold ids that the page
// offered, "title" what somebody typed. Error: profile.ErrTitle.
func (s *Site) picked(v *visit) (p picked, err error) {
	p.typed = tidy(v.form("title"))
	switch {
	case v.form("remove") != "":
		p.remove = protocol.TitleID(v.form("remove"))
	case v.form("add") != "":
		p.add = protocol.TitleID(v.form("add"))
	default:
		p.add, p.choices, err = s.pick(p.typed)
	}
	return p, err
}

// picker is the form, with what was typed and what is wrong with it.
func picker(action, label string, p picked, full bool, problem *Problem) (TitlePicker, []Problem) {
	out := TitlePicker{
		Action: action, Choices: p.choices[:min(len(p.choices), suggested)], More: len(p.choices) > suggested, Full: full,
		Field: Field{
			Name: "title", Label: label, Value: p.typed, Autocomplete: "off", MaxLength: maxQuery,
			Hint: "Type its name, or the beginning. A series stands for all its episodes.",
		},
	}
	switch {
	case problem == nil:
	case full: // without the field
		return out, []Problem{{Text: problem.Text}}
	case !out.Field.mark(*problem):
		return out, []Problem{*problem}
	}
	return out, nil
}
