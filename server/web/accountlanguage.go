package web

import (
	"errors"
	"net/http"

	"github.com/hearthkey/hearthkey/protocol/words"
	"github.com/hearthkey/hearthkey/server/account"
)

// LanguagePage chooses the account's language. Unlike the choice at the foot of
// each page, which is of one browser, it is of mails and TVs too.
type LanguagePage struct {
	Frame
	Problems  []Problem
	Languages []Option
}

func (s *Site) languageForm(v *visit) error {
	return s.showLanguage(v, http.StatusOK, words.Match(v.session.Language), nil)
}

func (s *Site) showLanguage(v *visit, status int, chosen words.Language, problem *Problem) error {
	page := LanguagePage{Frame: v.frame("Change language", "membership")}
	for _, l := range words.Languages() {
		page.Languages = append(page.Languages, Option{Value: string(l), Label: l.Own(), Chosen: l == chosen})
	}
	if problem != nil {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

// setLanguage saves it. This browser reads it too from now on, whatever was chosen
// at the foot of its pages.
func (s *Site) setLanguage(v *visit) error {
	who, err := s.c.Accounts.SetLanguage(v.ctx(), v.now, v.session, v.form("language"))
	if errors.Is(err, account.ErrLanguage) {
		return s.showLanguage(v, http.StatusUnprocessableEntity, words.Match(v.session.Language), &Problem{Field: "language", Text: "Choose one of the languages."})
	}
	if err != nil {
		return err
	}
	v.session = who
	v.drop(cookieLanguage)
	return v.done("language", membershipPath)
}
