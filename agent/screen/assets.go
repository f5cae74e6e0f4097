package screen

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed static
var static embed.FS

// Static is the page's files. Avatars are in its folder "avatars".
func Static() fs.FS {
	sub, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
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

// load reads the files by the path they are asked for.
func load(from fs.FS) map[string]asset {
	files := map[string]asset{}
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		kind := contentTypes[path.Ext(name)]
		if err != nil || entry.IsDir() || kind == "" {
			return err
		}
		body, err := fs.ReadFile(from, name)
		sum := sha256.Sum256(body)
		files["/"+name] = asset{kind: kind, etag: `"` + hex.EncodeToString(sum[:8]) + `"`, body: body}
		return err
	})
	if err != nil {
		panic(err) // embedded files can be read
	}
	files["/"] = files["/index.html"]
	return files
}
