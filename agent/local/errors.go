package local

import (
	"errors"
	"fmt"
)

// Code is the number of an error, as JSON-RPC has it.
type Code int

// The codes. Those below zero are JSON-RPC's own.
const (
	CodeParse    Code = -32700 // not JSON
	CodeRequest  Code = -32600 // JSON, but no request
	CodeMethod   Code = -32601 // no such method
	CodeParams   Code = -32602 // params are not what the method takes
	CodeToken    Code = 1      // hello with the right token must come first
	CodeEnding   Code = 2      // the agent ends
	CodeTooFast  Code = 3      // more than 100 requests a second: not carried out
	CodeRefused  Code = 4      // not as things are: not allowed to play, not signed in, stolen
	CodeNotThere Code = 5      // not offered by this agent
)

// Error is what a call is answered with that was not carried out. Its text is for
// whoever writes the client, not for a person at the screen.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("local: %s (%d)", e.Message, e.Code) }

// asError is err as a client is told it.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{CodeEnding, "the agent ends"}
}
