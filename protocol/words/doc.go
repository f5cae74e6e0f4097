// Package words is how Hearthkey speaks several languages: which there are and
// how a tag finds one ([Match]), their plurals ([Language.Form]), sentences with
// names in them ([Fill]), and catalogues ([Catalogue]) in the format of GNU
// gettext's PO files, whose keys are the English sentences themselves.
//
// # Promises
//
// The package is pure, and everything in it is safe for concurrent use once it
// is made. A sentence that is not in a catalogue is said in English. A value
// that is filled in is never looked into for placeholders, and in a language
// written from right to left it cannot turn what stands around it.
//
// # Duties of the caller
//
// Digits are Latin (0-9) in all languages, Arabic too: codes, PINs and times are
// compared with what remote controls and other screens show. Values that are
// filled in are plain text; whoever makes HTML escapes what comes out.
//
// # Tests
//
// Tables for languages, plurals and sentences, and a fuzz target for catalogues.
// That the catalogues of the product are whole is held by tools/words.
package words
