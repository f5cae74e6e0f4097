package api

import (
	"io"
	"log/slog"
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
// ASVS 6.3.4.
func TestDocumentMatchesRoutes(t *testing.T) {
	doc := document(t)
	open := map[string]bool{"GET /v1/device": true, "GET /v1/openapi.json": true}
	proof := map[string]bool{}
	for _, rt := range routes() {
		open[rt.method+" "+rt.path] = rt.access == anybody
		proof[rt.method+" "+rt.path] = rt.access >= proved
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
