// Package bundle makes one style sheet and one script of those of a page: a browser
// that asks for thirty files paints later than one that asks for three. It is for
// tools and tests; a program has what it made.
package bundle

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// The names that the style sheets and the modules have as one file each.
const (
	oneStyle  = "page.css"
	oneScript = "page.js"
)

var (
	styleLink   = regexp.MustCompile(`(?m)^<link rel="stylesheet" href="([^"]+)">\n`)
	preloadLink = regexp.MustCompile(`(?m)^<link rel="modulepreload" href="[^"]+">\n`)
	scriptLink  = regexp.MustCompile(`<script type="module" src="([^"]+)"></script>`)

	imports  = regexp.MustCompile(`^import (\{[^}]*\}|\* as \w+) from "\./([\w-]+)\.js";$`)
	reexport = regexp.MustCompile(`^export (\{[\w, ]*\}) from "\./([\w-]+)\.js";$`)
	exports  = regexp.MustCompile(`^export ((?:async )?function|const|let|class) (\w+)`)
)

// Page puts the style sheets that index.html names into one file, in its order, and
// the modules into another, each in a function of its own. What else there is stays.
func Page(files map[string][]byte) (map[string][]byte, error) {
	out := make(map[string][]byte, len(files))
	for name, body := range files {
		if path.Ext(name) != ".css" && path.Ext(name) != ".js" {
			out[name] = body
		}
	}
	html := string(files["index.html"])
	var style bytes.Buffer
	for _, link := range styleLink.FindAllStringSubmatch(html, -1) {
		style.Write(files[link[1]])
	}
	main := scriptLink.FindStringSubmatch(html)
	if main == nil {
		return nil, fmt.Errorf("bundle: index.html has no module")
	}
	b := bundler{files: files, done: map[string]bool{}}
	if err := b.add(strings.TrimSuffix(main[1], ".js")); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	out[oneStyle], out[oneScript] = style.Bytes(), b.out.Bytes()
	html = styleLink.ReplaceAllString(preloadLink.ReplaceAllString(html, ""), "")
	html = strings.Replace(html, main[0], `<link rel="stylesheet" href="`+oneStyle+`">`+"\n"+`<script type="module" src="`+oneScript+`"></script>`, 1)
	out["index.html"] = []byte(html)
	return out, nil
}

// bundler writes modules one after another, each after those that it imports.
type bundler struct {
	files map[string][]byte
	done  map[string]bool
	out   bytes.Buffer
}

// add writes a module as $name, an object of what it exports. Lines that are only a
// comment are left out.
func (b *bundler) add(name string) error {
	body, ok := b.files[name+".js"]
	if !ok {
		return fmt.Errorf("no module %s", name)
	}
	if b.done[name] {
		return nil
	}
	b.done[name] = true
	var code []string
	var names []string
	for _, line := range strings.Split(string(body), "\n") {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "//"), strings.TrimSpace(line) == "":
			continue
		case strings.HasPrefix(line, "import "), reexport.MatchString(line):
			taken, from, reexported, err := binding(line)
			if err == nil {
				err = b.add(from)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			names, line = append(names, reexported...), taken
		case strings.HasPrefix(line, "export "):
			found := exports.FindStringSubmatch(line)
			if found == nil {
				return fmt.Errorf("%s: cannot take %q", name, line)
			}
			names, line = append(names, found[2]), strings.TrimPrefix(line, "export ")
		}
		code = append(code, line)
	}
	fmt.Fprintf(&b.out, "const $%s = (() => {\n%s\nreturn { %s };\n})();\n", name, strings.Join(code, "\n"), strings.Join(names, ", "))
	return nil
}

// binding is an import, or an export of what is another module's, as a constant.
func binding(line string) (code, from string, reexported []string, err error) {
	if m := reexport.FindStringSubmatch(line); m != nil {
		for _, name := range strings.Split(strings.Trim(m[1], "{}"), ",") {
			reexported = append(reexported, strings.TrimSpace(name))
		}
		return fmt.Sprintf("const %s = $%s;", m[1], m[2]), m[2], reexported, nil
	}
	m := imports.FindStringSubmatch(line)
	if m == nil {
		return "", "", nil, fmt.Errorf("cannot take %q", line)
	}
	names := strings.ReplaceAll(strings.TrimPrefix(m[1], "* as "), " as ", ": ")
	return fmt.Sprintf("const %s = $%s;", names, m[2]), m[2], nil, nil
}
