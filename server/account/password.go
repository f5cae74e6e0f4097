package account

import "fmt"

// PasswordReason says which rule a password breaks.
type PasswordReason string

// The reasons.
const (
	PasswordTooShort   PasswordReason = "too_short"
	PasswordTooLong    PasswordReason = "too_long"
	PasswordHasAddress PasswordReason = "has_address" // contains the email's local part
	PasswordHasService PasswordReason = "has_service" // contains the service's name
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
