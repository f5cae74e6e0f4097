package operator

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// Message is a message in the outbox, without what it says.
type Message struct {
	ID       string
	Account  protocol.AccountID // whom it is about; empty: nobody
	Channel  string             // mail, sms
	To       string             // a mailbox but for its first letter and domain, or a number's last four digits
	Kind     string
	Created  time.Time
	Attempts int
	Next     time.Time // when it is tried again; zero: not any more
	SetAside time.Time // zero: it waits
	Reason   string    // what the last attempt came to: a code of the mail server, the gateway or ours
}

// MaxMessages is the largest number of messages that [Service.Outbox] returns.
const MaxMessages = 500

// Outbox returns up to n messages (at most [MaxMessages]) that did not leave:
// those set aside in the last 30 days, the newest first, or those that wait, the
// oldest first (product rule V11).
func (s *Service) Outbox(ctx context.Context, setAside bool, n int) ([]Message, error) {
	if n <= 0 || n > MaxMessages {
		n = MaxMessages
	}
	var out []Message
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.StuckOutbox(setAside, n)
		out = make([]Message, 0, len(rows))
		for _, r := range rows {
			out = append(out, Message{
				ID: r.ID, Account: r.Account, Channel: r.Channel, To: recipient(r.Recipient), Kind: r.Kind,
				Created: r.Created, Attempts: r.Attempts, Next: r.Next, SetAside: r.Failed, Reason: r.LastError,
			})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the outbox: %w", err)
	}
	return out, nil
}

// recipient keeps of an address what tells a wrong domain from a wrong mailbox.
func recipient(to string) string {
	at := strings.LastIndexByte(to, '@')
	if at <= 0 {
		return masked(to)
	}
	_, first := utf8.DecodeRuneInString(to)
	return to[:first] + "…" + to[at:]
}
