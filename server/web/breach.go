package web

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"

	"golang.org/x/time/rate"
)

// reportPath is where browsers tell what they refused for the content security
// policy (CSP Level 3 §5).
const reportPath = "/policy-report"

// maxReport bounds a report, in bytes.
const maxReport = 16 << 10

// breaches bounds how many reports are written down: anybody can send some.
const (
	breachRate  = rate.Limit(1) // a second
	breachBurst = 20
)

// breach writes a report down: which rule, and the kind of what was refused.
// Addresses are cut to their origin, as they can hold secrets, and anything
// that was not said is left out.
func (s *Site) breach(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusNoContent)
	if !s.reports.Allow() {
		return
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, maxReport+1))
	if err != nil || len(data) > maxReport {
		return
	}
	rule, refused, ok := readBreach(data)
	if ok {
		s.c.Log.Warn("page broke its policy", slog.String("rule", rule), slog.String("refused", refused))
	}
}

// readBreach reads a report: the rule that was broken, and what was refused.
func readBreach(data []byte) (rule, refused string, ok bool) {
	var in struct {
		Report struct {
			Effective string `json:"effective-directive"`
			Violated  string `json:"violated-directive"`
			Blocked   string `json:"blocked-uri"`
		} `json:"csp-report"`
	}
	if json.Unmarshal(data, &in) != nil {
		return "", "", false
	}
	rule = in.Report.Effective
	if rule == "" {
		rule = in.Report.Violated
	}
	return shortWord(rule), originOf(in.Report.Blocked), rule != ""
}

// shortWord leaves of a word what directives and schemes are made of.
func shortWord(s string) string {
	const most = 40
	out := make([]byte, 0, most)
	for _, c := range []byte(s) {
		if len(out) < most && (c >= 'a' && c <= 'z' || c == '-') {
			out = append(out, c)
		}
	}
	return string(out)
}

// originOf cuts an address to its origin; "inline", "eval" and the like stay.
func originOf(s string) string {
	const most = 128
	u, err := url.Parse(s)
	if len(s) > 2048 || err != nil {
		return ""
	}
	if u.Host == "" {
		return shortWord(s)
	}
	if origin := u.Scheme + "://" + u.Host; len(origin) <= most {
		return origin
	}
	return shortWord(u.Scheme)
}
