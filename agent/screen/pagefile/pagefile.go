// Package pagefile keeps the files of the TV's page in one compressed piece, a third
// of their size. tools/page writes it, and package screen embeds it; a test there holds
// that it has what the folder static has, as package bundle puts it together.
//
// All functions are pure but for reading what they are given, and safe for concurrent
// use.
package pagefile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxFile bounds one file, in bytes.
const maxFile = 1 << 20

// ErrBad is wrapped by Unpack for what Pack did not write.
var ErrBad = errors.New("not a packed page")

// Read reads the files of a folder by their names.
func Read(from fs.FS) (map[string][]byte, error) {
	files := make(map[string][]byte)
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(from, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	return files, nil
}

// Pack puts files into one piece: of each, in the order of their names, a line with
// its name and length, and its bytes; all of it as gzip (RFC 1952).
func Pack(files map[string][]byte) ([]byte, error) {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if _, err := fmt.Fprintf(zip, "%s %d\n%s", name, len(files[name]), files[name]); err != nil {
			return nil, fmt.Errorf("pack: %w", err)
		}
	}
	if err = zip.Close(); err != nil {
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
