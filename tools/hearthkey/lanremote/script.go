package lanremote

import (
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/lan/handset"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// settle is how long after the last answer a TV may tell what it shows.
const settle = 150 * time.Millisecond

// Script presses keys and then types a text, each after the answer to the one before,
// and returns what the TV shows then. A key that the TV ignores is an error.
func Script(conn *handset.Conn, keys []string, text string) (tvremote.State, error) {
	var st tvremote.State
	for _, name := range keys {
		if _, err := keyseq.Parse(name); err != nil {
			return st, fmt.Errorf("%q is no key: they are %v", name, keyseq.Keys())
		}
	}
	if _, err := tvremote.Encode(tvremote.Text{Seq: 1, Text: protocol.Secret(text)}); text != "" && err != nil {
		return st, fmt.Errorf("a text has at most %d characters, in one line", tvremote.MaxText)
	}
	for _, name := range keys {
		seq, err := conn.Press(name, tvremote.Press)
		if err := answered(conn, &st, seq, err); err != nil {
			return st, fmt.Errorf("press %s: %w", name, err)
		}
	}
	if text != "" {
		seq, err := conn.Type(text)
		if err := answered(conn, &st, seq, err); err != nil {
			return st, fmt.Errorf("type: %w", err)
		}
	}
	return st, look(conn, &st)
}

// answered waits for the acknowledgement of what was sent.
func answered(conn *handset.Conn, st *tvremote.State, seq int64, err error) error {
	for err == nil {
		var f tvremote.Frame
		if f, err = conn.Read(); err != nil {
			break
		}
		switch f := f.(type) {
		case tvremote.State:
			*st = f
		case tvremote.Error:
			return refusal(&handset.Refused{Why: f})
		case tvremote.Ack:
			if why, ok := ignored[f.Ignored]; ok && f.Seq == seq {
				return errors.New(why)
			}
			if f.Seq == seq {
				return nil
			}
		}
	}
	return err
}

// look waits until the TV has told what it shows.
func look(conn *handset.Conn, st *tvremote.State) error {
	conn.Until(time.Now().Add(settle))
	for {
		f, err := conn.Read()
		switch {
		case errors.Is(err, handset.ErrSilent):
			return nil
		case err != nil:
			return err
		}
		if s, ok := f.(tvremote.State); ok {
			*st = s
		}
	}
}
