package api

import (
	_ "embed"
	"net/http"
)

// openAPI describes the API: OpenAPI 3.1, written by hand. The tests hold it
// against the registered routes and their answers.
//
//go:embed openapi.json
var openAPI []byte

func serveOpenAPI(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Access-Control-Allow-Origin", "*") // public, for documentation viewers
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	_, _ = w.Write(openAPI)
}
