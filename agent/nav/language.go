package nav

import (
	"cmp"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol/words"
)

// language is what the TV speaks: what was chosen for it, or else the language of
// the profile in use, or else what it was set up with, or the household's.
func (m *Model) language() words.Language {
	if l, ok := words.Known(string(m.world.Look.Language)); ok {
		return l
	}
	if m.watching.id != "" {
		if p, ok := findProfile(m.world.Profiles, m.watching.id); ok {
			if l, ok := words.Known(p.Language); ok {
				return l
			}
		}
	}
	if m.world.Language == "" && m.world.Household.Language == "" && len(m.world.Profiles) > 0 {
		return words.Match(m.mainProfile().Language)
	}
	return cmp.Or(m.world.Language, m.world.Household.Language, words.English)
}

// mirrored reports whether the top layer is drawn the other way round, so that
// Left and Right change places. The words of a player, a keyboard and a PIN turn,
// but not their tracks and keys.
func (m *Model) mirrored() bool {
	if m.language().Direction() != words.RightToLeft {
		return false
	}
	if m.menu || m.dialog != noDialog {
		return true
	}
	switch m.screen() {
	case ScreenPlayer, ScreenSearch, ScreenPIN, ScreenProfilePIN,
		ScreenEmail, ScreenPassword, ScreenAccessCode, ScreenProfileName, ScreenProfilePassword:
		return false
	}
	return true
}

func mirror(k keyseq.Key) keyseq.Key {
	switch k {
	case keyseq.Left:
		return keyseq.Right
	case keyseq.Right:
		return keyseq.Left
	}
	return k
}

// languageItems are the languages, each by its own name.
func (m *Model) languageItems() []Item {
	chosen := m.world.Look.Language
	items := []Item{{ID: "own", Label: text(msgLanguageOfProfile), Choice: true, Chosen: chosen == ""}}
	for _, l := range words.Languages() {
		items = append(items, Item{ID: string(l), Label: l.Own(), Choice: true, Chosen: chosen == l})
	}
	return items
}

func (s *stepper) chooseLanguage(id string) {
	look := s.world.Look
	look.Language = ""
	if l, ok := words.Known(id); ok {
		look.Language = l
	}
	s.changeLook(look)
}

// sayIn puts all texts of v into the language. Rows are in it already.
func (m *Model) sayIn(v *View) {
	l := m.language()
	v.Lang, v.Dir, v.Words = l, l.Direction(), PageWords(l)
	speech(l).all(&v.Title, &v.Badge, &v.Toast)
	v.Text = speech(l).texts(v.Text)
	v.Items, v.Menu = speech(l).items(v.Items), speech(l).items(v.Menu)
	if v.Who != nil {
		who := speech(l).items([]Item{*v.Who})
		v.Who = &who[0]
	}
	speech(l).parts(v)
}

// speech puts what a View has into a language. What it is given may be shared
// with the Model, and is not changed.
type speech words.Language

func (l speech) all(texts ...*string) {
	for _, t := range texts {
		*t = said(words.Language(l), *t)
	}
}

func (l speech) texts(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, said(words.Language(l), s))
	}
	return out
}

func (l speech) items(list []Item) []Item {
	if list == nil {
		return nil
	}
	out := make([]Item, len(list))
	for i, it := range list {
		l.all(&it.Label, &it.Detail, &it.Badge)
		out[i] = it
	}
	return out
}

func (l speech) parts(v *View) {
	if v.Code != nil {
		l.all(&v.Code.Problem)
	}
	if v.PIN != nil {
		l.all(&v.PIN.Message)
	}
	if v.Player != nil {
		l.all(&v.Player.Title, &v.Player.Detail, &v.Player.Said, &v.Player.Next)
	}
	if v.Card != nil {
		l.all(&v.Card.Title, &v.Card.Detail, &v.Card.Badge)
	}
	if v.Page != nil {
		l.all(&v.Page.Label)
	}
	if v.Banner != nil {
		l.all(&v.Banner.Text, &v.Banner.Key, &v.Banner.Does, &v.Banner.Said)
	}
	if v.Keyboard != nil {
		l.all(&v.Keyboard.Label, &v.Keyboard.Message)
		keys := make([][]Item, len(v.Keyboard.Keys))
		for i, row := range v.Keyboard.Keys {
			keys[i] = l.items(row)
		}
		v.Keyboard.Keys = keys
	}
	if v.Dialog != nil {
		l.all(&v.Dialog.Title)
		v.Dialog.Text, v.Dialog.Items = l.texts(v.Dialog.Text), l.items(v.Dialog.Items)
	}
}

// pageWords are made once, and never changed.
var pageWords = func() map[words.Language]*Words {
	all := make(map[words.Language]*Words)
	for _, l := range append(words.Languages(), words.Pseudo) {
		w := &Words{}
		for id, field := range w.fields() {
			*field = sentenceIn(l, id)
		}
		all[l] = w
	}
	return all
}()

// PageWords returns the words that stand beside every View in a language.
func PageWords(l words.Language) *Words { return pageWords[l] }

func (w *Words) fields() map[message]*string {
	return map[message]*string{
		msgDrawMenu: &w.Menu, msgDrawScan: &w.Scan, msgDrawPicture: &w.Picture, msgDrawLife: &w.Life, msgDrawCode: &w.Code,
		msgDrawFirst: &w.First, msgDrawSecond: &w.Second, msgDrawThird: &w.Third, msgDrawPress: &w.Press, msgDrawDigits: &w.Digits,
		msgDrawNextTry: &w.NextTry, msgDrawMoment: &w.Moment, msgDrawLocked: &w.Locked, msgDrawWatched: &w.Watched,
		msgDrawEntered: &w.Entered, msgDrawTyped: &w.Typed, msgDrawAway: &w.Away, msgDrawAwayText: &w.AwayText,
	}
}
