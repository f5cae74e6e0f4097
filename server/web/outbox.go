package web

import "net/http"

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
	list, err := s.c.Outbox(v.ctx())
	if err != nil {
		return OutboxPage{}, err
	}
	return OutboxPage{Frame: v.frame("Message outbox", ""), Messages: list}, nil
}

// outboxLive streams the list. Messages give no hint: the tick finds them.
func (s *Site) outboxLive(v *visit) error {
	seen := -1
	return v.stream("", func() (message, error) {
		list, err := s.c.Outbox(v.ctx())
		if err != nil || len(list) == seen {
			return message{}, err
		}
		seen = len(list)
		page := OutboxPage{Frame: Frame{Now: s.c.Now()}, Messages: list}
		body, err := s.views.part(page, "messages", page)
		return message{body: body}, err
	})
}

// outboxBody serves a mail's HTML to the page's frame: no script, no network,
// no origin of its own.
func (s *Site) outboxBody(w http.ResponseWriter, r *http.Request) {
	list, err := s.c.Outbox(r.Context())
	if err != nil {
		http.Error(w, "The outbox cannot be read.", http.StatusInternalServerError)
		return
	}
	for _, m := range list {
		if m.ID == r.PathValue("message") && m.HTML != "" {
			h := w.Header()
			h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox")
			send(w, r, http.StatusOK, []byte(m.HTML))
			return
		}
	}
	http.NotFound(w, r)
}
