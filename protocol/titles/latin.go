package titles

import "unicode"

// The Latin letters with marks, each by the letter that a person types for it on
// a keyboard without marks; a dot where there is none (Unicode's canonical
// decompositions, and the strokes that it leaves alone).
const (
	latin = "" +
		"aaaaaa.ceeeeiiiidnooooo.ouuuuy..aaaaaa.ceeeeiiiidnooooo.ouuuuy.y" +
		"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkkklllllll" +
		"lllnnnnnnn..oooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs" +
		".b........d............ikk......oo.............uu..yy..........." +
		".............aaiioouuuuuuuuuu.aaaa....ggkkoooo..j...gg..nnaa..oo" +
		"aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............" +
		"................"

	latinMore = "" +
		"aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm" +
		"mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv" +
		"wwwwwwwwwwxxxxyyzzzzzzhtwyas....aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee" +
		"eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......"
)

// unmarked returns r, in lower case, without its marks. Letters that are two on
// such a keyboard are returned as both.
func unmarked(r rune) (rune, rune) {
	switch {
	case r >= 0xC0 && r < 0xC0+rune(len(latin)) && latin[r-0xC0] != '.':
		return rune(latin[r-0xC0]), 0
	case r >= 0x1E00 && r < 0x1E00+rune(len(latinMore)) && latinMore[r-0x1E00] != '.':
		return rune(latinMore[r-0x1E00]), 0
	}
	switch r {
	case 'Æ', 'æ', 'Ǣ', 'ǣ', 'Ǽ', 'ǽ':
		return 'a', 'e'
	case 'Œ', 'œ':
		return 'o', 'e'
	case 'ß', 'ẞ':
		return 's', 's'
	case 'Þ', 'þ':
		return 't', 'h'
	case 'Ĳ', 'ĳ':
		return 'i', 'j'
	case 'Ŋ', 'ŋ':
		return 'n', 0
	case 'Ǆ', 'ǅ', 'ǆ', 'Ǳ', 'ǲ', 'ǳ':
		return 'd', 'z'
	case 'Ǉ', 'ǈ', 'ǉ':
		return 'l', 'j'
	case 'Ǌ', 'ǋ', 'ǌ':
		return 'n', 'j'
	}
	return unicode.ToLower(r), 0
}
