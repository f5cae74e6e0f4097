package catalog

import (
	"sync/atomic"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/titles"
)

// Live is the catalogue in use, which may be replaced while it is read. The zero
// Live has none. It is safe for concurrent use; each method answers from one
// edition of the catalogue.
type Live struct {
	now atomic.Pointer[edition]
}

// edition is one catalogue, in all the forms that it is asked for.
type edition struct {
	data  []byte
	blob  protocol.Blob
	index *titles.Index
}

// none is what there is before any catalogue.
var none = &edition{}

func (l *Live) edition() *edition {
	if e := l.now.Load(); e != nil {
		return e
	}
	return none
}

// Use makes data the catalogue in use and reports whether it differs from the one
// before. Without data there is none. Where data is no catalogue the one before
// stays, and the error wraps [ErrBad]. The caller may not change data afterwards.
func (l *Live) Use(data []byte) (changed bool, err error) {
	next := none
	if len(data) > 0 {
		c, err := Parse(data)
		if err != nil {
			return false, err
		}
		next = &edition{
			data: data, blob: protocol.Blob{Digest: protocol.DigestOf(data), Size: len(data)}, index: titles.New(&c),
		}
	}
	old := l.now.Swap(next)
	return old == nil && next != none || old != nil && old.blob != next.blob, nil
}

// Document returns the catalogue as it travels to TVs: its exact bytes, which
// nobody may change, and the digest that names them. Both are empty where there
// is no catalogue.
func (l *Live) Document() ([]byte, protocol.Blob) {
	e := l.edition()
	return e.data, e.blob
}

// Search returns at most limit titles by what a person typed of their name, as
// [titles.Index.Search] does.
func (l *Live) Search(query string, limit int) []parental.Title {
	return l.edition().index.Search(query, limit)
}

// Title returns the title with this id, as [titles.Index.Title] does.
func (l *Live) Title(id protocol.TitleID) (parental.Title, bool) {
	return l.edition().index.Title(id)
}

// Name returns the title's name, for people: "" for one that is not on offer.
func (l *Live) Name(id protocol.TitleID) string { return l.edition().index.Name(id) }
