package screen

import (
	"encoding/json"
	"sync"

	"github.com/hearthkey/hearthkey/agent/nav"
)

// feed holds the newest view and wakes the pages that show it. The view is
// encoded when the first page asks for it: a TV nobody looks at encodes none.
type feed struct {
	mu      sync.Mutex
	view    nav.View
	version uint64 // of view, from 1
	encoded []byte // of view; nil until asked for
	pages   map[*page]struct{}
	open    sync.WaitGroup // one for each page that joined; none joins once closed
	closed  bool
}

// start shows the first view.
func (f *feed) start() {
	f.pages = map[*page]struct{}{}
	f.show(nav.View{Screen: nav.ScreenStarting})
}

// show replaces the view and wakes every page.
func (f *feed) show(v nav.View) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.view, f.encoded = v, nil
	f.version++
	for p := range f.pages {
		p.poke()
	}
}

// newest returns the view as JSON when its version is not the one that was
// seen, else nil, and its version.
func (f *feed) newest(seen uint64) ([]byte, uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.version == seen {
		return nil, seen, nil
	}
	if f.encoded == nil {
		var err error
		if f.encoded, err = json.Marshal(f.view); err != nil {
			return nil, seen, err
		}
	}
	return f.encoded, f.version, nil
}

// join adds a page, unless there are too many or the server closes.
func (f *feed) join(p *page) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || len(f.pages) >= maxPages {
		return false
	}
	f.pages[p] = struct{}{}
	f.open.Add(1)
	p.poke()
	return true
}

// leave removes a page.
func (f *feed) leave(p *page) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.pages, p)
	f.open.Done()
}

// close tells every page to end, and lets no other join.
func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for p := range f.pages {
		p.stop()
	}
}
