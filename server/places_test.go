package server

import (
	"errors"
	"io/fs"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/account"
)

func TestPasskeysAreNamedAfterThePages(t *testing.T) {
	tests := map[string]account.PasskeyConfig{
		"https://tv.example":      {ID: "tv.example", Name: "Hearth", Origins: []string{"https://tv.example"}},
		"https://tv.example:8443": {ID: "tv.example", Name: "Hearth", Origins: []string{"https://tv.example:8443"}},
		"http://localhost:8700":   {ID: "localhost", Name: "Hearth", Origins: []string{"http://localhost:8700"}},
		"http://127.0.0.1:8700":   {ID: "localhost", Name: "Hearth", Origins: []string{"http://localhost:8700"}},
		"http://[::1]":            {ID: "localhost", Name: "Hearth", Origins: []string{"http://localhost"}},
		"https://192.0.2.1":       {}, // browsers have none for addresses
	}
	for public, want := range tests {
		u, err := url.Parse(public)
		if err != nil {
			t.Fatal(err)
		}
		p := &parts{cfg: settings{Config: Config{ServiceName: "Hearth", PublicURL: public}, public: u}}
		if diff := cmp.Diff(want, p.passkeys()); diff != "" {
			t.Errorf("%s:\n%s", public, diff)
		}
	}
}

func TestPlacesThatCannotBeRead(t *testing.T) {
	p := &parts{cfg: settings{Config: Config{Places: []string{filepath.Join(t.TempDir(), "none.mmdb")}}}}
	err := p.openPlaces(t.Context())
	var told *OperatorError
	if !errors.As(err, &told) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("openPlaces = %v", err)
	}
}

func TestNoPlaces(t *testing.T) {
	p := &parts{}
	if err := p.openPlaces(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, ip := range []string{"192.0.2.1", "2001:db8::1", "", "garbage"} {
		if at := p.locate(ip); at != (account.Location{}) {
			t.Errorf("locate(%q) = %+v", ip, at)
		}
	}
}
