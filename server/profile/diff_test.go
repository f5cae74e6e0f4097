package profile

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/account"
)

// TestV7_ProfileDiffSaysWhatChanged: no more and no less.
func TestV7_ProfileDiffSaysWhatChanged(t *testing.T) {
	was := protocol.Profile{Name: "Kids", Avatar: "kite", Level: parental.LittleKids, Language: "en", Kids: true}
	for name, c := range map[string]struct {
		change func(*protocol.Profile)
		want   string
	}{
		"nothing":      {func(*protocol.Profile) {}, ""},
		"the name":     {func(p *protocol.Profile) { p.Name = "Mia" }, "It was called “Kids”."},
		"the picture":  {func(p *protocol.Profile) { p.Avatar = "boat" }, "It has another picture."},
		"the language": {func(p *protocol.Profile) { p.Language = "de" }, "It has another language."},
		"the level": {func(p *protocol.Profile) { p.Level, p.Kids = parental.Teens, false },
			"The level was Little kids and is Teens. It is no kids profile any more."},
	} {
		is := was
		c.change(&is)
		if got := profileDiff(was, is); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestV7_NoticesNameTitles: a parent must see whether it was they; up to three,
// and what is nameless by its id.
func TestV7_NoticesNameTitles(t *testing.T) {
	f := newFixture(t)
	long := strings.Repeat("é", 50)
	f.c.Title = func(id protocol.TitleID) string { return map[protocol.TitleID]string{"a": "Amber", "b": long}[id] }
	for _, c := range []struct{ was, is, want string }{
		{"a", "a", ""},
		{"", "a", "Blocked: “Amber”."},
		{"a", "c", "Blocked: “c”. No longer: “Amber”."},
		{"a b c d e", "", "No longer: “Amber”, “" + strings.Repeat("é", 39) + "…”, “c” and 2 more."},
	} {
		got := f.titlesDiff("Blocked", "No longer", ids(c.was), ids(c.is))
		if got != c.want {
			t.Errorf("%q to %q: %q, want %q", c.was, c.is, got, c.want)
		}
		if n := utf8.RuneCountInString(got); n > 200 {
			t.Errorf("%d characters", n)
		}
	}
}

func ids(text string) (out []protocol.TitleID) {
	for id := range strings.FieldsSeq(text) {
		out = append(out, protocol.TitleID(id))
	}
	return out
}

// TestV7_ProfileNoticesSayWhatWasDone: also with what a TV changed.
func TestV7_ProfileNoticesSayWhatWasDone(t *testing.T) {
	f := newFixture(t)
	p, err := f.Create(f.ctx, f.now, f.who, Edit{Name: "Mia", Avatar: "kite", Level: parental.Teens})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.Edit(f.ctx, f.now, f.who, p.ID, Edit{Name: "Mia", Avatar: "lantern", Level: parental.Teens}); err != nil {
		t.Fatal(err)
	}
	if err = f.Block(f.ctx, f.now, f.who, p.ID, "salt", ""); err != nil {
		t.Fatal(err)
	}
	if err = f.Delete(f.ctx, f.now, f.who, p.ID); err != nil {
		t.Fatal(err)
	}
	for i, want := range []account.Notice{
		{Done: account.DoneAdded, Detail: "Added, with the level Teens."}, {Detail: "It has another picture."},
		{ProfileID: p.ID, Detail: "Blocked: “Salt”."}, {Done: account.DoneRemoved, Detail: "Removed."},
	} {
		if n := f.notices[i]; n.Profile != "Mia" || n.Done != want.Done || n.Detail != want.Detail || n.ProfileID != want.ProfileID {
			t.Errorf("notice %d: %q %q %q %q", i, n.Profile, n.Done, n.Detail, n.ProfileID)
		}
	}
}
