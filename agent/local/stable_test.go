package local

import (
	"encoding"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent/nav"
)

// results are what calls are answered with, by method; [Done] where none is named.
var results = map[string]any{
	"hello": Welcome{}, "view": nav.View{}, "status": Status{}, "grant": Grant{}, "decide": Decision{},
}

// described is the API as lines, one for each thing that a client may rely on.
func described() []string {
	var out []string
	for method, empty := range calls {
		out = append(out, "call "+method)
		out = append(out, fields("call "+method, reflect.TypeOf(empty()).Elem())...)
		result, ok := results[method]
		if !ok {
			result = Done{}
		}
		out = append(out, fields("result "+method, reflect.TypeOf(result))...)
	}
	for _, t := range topics {
		out = append(out, fmt.Sprintf("event %s: as result %[1]s", t))
	}
	for code, name := range map[Code]string{
		CodeParse: "parse", CodeRequest: "request", CodeMethod: "method", CodeParams: "params", CodeToken: "token",
		CodeEnding: "ending", CodeTooFast: "too fast", CodeRefused: "refused", CodeNotThere: "not there",
	} {
		out = append(out, fmt.Sprintf("error %d: %s", code, name))
	}
	slices.Sort(out)
	return out
}

// fields writes the fields of a struct and of what is in it.
func fields(path string, t reflect.Type) (out []string) {
	if t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return []string{path + ": string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return fields(path, t.Elem())
	case reflect.Slice:
		return fields(path+"[]", t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			out = append(out, fields(path+"."+name, t.Field(i).Type)...)
		}
		return out
	case reflect.Int, reflect.Int64, reflect.Float64:
		return []string{path + ": number"}
	}
	return []string{path + ": " + t.Kind().String()}
}

// TestNothingIsTakenAway holds the promise of [Version]. What is new of the view is
// promised when it is written down here, before a release; what else is new, at once.
//
//	HEARTHKEY_API=write go test ./agent/local -run NothingIsTakenAway
func TestNothingIsTakenAway(t *testing.T) {
	file := fmt.Sprintf("testdata/api.v%d.txt", Version)
	now := described()
	if os.Getenv("HEARTHKEY_API") == "write" {
		if err := os.WriteFile(file, []byte(strings.Join(now, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	promised := strings.Split(strings.TrimSpace(string(data)), "\n")
	for _, line := range promised {
		if !slices.Contains(now, line) {
			t.Errorf("clients rely on %q: it may not go, or the API gets another number", line)
		}
	}
	for _, line := range now {
		if !slices.Contains(promised, line) && !strings.HasPrefix(line, "result view.") {
			t.Errorf("%q is new: write it down in %s", line, file)
		}
	}
}
