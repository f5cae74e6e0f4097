package nav

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxProfileName is the longest name that can be typed, in characters.
const maxProfileName = 32

// ofProfile reports whether a field belongs to a draft.
func (f field) ofProfile() bool { return f == atProfileName || f == atOwnerPassword }

// enterName opens the field of the draft's name, with what is there already.
func (s *stepper) enterName() {
	s.place = atNewName
	s.typing = typing{at: atProfileName, name: s.draft.name}
	if s.draft.name == "" {
		s.typing.layout = s.nameLayout()
	}
}

// enterPassword opens the field of the account's password.
func (s *stepper) enterPassword() {
	s.place = atNewPassword
	s.typing = typing{at: atOwnerPassword}
}

// lowerAfterCapital goes on with small letters after the first of a name.
func (s *stepper) lowerAfterCapital() {
	t := &s.typing
	if t.at == atProfileName && t.layout == upper && utf8.RuneCountInString(t.name) == 1 {
		r, _ := utf8.DecodeRuneInString(t.name)
		s.typing.layout = lower
		s.focus = keyPrefix + string(unicode.ToLower(r))
	}
}

// draftKeys is the keyboard of a draft's fields.
func (m Model) draftKeys() [][]Item {
	rows := characters(layouts[m.typing.layout])
	last := Item{ID: "next", Label: text(msgDone), Wide: quarter}
	space := []Item{{ID: "space", Label: text(msgKeySpace), Wide: 2 * half}}
	if m.typing.at == atOwnerPassword {
		space = []Item{{ID: "space", Label: text(msgKeySpace), Wide: half}, {ID: "show", Label: m.showLabel(), Wide: half}}
	} else if m.draft.edits == "" {
		last.Label = text(msgKeyNext)
	}
	return append(append(rows, space), m.shift(m.accentKey(), last)...)
}

// draftFieldBefore leaves an empty field.
func (s *stepper) draftFieldBefore() {
	switch {
	case s.typing.at == atOwnerPassword:
		s.chooseLevel()
	case s.draft.edits != "":
		s.toEdit("name")
	default:
		s.chooseAvatar()
	}
}

// submitDraft ends a field.
func (s *stepper) submitDraft() {
	t, d := &s.typing, &s.draft
	s.focus = "next"
	name := strings.TrimSpace(t.name)
	switch {
	case t.at == atOwnerPassword && s.draftWait() > 0:
		t.news = true
	case t.at == atOwnerPassword && t.password == "":
		s.hint(msgPasswordEmpty)
	case t.at == atOwnerPassword:
		s.addNow("", t.password)
	case name == "":
		s.hint(msgNameEmpty)
	case d.edits != "":
		s.edit(name, d.avatar)
	default:
		d.name, d.problem = name, 0
		s.chooseLevel()
	}
}

// viewDraftField describes the field with its keyboard.
func (m Model) viewDraftField(v *View) {
	t, d := m.typing, m.draft
	k := &Keyboard{Kind: t.wanted(), Keys: m.keys(), Length: utf8.RuneCountInString(t.entered())}
	v.Who, v.Keyboard = m.draftFace(), k
	if t.at == atOwnerPassword {
		v.Title, k.Label, k.Hidden = text(msgOwnerPassword), text(msgPasswordLabel), !t.shown
		v.Text = []string{text(msgOwnerPasswordText, "owner", clean(m.world.Owner, maxDetail)), text(msgPasswordText)}
		if t.shown {
			k.Text = string(t.password)
		}
		k.Wait = seconds(m.draftWait())
	} else {
		v.Title, k.Label, k.Text = text(msgName), text(msgNameLabel), t.name
		if d.edits != "" {
			v.Title = text(msgNewName)
		}
	}
	switch {
	case t.hint != 0:
		k.Message = text(t.hint)
	case k.Wait > 0:
		k.Message = text(msgSignInWait)
	case d.problem != 0 && t.entered() == d.typed(t):
		k.Message = text(d.problem)
	}
}

// typed is what was in the field when its problem came.
func (d draft) typed(t typing) string {
	if t.at == atProfileName {
		return d.name
	}
	return ""
}
