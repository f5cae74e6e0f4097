package account

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go"
	"github.com/ccojocar/zxcvbn-go/match"
	"golang.org/x/text/unicode/norm"

	"github.com/hearthkey/hearthkey/server/wordlist"
)

// PasswordReason says which rule a password breaks.
type PasswordReason string

// The reasons.
const (
	PasswordTooShort   PasswordReason = "too_short"
	PasswordTooLong    PasswordReason = "too_long"
	PasswordHasAddress PasswordReason = "has_address" // contains the email's local part
	PasswordHasService PasswordReason = "has_service" // contains the service's name
	PasswordCommon     PasswordReason = "common"      // one of the 10,000 commonest
	PasswordGuessable  PasswordReason = "guessable"   // zxcvbn score below 3
	PasswordNotText    PasswordReason = "not_text"    // not UTF-8, or control characters
	PasswordSameAsOld  PasswordReason = "same_as_old" // on a change
)

// PasswordError refuses a password.
type PasswordError struct {
	Reason PasswordReason
	Advice string // a sentence for the person who chose it
}

// Error says why.
func (e *PasswordError) Error() string { return fmt.Sprintf("account: password refused: %s", e.Reason) }

// Bounds of a password, in characters (product rule A3).
const (
	defaultMinPassword = 8
	MaxPassword        = 128
)

// minScore is the least zxcvbn score, of 0 to 4 (product rule A3).
const minScore = 3

// minLocal is the least length in characters of a local part that a password
// must not contain.
const minLocal = 4

// tooBig reports whether a password cannot be one of ours, before any work is
// spent on it. A character has at most 4 bytes and NFC grows it at most
// threefold (Unicode Standard Annex 15, section 11.1).
func tooBig(password string) bool { return len(password) > MaxPassword*4*3 }

// normalPassword is the form in which passwords are hashed.
func normalPassword(password string) string { return norm.NFC.String(password) }

// checkPassword applies the rules to a new password. It takes up to 40 ms of a
// core: callers hold a place at the gate.
func (s *Service) checkPassword(password, emailKey string) error {
	if tooBig(password) {
		return &PasswordError{PasswordTooLong, fmt.Sprintf("Use at most %d characters.", MaxPassword)}
	}
	p := normalPassword(password)
	n := utf8.RuneCountInString(p)
	lower := strings.ToLower(p)
	local, domain, _ := strings.Cut(emailKey, "@")
	local, _, _ = strings.Cut(local, "+") // what follows is a sub-address (RFC 5233)
	service := strings.ToLower(s.c.ServiceName)
	switch {
	case !utf8.ValidString(p) || strings.IndexFunc(p, unicode.IsControl) >= 0:
		return &PasswordError{PasswordNotText, "Use letters, digits, spaces, signs and emoji; this has characters that cannot be typed."}
	case n < s.c.MinPassword:
		return &PasswordError{PasswordTooShort, fmt.Sprintf("Use at least %d characters. Four random words make a good password.", s.c.MinPassword)}
	case n > MaxPassword:
		return &PasswordError{PasswordTooLong, fmt.Sprintf("Use at most %d characters.", MaxPassword)}
	case utf8.RuneCountInString(local) >= minLocal && strings.Contains(lower, local):
		return &PasswordError{PasswordHasAddress, "Leave out the first part of your email address: it is tried first."}
	case service != "" && strings.Contains(lower, service):
		return &PasswordError{PasswordHasService, "Leave out the name of this service: it is tried first."}
	case wordlist.CommonPassword(p):
		return &PasswordError{PasswordCommon, "This is one of the passwords that most people use: it is among the first that are tried. Four random words make a good one."}
	case distinct(p) < 4:
		return &PasswordError{PasswordGuessable, "Use more than a few different characters."}
	}
	m := zxcvbn.PasswordStrength(p, []string{local, domain, service})
	if m.Score < minScore {
		return &PasswordError{PasswordGuessable, advice(m.MatchSequence)}
	}
	return nil
}

func distinct(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// advice words what made a password guessable, by its longest weak part.
func advice(parts []match.Match) string {
	longest := match.Match{}
	for _, p := range parts {
		if p.Pattern != "bruteforce" && len(p.Token) > len(longest.Token) {
			longest = p
		}
	}
	const more = " Add another word or two that have nothing to do with it."
	switch longest.Pattern {
	case "dictionary":
		if longest.DictionaryName == "Passwords" {
			return "This is like one of the most used passwords." + more
		}
		return "A single word or name is guessed quickly." + more
	case "spatial":
		return "Neighbouring keys are guessed quickly." + more
	case "repeat":
		return "Repeated characters are guessed quickly." + more
	case "sequence":
		return "Sequences such as abc or 6543 are guessed quickly." + more
	case "date":
		return "Dates are guessed quickly." + more
	}
	return "This is guessed quickly. Four random words make a good password."
}
