package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxBody bounds the body of a request in bytes.
const maxBody = 16 << 10

// decode reads the body as exactly one JSON object with no unknown member.
func decode(w http.ResponseWriter, r *http.Request, into any) error {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return errNotJSON
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errBodyTooLarge
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errTooSlow
	}
	if err != nil {
		return &badBody{"", "The body did not arrive in full. Send it again."}
	}
	return decodeObject(data, into)
}

func decodeObject(data []byte, into any) error {
	if !utf8.Valid(data) {
		return &badBody{"", "The body is not UTF-8."}
	}
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return &badBody{"", "The body must be one JSON object."}
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return unreadable(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return &badBody{"", "There is something after the JSON object."}
	}
	return nil
}

// unreadable turns an error of encoding/json into words without repeating
// what was sent.
func unreadable(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return &badBody{kind.Field, fmt.Sprintf("The member %q must not be %s.", kind.Field, article(kind.Value))}
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if name, err := strconv.Unquote(name); err == nil {
			return &badBody{clip(name), fmt.Sprintf("There is no member %q.", clip(name))}
		}
	}
	return &badBody{"", "The body is not JSON."}
}

// article names a kind of JSON value, as encoding/json does, in a sentence.
func article(kind string) string {
	if kind == "array" || kind == "object" {
		return "an " + kind
	}
	return "a " + kind
}

func clip(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "")
	}
	return s
}

// text bounds one string of a body, in bytes. A domain service has the last
// word about what it may hold.
func text(field, s string, low, high int) error {
	switch {
	case len(s) < low && s == "":
		return &badBody{field, fmt.Sprintf("The member %q is missing.", field)}
	case len(s) < low:
		return &badBody{field, fmt.Sprintf("The member %q is too short.", field)}
	case len(s) > high:
		return &badBody{field, fmt.Sprintf("The member %q is too long: at most %d bytes.", field, high)}
	}
	return nil
}

// present refuses a body without a member that has no default.
func present[T any](field string, v *T) error {
	if v == nil {
		return &badBody{field, fmt.Sprintf("The member %q is missing.", field)}
	}
	return nil
}

// reply writes v as JSON. A status without a body takes a nil v.
func reply(w http.ResponseWriter, status int, v any) error {
	if v == nil {
		w.WriteHeader(status)
		return nil
	}
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone
	return nil
}

// Problem is an RFC 9457 problem document.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Field  string `json:"field,omitempty"`
	Retry  int64  `json:"retry_after,omitempty"` // seconds
	Ref    string `json:"ref,omitempty"`         // finds the operator's log line
}

// ProblemType begins the type of every problem; the kind follows.
const ProblemType = "urn:hearthkey:problem:"

// WriteProblem answers a request with what [Explain] says about err. What was
// not thought of is logged with the reference that the answer carries.
func WriteProblem(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	e, expected := Explain(err)
	p := Problem{ProblemType + e.Kind, http.StatusText(e.Status), e.Status, e.Text, e.Field, 0, ""}
	if !expected {
		p.Ref = reference()
		log.ErrorContext(r.Context(), "request failed", "ref", p.Ref, "route", r.Pattern, "error", err)
	}
	h := w.Header()
	if e.RetryAfter > 0 {
		p.Retry = int64((e.RetryAfter + time.Second - 1) / time.Second)
		h.Set("Retry-After", strconv.FormatInt(p.Retry, 10))
	}
	if e.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	body, _ := json.Marshal(p) // strings and numbers only
	w.WriteHeader(e.Status)
	_, _ = w.Write(append(body, '\n'))
}
