// Package pagefile keeps the files of the TV's page in one compressed piece, a
// third of their size in the program. It is written by tools/page and embedded by
// package screen, whose test holds that it has what the folder static has.
//
// Both functions are pure but for reading what they are given, and safe for
// concurrent use.
package pagefile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
)

// maxFile bounds one file, in bytes.
const maxFile = 1 << 20

// ErrBad is wrapped by Unpack for what Pack did not write.
var ErrBad = errors.New("not a packed page")

// Pack puts all files of a folder into one piece: of each, in the order of their
// names, a line with its name and length, and its bytes; all of it as gzip (RFC 1952).
func Pack(from fs.FS) ([]byte, error) {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	err = fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(zip, "%s %d\n%s", name, len(body), body)
		return err
	})
	if err = errors.Join(err, zip.Close()); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return out.Bytes(), nil
}

// Unpack returns the files by their names.
func Unpack(packed []byte) (map[string][]byte, error) {
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBad, err)
	}
	in := bufio.NewReader(zip)
	files := make(map[string][]byte)
	for {
		line, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) && line == "" {
			return files, nil
		}
		name, length, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		size, odd := strconv.Atoi(length)
		if err != nil || odd != nil || size < 0 || size > maxFile {
			return nil, fmt.Errorf("%w: the line %.80q", ErrBad, line)
		}
		files[name] = make([]byte, size)
		if _, err := io.ReadFull(in, files[name]); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrBad, name, err)
		}
	}
}
