package notify

import "context"

// Missing is the [Transport] of a server that is given none: every message waits
// in the outbox, and is set aside when it is of no use any more. Nothing counts
// as sent that was not.
type Missing struct{}

// Send refuses for now.
func (Missing) Send(context.Context, Mail) error {
	return &TransportError{Code: "not configured"}
}
