package web

import (
	"context"
	"net/http"
	"strings"
)

// outbox shows this run's messages. It exists only where the operator switched
// the development mode on.
func (s *Site) outbox(v *visit) error {
	page, err := s.outboxPage(v)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page)
}

func (s *Site) outboxPage(v *visit) (OutboxPage, error) {
	list, err := s.messages(v.ctx())
	if err != nil {
		return OutboxPage{}, err
	}
	return OutboxPage{Frame: v.frame("Message outbox", ""), Messages: list}, nil
}

// outboxShown is how many messages the page holds.
const outboxShown = 100

func (s *Site) messages(ctx context.Context) ([]OutboxMessage, error) {
	rows, err := s.c.Outbox(ctx, outboxShown)
	if err != nil {
		return nil, err
	}
	out := make([]OutboxMessage, 0, len(rows))
	for _, r := range rows {
		m := OutboxMessage{ID: r.ID, To: r.Recipient, Subject: r.Subject, Text: r.Text, HTML: r.HTML, At: r.Created, State: "waiting"}
		switch {
		case !r.Sent.IsZero():
			m.State = "sent"
		case !r.Failed.IsZero():
			m.State = "set aside"
		}
		out = append(out, m)
	}
	return out, nil
}

// outboxLive streams the list. Messages give no hint: the tick finds them.
func (s *Site) outboxLive(v *visit) error {
	seen := ""
	return v.stream("", func() (message, error) {
		list, err := s.messages(v.ctx())
		if err != nil || len(list) == 0 || list[0].ID == seen {
			return message{}, err
		}
		seen = list[0].ID
		page := OutboxPage{Frame: Frame{Now: s.c.Now(), Lang: v.speaks()}, Messages: list}
		body, err := s.views.part(page, "messages", page)
		return message{body: body}, err
	})
}

// mailSandbox lets a mail in its frame open links in new tabs, as a mail program
// does, and nothing else.
const mailSandbox = "sandbox allow-popups allow-popups-to-escape-sandbox"

// outboxBody serves a mail's HTML to the page's frame: no script, no network,
// no origin of its own.
func (s *Site) outboxBody(w http.ResponseWriter, r *http.Request) {
	list, err := s.messages(r.Context())
	if err != nil {
		http.Error(w, "The outbox cannot be read.", http.StatusInternalServerError)
		return
	}
	for _, m := range list {
		if m.ID == r.PathValue("message") && m.HTML != "" {
			h := w.Header()
			h.Set("X-Frame-Options", "SAMEORIGIN")
			h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "+mailSandbox)
			send(w, r, http.StatusOK, []byte(strings.Replace(m.HTML, "<head>", `<head><base target="_blank">`, 1)))
			return
		}
	}
	http.NotFound(w, r)
}
