package words

import (
	"fmt"
	"strconv"
	"strings"
)

// reader reads a PO file line by line.
type reader struct {
	language Language
	number   int
	now      *Entry
	into     *string // where a string that goes on belongs
	last     string  // the keyword that was last
}

// line takes one line, and returns the entry that it ends.
func (r *reader) line(s string) (*Entry, error) {
	r.number++
	switch {
	case s == "":
		return r.end()
	case strings.HasPrefix(s, "#"):
		return nil, nil
	case strings.HasPrefix(s, `"`):
		return nil, r.more(s)
	}
	keyword, quoted, ok := strings.Cut(s, " ")
	if !ok {
		return nil, r.bad("no string")
	}
	var done *Entry
	if keyword == "msgid" {
		var err error
		if done, err = r.end(); err != nil {
			return nil, err
		}
		r.now = &Entry{}
	}
	if r.now == nil {
		return nil, r.bad("begins without msgid")
	}
	if err := r.open(keyword); err != nil {
		return nil, err
	}
	r.last = keyword
	return done, r.more(strings.TrimSpace(quoted))
}

// open finds where a keyword's string belongs.
func (r *reader) open(keyword string) error {
	e := r.now
	switch {
	case keyword == "msgid" && r.last == "":
		r.into = &e.ID
	case keyword == "msgid_plural" && r.last == "msgid":
		r.into = &e.Plural
	case keyword == "msgstr" && r.last == "msgid",
		keyword == "msgstr["+strconv.Itoa(len(e.Said))+"]" && (r.last == "msgid_plural" || len(e.Said) > 0) && len(e.Said) < len(r.language.Categories()):
		e.Said = append(e.Said, "")
		r.into = &e.Said[len(e.Said)-1]
	default:
		return r.bad(keyword + " out of place")
	}
	return nil
}

// more adds a quoted string. PO's escapes are among those of Go.
func (r *reader) more(quoted string) error {
	s, err := strconv.Unquote(quoted)
	if err != nil || r.into == nil || !strings.HasPrefix(quoted, `"`) {
		return r.bad("not a string")
	}
	*r.into += s
	return nil
}

// end ends the entry that is being read, if there is one.
func (r *reader) end() (*Entry, error) {
	e := r.now
	if e != nil && len(e.Said) == 0 {
		return nil, r.bad("an entry without msgstr")
	}
	r.now, r.into, r.last = nil, nil, ""
	return e, nil
}

func (r *reader) bad(why string) error {
	return fmt.Errorf("%w: %s, line %d: %s", ErrCatalogue, r.language, r.number, why)
}
