// Command words keeps the catalogues in step with the code: it collects the
// English sentences that people see, writes them into the PO files of the other
// languages, and makes the tables of the TV from these.
//
//	go run ./tools/words
//
// What is translated stays; what no code says any more goes; what is new has an
// empty translation, and is said in English until somebody fills it in. The
// package's tests fail on such entries, and on files that this command would
// change.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hearthkey/hearthkey/protocol/words"
)

func main() { os.Exit(run(os.Stderr)) }

func run(stderr io.Writer) int {
	files, err := generate(".")
	for name, content := range files {
		err = errors.Join(err, os.WriteFile(name, []byte(content), 0o644))
	}
	if err != nil {
		fmt.Fprintln(stderr, "words:", err)
		return 1
	}
	return 0
}

// generate returns the files as they should be, below the module's folder.
func generate(root string) (map[string]string, error) {
	files := make(map[string]string)
	server, err := serverTexts(root)
	if err != nil {
		return nil, err
	}
	for _, l := range words.Languages()[1:] {
		name := filepath.Join(root, "server/speech", string(l)+".po")
		if _, err := merge(files, name, l, server.all); err != nil {
			return nil, err
		}
	}
	return files, tvFiles(files, root)
}

// merge puts the PO file that is to be at name into files, and returns its
// entries.
func merge(files map[string]string, name string, l words.Language, code []words.Entry) ([]words.Entry, error) {
	old, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	was, err := words.Entries(l, old)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	files[name] = write(l, notes[l], code, was)
	return words.Entries(l, []byte(files[name]))
}

// serverTexts are those of mails, SMS and pages.
func serverTexts(root string) (*texts, error) {
	t := &texts{}
	err := errors.Join(
		goTexts(t, filepath.Join(root, "server/notify/*.go"), "profileDone", "purpose", "given"),
		goTexts(t, filepath.Join(root, "server/speech/*.go"), "phrases"),
		pageTexts(t, root),
	)
	return t, err
}
