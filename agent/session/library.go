package session

import (
	"fmt"
	"slices"

	"github.com/hearthkey/hearthkey/protocol"
)

// shelf is a library that is being put together from its frames.
type shelf struct {
	number int64
	parts  []protocol.Library
	taken  int64 // highest number handed on, on this connection
}

// library collects the frames of one number and hands them on with the last. As
// with counts, the first of a connection holds whatever its number.
func (s *step) library(f protocol.Library) {
	if s.line.stage != live || !s.active() {
		s.outOfPlace(f)
		return
	}
	sh := &s.shelf
	if f.Number == s.cache.held.Library || f.Number <= sh.taken || f.Number < sh.number {
		return
	}
	if f.Number != sh.number {
		sh.number, sh.parts = f.Number, nil
	}
	sh.parts = slices.DeleteFunc(sh.parts, func(p protocol.Library) bool { return p.Profile == f.Profile })
	if sh.parts = append(sh.parts, f); len(sh.parts) > protocol.MaxProfiles {
		s.log("library ignored", fmt.Errorf("%w: over %d profiles", errBounds, protocol.MaxProfiles))
		sh.parts = nil
		return
	}
	if f.Last {
		s.do(KeepLibrary{Number: f.Number, Profiles: sh.parts})
		sh.taken, sh.number, sh.parts = f.Number, 0, nil
	}
}

func (s *step) libraryKept(w LibraryKept) {
	if !s.active() || w.Epoch != s.saved.Epoch {
		return
	}
	s.cache.held.Library = w.Number
}
