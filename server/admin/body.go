package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"
)

const (
	maxBody  = 16 << 10 // bytes
	maxBatch = 4 << 20  // bytes of a body with lines to import
)

// decode reads the body, up to most bytes, as exactly one JSON object with no
// unknown member.
func decode(c *call, most int64, into any) error {
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return errNotJSON
	}
	data, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, most))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errTooSlow
	case err != nil:
		return &badBody{"The body did not arrive in full. Send it again."}
	case !utf8.Valid(data):
		return &badBody{"The body is not UTF-8."}
	}
	if data = bytes.TrimSpace(data); len(data) == 0 || data[0] != '{' {
		return &badBody{"The body must be one JSON object."}
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return &badBody{"The body is not JSON, or has a member that is not known here or of another kind."}
	}
	if _, err := d.Token(); err != io.EOF {
		return &badBody{"There is something after the JSON object."}
	}
	return nil
}

func reply(c *call, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	_, _ = c.w.Write(append(body, '\n')) // the client may be gone
	return nil
}
