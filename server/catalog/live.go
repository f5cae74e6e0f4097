package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/titles"
)

// Live is the catalogue in use, which may be replaced while it is read. The zero
// Live has none. It is safe for concurrent use; each method answers from one
// edition of the catalogue.
type Live struct {
	now  atomic.Pointer[edition]
	past atomic.Pointer[map[protocol.TitleID]string] // names, see Remember

	using sync.Mutex // one change at a time
}

// edition is one catalogue, in all the forms that it is asked for.
type edition struct {
	number int32 // grows with every change
	data   []byte
	blob   protocol.Blob
	index  *titles.Index
}

// none is what there is before any catalogue.
var none = &edition{}

func (l *Live) edition() *edition {
	if e := l.now.Load(); e != nil {
		return e
	}
	return none
}

// MaxFile is the longest document that [Live.Use] takes, in bytes, as people
// write it. It must be [protocol.MaxCatalog] or less without the spaces.
const MaxFile = 4 * protocol.MaxCatalog

// Use makes data the catalogue in use and reports whether it differs from the one
// before, other than in spaces. Without data there is none. Where data is no
// catalogue the one before stays, and the error wraps [ErrBad].
func (l *Live) Use(data []byte) (changed bool, err error) {
	next := &edition{}
	if len(data) > 0 {
		if next, err = newEdition(data); err != nil {
			return false, err
		}
	}
	l.using.Lock()
	defer l.using.Unlock()
	old := l.edition()
	if old.blob == next.blob {
		return false, nil
	}
	next.number = old.number + 1
	l.now.Store(next)
	return true, nil
}

func newEdition(data []byte) (*edition, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrBad, len(data), MaxFile)
	}
	var small bytes.Buffer
	if err := json.Compact(&small, data); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBad, err)
	}
	c, err := Parse(small.Bytes())
	if err != nil {
		return nil, err
	}
	return &edition{
		data: small.Bytes(), blob: protocol.Blob{Digest: protocol.DigestOf(small.Bytes()), Size: small.Len()}, index: titles.New(&c),
	}, nil
}

// Unknown returns the ratings in the catalogue that nobody knows, as [Unknown]
// does.
func (l *Live) Unknown() []parental.Rating {
	if c := l.edition().index.Catalog(); c != nil {
		return Unknown(*c)
	}
	return nil
}

// Document returns the catalogue as it travels to TVs: its exact bytes, which
// nobody may change, the digest that names them, and a number that grows when it
// changes. Without a catalogue there are no bytes.
func (l *Live) Document() (data []byte, blob protocol.Blob, edition int32) {
	e := l.edition()
	return e.data, e.blob, e.number
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

// Series returns the series that an episode on offer belongs to: "" for anything
// else.
func (l *Live) Series(id protocol.TitleID) protocol.TitleID {
	t, _ := l.Title(id)
	return protocol.TitleID(t.Series)
}

// Name returns the title's name, for people: "" for one that is not on offer.
func (l *Live) Name(id protocol.TitleID) string { return l.edition().index.Name(id) }
