package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/agent/licences"
)

// TestTheListIsOfThisProgram compares the file with the modules that the agent is
// linked from today.
func TestTheListIsOfThisProgram(t *testing.T) {
	const module = "../.."
	all, err := collect(module)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(module, output))
	if err != nil {
		t.Fatal(err)
	}
	if want := licences.Format(all); string(got) != want {
		names := func(s string) (out []string) {
			list, _ := licences.Parse(s)
			for _, l := range list {
				out = append(out, l.Kind+" "+l.Name)
			}
			return out
		}
		t.Errorf("%s is old: go run ./tools/licences. Modules (-want +got):\n%s", output, cmp.Diff(names(want), names(string(got))))
	}
}

// TestTheAgentCarriesTheList compares what is packed with the file beside it.
func TestTheAgentCarriesTheList(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("../..", output))
	if err != nil {
		t.Fatal(err)
	}
	if got := licences.Format(licences.All()); got != string(text) {
		t.Errorf("%s.gz is not %s: go run ./tools/licences", output, output)
	}
}

func TestKind(t *testing.T) {
	for text, want := range map[string]string{
		"Apache License\n   Version 2.0, January 2004":                                                     "Apache-2.0",
		"Redistribution and use in source and binary forms, with\nor without … Neither the name of Google": "BSD-3-Clause",
		"Redistribution and use in source\nand binary forms are permitted":                                 "BSD-2-Clause",
		"Permission is hereby granted, free of charge, to any person obtaining a copy of it":               "MIT",
		"All rights reserved.": "",
	} {
		got, err := kind(text)
		if got != want || (want == "") != errors.Is(err, errKind) {
			t.Errorf("kind(%.40q) = %q, %v, want %q", text, got, err, want)
		}
	}
}
