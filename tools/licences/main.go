// Command licences writes agent/licences/licences.txt: the licence of every
// module that the agent's program is linked from, and of Go itself.
//
//	go run ./tools/licences
//
// A module whose licence it does not know by its words is an error: somebody has
// to read it. Its test compares the file with what this would write.
package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hearthkey/hearthkey/agent/licences"
)

const (
	program = "./agent/cmd/hearthkey-agent"
	output  = "agent/licences/licences.txt"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func run(module string) error {
	all, err := collect(module)
	if err != nil {
		return err
	}
	text := []byte(licences.Format(all))
	file := filepath.Join(module, output)
	return errors.Join(os.WriteFile(file, text, 0o644), os.WriteFile(file+".gz", pack(text), 0o644))
}

// pack makes what the agent carries: the same bytes for the same text.
func pack(text []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is one
	_, _ = w.Write(text)                                  // a Buffer takes all
	_ = w.Close()
	return b.Bytes()
}

// collect finds the licences for the module in a folder, by name.
func collect(module string) ([]licences.Licence, error) {
	root, err := ask(module, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	list, err := ask(module, "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", program)
	if err != nil {
		return nil, err
	}
	lines := append(strings.Split(list, "\n"), "The Go standard library\t"+root)
	slices.Sort(lines)
	var all []licences.Licence
	for _, line := range slices.Compact(lines) {
		name, folder, ok := strings.Cut(line, "\t")
		if !ok {
			continue // packages of our own and of Go leave empty lines
		}
		l, err := read(name, folder)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b licences.Licence) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// ask runs the go command for the platform that TVs have.
func ask(module string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm", "CGO_ENABLED=0")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, said.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}

// read returns the licence in a module's folder, with its notice where it has one.
func read(name, folder string) (licences.Licence, error) {
	l := licences.Licence{Name: name}
	for _, pattern := range []string{"LICEN[CS]E*", "COPYING*", "NOTICE*"} {
		files, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return l, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return l, err
			}
			l.Text += "\n\n" + plain(string(text))
		}
	}
	l.Text = strings.Trim(l.Text, "\n")
	var err error
	if l.Kind, err = kind(l.Text); err != nil {
		return l, fmt.Errorf("%s in %s: %w", name, folder, err)
	}
	return l, nil
}

// plain is a text without what a screen cannot show, and without spaces at the
// ends of lines.
func plain(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(strings.ReplaceAll(line, "\t", "    "), " \f")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

var errKind = errors.New("its licence has none of the known wordings: read it, and teach tools/licences")

// kind names a licence by its words.
func kind(text string) (string, error) {
	words := strings.Join(strings.Fields(text), " ")
	has := func(part string) bool { return strings.Contains(words, part) }
	switch {
	case has("Apache License Version 2.0"):
		return "Apache-2.0", nil
	case has("Permission is hereby granted, free of charge, to any person obtaining a copy"):
		return "MIT", nil
	case has("Redistribution and use in source and binary forms") && has("name of"):
		return "BSD-3-Clause", nil
	case has("Redistribution and use in source and binary forms"):
		return "BSD-2-Clause", nil
	}
	return "", errKind
}
