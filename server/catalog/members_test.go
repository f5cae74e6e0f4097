package catalog

import (
	"errors"
	"strings"
	"testing"
)

// TestP5_EveryReaderSeesOneAge: a member that is there twice would count as the
// first here and as the last there.
func TestP5_EveryReaderSeesOneAge(t *testing.T) {
	title := func(members string) string { return `{"titles":[{"id":"a","name":"Amber",` + members + `}]}` }
	for name, c := range map[string]struct{ data, want string }{
		"once":               {title(`"age":6,"ratings":[{"system":"fsk","label":"6"},{"system":"bbfc","label":"PG"}]`), ""},
		"two ages":           {title(`"age":18,"age":0`), `an entry of "titles" has the member "age" twice`},
		"in another case":    {title(`"age":18,"Age":0`), `has the member "Age" twice`},
		"two labels":         {title(`"ratings":[{"system":"fsk","label":"6","label":"18"}]`), `has the member "label" twice`},
		"two lists":          {`{"titles":[],"titles":[{"id":"a","name":"Amber"}]}`, `the document has the member "titles" twice`},
		"an unknown one":     {title(`"x":{"y":1,"y":2}`), `has the member "y" twice`},
		"too deep":           {title(`"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40)), "more than 32 deep"},
		"an age of text":     {title(`"age":"six"`), `is a string, and must be a whole number`},
		"a name of a number": {`{"titles":[{"id":"a","name":7}]}`, `is a number, and must be a text`},
		"titles of a text":   {`{"titles":"a"}`, `is a string, and must be a list`},
	} {
		_, err := Parse([]byte(c.data))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (!errors.Is(err, ErrBad) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "Go ")):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
