package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// describedAs checks an answer against the document.
func describedAs(doc *openapi3.T, method, path string, status int, kind string, body []byte) error {
	item, op := find(doc, method, path)
	if item == nil {
		return fmt.Errorf("%s %s is not described", method, path)
	}
	r := op.Responses.Status(status)
	if r == nil && status >= 400 {
		r = op.Responses.Default()
	}
	if r == nil {
		return fmt.Errorf("%s %s: status %d is not described", method, path, status)
	}
	if len(body) == 0 {
		if len(r.Value.Content) != 0 {
			return fmt.Errorf("%s %s: %d has no body", method, path, status)
		}
		return nil
	}
	content := r.Value.Content.Get(kind)
	if content == nil {
		return fmt.Errorf("%s %s: %d as %q is not described", method, path, status, kind)
	}
	if !strings.Contains(kind, "json") {
		return nil
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	if err := undescribed(content.Schema.Value, v, ""); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return content.Schema.Value.VisitJSON(v)
}

// undescribed finds members of an answer that the document does not name.
func undescribed(s *openapi3.Schema, v any, at string) error {
	switch v := v.(type) {
	case map[string]any:
		if len(s.Properties) == 0 {
			return nil
		}
		for name, member := range v {
			p := s.Properties[name]
			if p == nil {
				p = s.AdditionalProperties.Schema
			}
			if p == nil {
				return fmt.Errorf("member %s.%s is not described", at, name)
			}
			if err := undescribed(p.Value, member, at+"."+name); err != nil {
				return err
			}
		}
	case []any:
		for _, member := range v {
			if err := undescribed(s.Items.Value, member, at+"[]"); err != nil {
				return err
			}
		}
	}
	return nil
}

// find matches a path with its pattern; exact ones win.
func find(doc *openapi3.T, method, path string) (*openapi3.PathItem, *openapi3.Operation) {
	if item := doc.Paths.Value(path); item != nil && item.GetOperation(method) != nil {
		return item, item.GetOperation(method)
	}
	parts := strings.Split(path, "/")
	for pattern, item := range doc.Paths.Map() {
		fits := slices.EqualFunc(strings.Split(pattern, "/"), parts, func(a, b string) bool {
			return a == b || strings.HasPrefix(a, "{")
		})
		if fits && item.GetOperation(method) != nil {
			return item, item.GetOperation(method)
		}
	}
	return nil, nil
}
