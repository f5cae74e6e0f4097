// Command ratings writes docs/ratings.md: every national system of age ratings
// that the play decision knows, its labels with the ages they count as, and
// where they come from.
//
//	go run ./tools/ratings > docs/ratings.md
//
// The test fails where the file is not what package parental says.
package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/hearthkey/hearthkey/protocol/parental"
)

func main() {
	os.Exit(run(os.Stdout, os.Stderr))
}

func run(stdout, stderr io.Writer) int {
	if _, err := io.WriteString(stdout, document()); err != nil {
		fmt.Fprintln(stderr, "ratings:", err)
		return 1
	}
	return 0
}

const head = `# Age ratings

Generated from package parental by ` + "`go run ./tools/ratings > docs/ratings.md`" + `; do not edit.

A title's ratings are turned into the age from which somebody may watch it alone, and that age is compared with the
profile's maturity level: Little kids 0, Older kids 7, Teens 13, Adults 16, All 18. The rules, each on the strict side:

- An operator's own ` + "`age`" + ` counts alone. Otherwise the strictest of the ratings counts, and an episode without any has those of
  its series.
- What is unrated, or rated by a system or a label that is not below, counts as %d.
- Where younger viewers may watch with a grown-up, the age is the one without.
- “Parental guidance” without an age counts as 10, above the level for older kids, so that a parent decides; where the body
  names an age in its explanation, it counts as that.
- Where a label meant different ages in different years, the higher one counts.
- Grades above 18 count as 18, the age of the highest level.

Case, spaces and punctuation in labels do not matter, and the system's name may stand in front: “FSK 12”, “PG13”, “U/A 7+”.

%d systems of %d countries. Looked up in November 2026: laws and announcements where they are named; for the rest the body's
own page as it is in the registry of MovieLabs (Common Metadata Ratings 2.4.5, April 2021). Every system was compared with
that registry, and what changed since (Brazil, Czechia, India, Malaysia) with the announcement of the change.

| system | country | labels and ages | where it comes from |
|---|---|---|---|
`

func document() string {
	systems, sources := parental.Systems(), parental.Sources()
	countries := map[string]bool{}
	var rows []string
	for i, s := range systems {
		src := sources[i]
		countries[src.Country] = true
		rows = append(rows, fmt.Sprintf("| %s `%s` | %s | %s | %s |\n", src.Name, s.ID, src.Country, ages(s.Grades), origin(src)))
	}
	return fmt.Sprintf(head, parental.UnratedAge, len(systems), len(countries)) + strings.Join(rows, "")
}

// ages lists the labels of each age: 0: U · 8: PG · 12: 12A, 12.
func ages(grades []parental.Grade) string {
	byAge := map[int][]string{}
	var order []int
	for _, g := range grades {
		if byAge[g.Age] == nil {
			order = append(order, g.Age)
		}
		byAge[g.Age] = append(byAge[g.Age], g.Label)
	}
	slices.SortFunc(order, cmp.Compare)
	var out []string
	for _, age := range order {
		out = append(out, fmt.Sprintf("**%d**: %s", age, strings.Join(byAge[age], ", ")))
	}
	return strings.Join(out, " · ")
}

func origin(s parental.Source) string {
	var out []string
	switch {
	case s.Page != "" && s.Law != "":
		out = append(out, "["+s.Law+"]("+s.Page+")")
	case s.Page != "":
		out = append(out, "<"+s.Page+">")
	case s.Law != "":
		out = append(out, s.Law)
	default:
		out = append(out, "MovieLabs' registry")
	}
	if s.Note != "" {
		out = append(out, s.Note)
	}
	return strings.Join(out, ". ")
}
