package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol/parental"
)

func TestDocumentIsCurrent(t *testing.T) {
	var want, said bytes.Buffer
	if run(&want, &said) != 0 || said.Len() != 0 {
		t.Fatal(said.String())
	}
	got, err := os.ReadFile("../../docs/ratings.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("docs/ratings.md is not what package parental says; run: go run ./tools/ratings > docs/ratings.md\n%s", diff)
	}
}

// TestCells: nothing in the table breaks it.
func TestCells(t *testing.T) {
	for _, s := range parental.Sources() {
		if text := s.Name + s.Law + s.Page + s.Note; strings.ContainsAny(text, "|\n[]") {
			t.Errorf("%+v", s)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestFullDisk(t *testing.T) {
	var said bytes.Buffer
	if run(full{}, &said) != 1 || !strings.Contains(said.String(), "disk full") {
		t.Error(said.String())
	}
}
