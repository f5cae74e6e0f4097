package api

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func logTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

func document(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDocumentIsValid(t *testing.T) {
	doc := document(t)
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("version %s, want 3.1", doc.OpenAPI)
	}
}

// The document and the registered routes name the same operations, and agree
// on who may call them.
func TestDocumentMatchesRoutes(t *testing.T) {
	doc := document(t)
	open := map[string]bool{"GET /v1/device": true, "GET /v1/openapi.json": true}
	proof := map[string]bool{}
	for _, rt := range routes() {
		open[rt.method+" "+rt.path] = rt.access == anybody
		proof[rt.method+" "+rt.path] = rt.access == proved
	}
	described := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			name := method + " " + path
			described[name] = op.Security != nil && len(*op.Security) == 0
			if needs := op.Responses.Status(403) != nil; needs != proof[name] {
				t.Errorf("%s: described as asking for a proof: %v, does: %v", name, needs, proof[name])
			}
			if op.OperationID == "" || op.Summary == "" {
				t.Errorf("%s: no id or summary", name)
			}
		}
	}
	for name, anybody := range open {
		if got, ok := described[name]; !ok {
			t.Errorf("%s is registered and not described", name)
		} else if got != anybody {
			t.Errorf("%s: described as open to anybody: %v, is: %v", name, got, anybody)
		}
	}
	for name := range described {
		if _, ok := open[name]; !ok {
			t.Errorf("%s is described and not registered", name)
		}
	}
}

// describedAs checks an answer against the document.
func describedAs(doc *openapi3.T, method, path string, status int, kind string, body []byte) error {
	item, op := find(doc, method, path)
	if item == nil {
		return fmt.Errorf("%s %s is not described", method, path)
	}
	r := op.Responses.Status(status)
	if r == nil && status >= 400 {
		r = op.Responses.Default()
	}
	if r == nil {
		return fmt.Errorf("%s %s: status %d is not described", method, path, status)
	}
	if len(body) == 0 {
		if len(r.Value.Content) != 0 {
			return fmt.Errorf("%s %s: %d has no body", method, path, status)
		}
		return nil
	}
	content := r.Value.Content.Get(kind)
	if content == nil {
		return fmt.Errorf("%s %s: %d as %q is not described", method, path, status, kind)
	}
	if !strings.Contains(kind, "json") {
		return nil
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	if err := undescribed(content.Schema.Value, v, ""); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return content.Schema.Value.VisitJSON(v)
}

// undescribed finds members of an answer that the document does not name.
func undescribed(s *openapi3.Schema, v any, at string) error {
	switch v := v.(type) {
	case map[string]any:
		if len(s.Properties) == 0 {
			return nil
		}
		for name, member := range v {
			p := s.Properties[name]
			if p == nil {
				return fmt.Errorf("member %s.%s is not described", at, name)
			}
			if err := undescribed(p.Value, member, at+"."+name); err != nil {
				return err
			}
		}
	case []any:
		for _, member := range v {
			if err := undescribed(s.Items.Value, member, at+"[]"); err != nil {
				return err
			}
		}
	}
	return nil
}

// find matches a path with its pattern; exact ones win.
func find(doc *openapi3.T, method, path string) (*openapi3.PathItem, *openapi3.Operation) {
	if item := doc.Paths.Value(path); item != nil && item.GetOperation(method) != nil {
		return item, item.GetOperation(method)
	}
	parts := strings.Split(path, "/")
	for pattern, item := range doc.Paths.Map() {
		fits := slices.EqualFunc(strings.Split(pattern, "/"), parts, func(a, b string) bool {
			return a == b || strings.HasPrefix(a, "{")
		})
		if fits && item.GetOperation(method) != nil {
			return item, item.GetOperation(method)
		}
	}
	return nil, nil
}
