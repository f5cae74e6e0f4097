package screen

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"path"
	"time"

	"github.com/hearthkey/hearthkey/agent/screen/pagefile"
)

// packed is the folder static, as tools/page packs it.
//
//go:embed page.gz
var packed []byte

// Static returns the page's files by their names. Avatars are in the folder
// "avatars".
func Static() map[string][]byte {
	files, err := pagefile.Unpack(packed)
	if err != nil {
		panic(err) // it is embedded above
	}
	return files
}

// contentTypes of the files the page is made of; no other kind is served.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// asset is one file, ready to be served.
type asset struct {
	kind, etag string
	body       []byte
}

// assets serves the embedded files. A browser keeps them but asks each time
// whether they are still the same, so that an updated agent has its own page.
func assets() http.Handler {
	files := load(Static())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "This address can only be read.", http.StatusMethodNotAllowed)
			return
		}
		file, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", file.kind)
		w.Header().Set("ETag", file.etag)
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.body))
	})
}

// load makes the files ready by the path they are asked for.
func load(from map[string][]byte) map[string]asset {
	files := make(map[string]asset, len(from)+1)
	for name, body := range from {
		if kind := contentTypes[path.Ext(name)]; kind != "" {
			sum := sha256.Sum256(body)
			files["/"+name] = asset{kind: kind, etag: `"` + hex.EncodeToString(sum[:8]) + `"`, body: body}
		}
	}
	files["/"] = files["/index.html"]
	return files
}
