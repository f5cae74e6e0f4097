package server_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// badBody is a body that an operation must refuse.
type badBody struct {
	name   string
	kind   string // content type; empty: JSON
	body   string
	status int
	field  string // that the answer names; empty: none or any
}

// badBodies are those that the schema of an operation's body makes wrong: each
// member left out, of another type and too long, and what no schema allows.
func badBodies(s *openapi3.Schema) []badBody {
	good := goodBody(s)
	with := func(member string, value any) string {
		in := object{}
		for k, v := range good {
			in[k] = v
		}
		in[member] = value
		if value == nil {
			delete(in, member)
		}
		data, _ := json.Marshal(in)
		return string(data)
	}
	whole := with("", nil)
	out := []badBody{
		{"nothing", "", "", 400, ""},
		{"null", "", "null", 400, ""},
		{"a list", "", "[" + whole + "]", 400, ""},
		{"half", "", whole[:len(whole)-1], 400, ""},
		{"two", "", whole + whole, 400, ""},
		{"a member of nobody's", "", with("admin", true), 400, "admin"},
		{"not UTF-8", "", strings.Replace(whole, "{", "{\"x\":\"\xff\xfe\",", 1), 400, ""},
		{"UTF-16", "", "\xff\xfe{\x00}\x00", 400, ""},
		{"another charset", "application/json; charset=latin1", whole, 415, ""},
		{"a form", "application/x-www-form-urlencoded", "a=b", 415, ""},
		{"text", "text/plain", whole, 415, ""},
		{"huge", "", with("admin", strings.Repeat("x", 16<<10)), 413, ""},
		{"deep", "", strings.Repeat(`{"a":`, 3000), 400, ""},
	}
	for name, ref := range s.Properties {
		p := ref.Value
		if slices.Contains(s.Required, name) {
			out = append(out, badBody{name + " left out", "", with(name, nil), 400, name})
		}
		out = append(out, badBody{name + " of another type", "", with(name, []int{1}), 400, name})
		if p.MaxLength != nil {
			out = append(out, badBody{name + " too long", "", with(name, strings.Repeat("x", int(*p.MaxLength)+1)), 400, name})
		}
	}
	return out
}

// goodBody has each member that is required, with a value of its type.
func goodBody(s *openapi3.Schema) object {
	out := object{}
	for _, name := range s.Required {
		switch p := s.Properties[name].Value; {
		case p.Type.Is("boolean"):
			out[name] = false
		case p.Type.Is("integer"):
			out[name] = 1
		case p.Type.Is("object"):
			out[name] = object{}
		default:
			out[name] = "x"
		}
	}
	return out
}

// Every operation that takes a body refuses what its schema does, with a
// sentence that names the member, and nothing changes.
func TestEveryOperationRefusesBadBodies(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	before := o.everything()
	tried := 0
	for _, op := range h.operations() {
		described := h.doc.Paths.Value(op.pattern).GetOperation(op.method)
		if described.RequestBody == nil {
			continue
		}
		schema := described.RequestBody.Value.Content.Get("application/json").Schema.Value
		if schema.AdditionalProperties.Has == nil || *schema.AdditionalProperties.Has {
			t.Errorf("%s %s: the schema allows any member", op.method, op.pattern)
		}
		for _, bad := range badBodies(schema) {
			tried++
			header := o.header()
			if bad.kind != "" {
				header.Set("Content-Type", bad.kind)
			}
			status, answered, body := h.do(op.method, op.path, header, []byte(bad.body))
			what := op.method + " " + op.path + ": " + bad.name
			var p struct{ Type, Detail, Field string }
			if err := json.Unmarshal(body, &p); err != nil {
				t.Errorf("%s: %d %s", what, status, body)
				continue
			}
			if status != bad.status || bad.field != "" && p.Field != bad.field || !strings.HasSuffix(p.Detail, ".") {
				t.Errorf("%s: %d %s; want %d and the member %q", what, status, bytes.TrimSpace(body), bad.status, bad.field)
			}
			if got := answered.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("%s: answered as %q", what, got)
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d bodies were tried", tried)
	}
	o.unchanged(before)
}

// Every path of the document refuses the methods that it does not describe, says
// which it takes, and nothing changes.
// RFC 9110 §15.5.6.
func TestEveryPathRefusesOtherMethods(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	before := o.everything()
	tried := 0
	for pattern, item := range h.doc.Paths.Map() {
		path := pathValues.Replace(pattern)
		takes := map[string]bool{}
		for of, other := range h.doc.Paths.Map() { // "/v1/profiles/order" is "/v1/profiles/{profile}" too
			if of == pattern || fitsPattern(of, path) {
				for method := range other.Operations() {
					takes[method] = true
				}
			}
		}
		takes["HEAD"] = takes["GET"]
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "BREW"} {
			if takes[method] {
				continue
			}
			tried++
			status, header, body := h.do(method, path, o.header(), []byte("{}"))
			wantStatus(t, method+" "+path, status, 405, body)
			if !bytes.Contains(body, []byte("This address does not take this method.")) {
				t.Errorf("%s %s = %s", method, path, body)
			}
			for _, allowed := range strings.Split(header.Get("Allow"), ", ") {
				if !takes[allowed] {
					t.Errorf("%s %s: Allow %q, which the document does not know", method, path, header.Get("Allow"))
				}
			}
			for described := range item.Operations() {
				if !slices.Contains(strings.Split(header.Get("Allow"), ", "), described) {
					t.Errorf("%s %s: Allow %q lacks %s", method, path, header.Get("Allow"), described)
				}
			}
		}
	}
	if tried < 200 {
		t.Errorf("only %d requests were tried", tried)
	}
	o.unchanged(before)
}

// fitsPattern reports whether a pattern takes a path.
func fitsPattern(pattern, path string) bool {
	return slices.EqualFunc(strings.Split(pattern, "/"), strings.Split(path, "/"), func(a, b string) bool {
		return a == b || strings.HasPrefix(a, "{")
	})
}
