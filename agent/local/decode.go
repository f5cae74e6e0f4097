package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// The most that a message and its parts may have, in bytes.
const (
	maxMessage = 4096
	maxID      = 64 // of a request
	maxText    = 256
	maxTitle   = 64
	maxName    = 64
	maxSeconds = 7 * 24 * 3600 // that a title may last
)

// request is one message of a client. Without ID it is a notification: nothing is
// answered.
type request struct {
	ID   json.RawMessage // a number or a string; nil for none
	Call Call
}

// calls makes an empty call by the name of its method.
var calls = map[string]func() Call{
	"hello":     func() Call { return &Hello{} },
	"subscribe": func() Call { return &Subscribe{} },
	"press":     func() Call { return &Press{} },
	"text":      func() Call { return &Text{} },
	"launch":    func() Call { return &Launch{} },
	"resume":    func() Call { return &Resume{} },
	"view":      func() Call { return &GetView{} },
	"status":    func() Call { return &GetStatus{} },
	"grant":     func() Call { return &GetGrant{} },
	"decide":    func() Call { return &Decide{} },
	"report":    func() Call { return &Report{} },
	"sign_out":  func() Call { return &SignOut{} },
	"stop":      func() Call { return &Stop{} },
}

// decode reads one message. Where it is none, the error says why as JSON-RPC has it,
// and the request still has its ID if that could be read.
func decode(data []byte) (r request, refused *Error) {
	if len(data) > maxMessage {
		return r, &Error{CodeRequest, fmt.Sprintf("a message may have %d bytes", maxMessage)}
	}
	if !utf8.Valid(data) || !json.Valid(data) {
		return r, &Error{CodeParse, "not JSON"}
	}
	var m struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Method  string          `json:"method"`
		Params  json.RawMessage `json:"params"`
	}
	if err := strictly(data, &m); err != nil {
		return r, &Error{CodeRequest, "not a request: " + fault(err)}
	}
	if !validID(m.ID) {
		return r, &Error{CodeRequest, fmt.Sprintf("id must be a number or a string of at most %d bytes", maxID)}
	}
	r.ID = m.ID
	empty, known := calls[m.Method]
	switch {
	case m.Version != "2.0":
		return r, &Error{CodeRequest, `jsonrpc must be "2.0"`}
	case !known:
		return r, &Error{CodeMethod, fmt.Sprintf("no method %.32q", m.Method)}
	}
	call := empty()
	if len(m.Params) == 0 {
		m.Params = []byte("{}")
	}
	if err := strictly(m.Params, call); err != nil {
		return r, &Error{CodeParams, fault(err)}
	}
	r.Call = call
	return r, check(call)
}

// validID: JSON-RPC 2.0 has numbers, strings and null; null is refused, since the
// answer to what could not be read has it.
func validID(id json.RawMessage) bool {
	return len(id) <= maxID && (len(id) == 0 || id[0] == '"' || id[0] == '-' || '0' <= id[0] && id[0] <= '9')
}

// strictly decodes one object and nothing behind it.
func strictly(data []byte, v any) error {
	if first := bytes.TrimLeft(data, " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return errObject
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errObject
	}
	return nil
}

var errObject = errors.New("one object is wanted")

// fault says what is wrong with JSON, shortly and without repeating what was sent.
func fault(err error) string {
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		return fmt.Sprintf("%.64s is of the wrong kind", kind.Field)
	case errors.Is(err, errObject):
		return err.Error()
	}
	return "a field is not known, or not what it should be"
}

// check holds a call's fields to their bounds.
func check(call Call) *Error {
	bad := func(what string) *Error { return &Error{CodeParams, what} }
	switch c := call.(type) {
	case *Hello:
		if len(c.Client) > maxName || len(c.Token) > maxName*2 {
			return bad("client may have 64 bytes, token 128")
		}
	case *Subscribe:
		return c.check()
	case *Press:
		if !c.Key.Valid() {
			return bad("key is missing")
		}
	case *Text:
		if c.Text == "" || len(c.Text) > maxText {
			return bad("text must have 1 to 256 bytes")
		}
	case *Launch:
		if c.Path == "" {
			c.Path = parental.DeepLink
		}
		if c.Path != parental.DeepLink && c.Path != parental.Remote {
			return bad("path must be deep_link or remote")
		}
		return checkTitle(c.Title)
	case *Decide:
		if c.Path == "" {
			c.Path = parental.Open
		}
		return checkTitle(c.Title)
	case *Report:
		return c.check()
	}
	return nil
}

func (c *Subscribe) check() *Error {
	if len(c.Events) > len(topics) {
		return &Error{CodeParams, "an event is there twice"}
	}
	for _, t := range c.Events {
		if topicIndex(t) < 0 {
			return &Error{CodeParams, fmt.Sprintf("no event %.32q", t)}
		}
	}
	return nil
}

func (c *Report) check() *Error {
	if c.Path == "" {
		c.Path = parental.Open
	}
	switch {
	case c.What != protocol.Started && c.What != protocol.Progress && c.What != protocol.Stopped:
		return &Error{CodeParams, "what must be started, progress or stopped"}
	case c.Position < 0 || c.Position > maxSeconds || c.Length < 0 || c.Length > maxSeconds:
		return &Error{CodeParams, "position and length must be 0 to 604800 seconds"}
	}
	return checkTitle(c.Title)
}

func checkTitle(id protocol.TitleID) *Error {
	if id == "" || len(id) > maxTitle {
		return &Error{CodeParams, "title must have 1 to 64 bytes"}
	}
	return nil
}

// topicIndex is a topic's place in topics, or -1.
func topicIndex(t Topic) int {
	for i, known := range topics {
		if t == known {
			return i
		}
	}
	return -1
}
