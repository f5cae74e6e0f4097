package boxbuild

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"
	"strings"
)

// Size is what a package takes up in a program, in bytes.
type Size struct {
	Package string
	Bytes   int64 // code and data that have a name
	Symbols int   // how many of these; each costs about 200 more in the runtime's tables
}

// Report is where the bytes of a program are.
type Report struct {
	Total  int64  // what the symbols of all packages take up
	Tables int64  // the runtime's tables of functions, for stack traces and the garbage collector
	Sizes  []Size // the largest first
}

// Sizes reads a program that was built with Symbols.
func Sizes(path string) (Report, error) {
	var r Report
	f, err := elf.Open(path)
	if err != nil {
		return r, fmt.Errorf("boxbuild: %w", err)
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		return r, fmt.Errorf("boxbuild: the symbols of %s: %w", path, err)
	}
	if s := f.Section(".gopclntab"); s != nil {
		r.Tables = int64(s.Size)
	}
	sizes := map[string]*Size{}
	for _, s := range symbols {
		if !inFile(f, s) {
			continue
		}
		name := packageOf(s.Name)
		if sizes[name] == nil {
			sizes[name] = &Size{Package: name}
		}
		sizes[name].Bytes += int64(s.Size)
		sizes[name].Symbols++
		r.Total += int64(s.Size)
	}
	for _, s := range sizes {
		r.Sizes = append(r.Sizes, *s)
	}
	slices.SortFunc(r.Sizes, func(a, b Size) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), strings.Compare(a.Package, b.Package))
	})
	return r, nil
}

// inFile reports whether a symbol is code or data that the file holds, and not memory
// that is only there when the program runs.
func inFile(f *elf.File, s elf.Symbol) bool {
	if s.Section == elf.SHN_UNDEF || int(s.Section) >= len(f.Sections) {
		return false
	}
	sec := f.Sections[s.Section]
	return sec.Type == elf.SHT_PROGBITS && sec.Flags&elf.SHF_ALLOC != 0 && sec.Name != ".gopclntab"
}

// packageOf is the package of a symbol's name: what stands before the first dot behind
// the last slash, without type arguments.
func packageOf(symbol string) string {
	if strings.HasPrefix(symbol, "type:") {
		return "(types)"
	}
	if strings.HasPrefix(symbol, "go:") {
		return "(go)"
	}
	symbol, _, _ = strings.Cut(symbol, "[")
	slash := strings.LastIndexByte(symbol, '/') + 1
	name, _, found := strings.Cut(symbol[slash:], ".")
	if !found {
		return "(C)"
	}
	return symbol[:slash] + name
}

// String writes the report: the packages above 10 kB each, and the rest in one line.
func (r Report) String() string {
	const least = 10_000
	var b strings.Builder
	rest, packages := int64(0), 0
	for _, s := range r.Sizes {
		if s.Bytes < least {
			rest, packages = rest+s.Bytes, packages+1
			continue
		}
		fmt.Fprintf(&b, "%9d  %5d  %s\n", s.Bytes, s.Symbols, s.Package)
	}
	fmt.Fprintf(&b, "%9d         %d packages below %d each\n%9d         the runtime's tables\n%9d         all of these\n",
		rest, packages, least, r.Tables, r.Total+r.Tables)
	return b.String()
}
