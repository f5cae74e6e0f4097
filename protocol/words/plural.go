package words

// Category is a plural category of CLDR.
type Category string

// The categories, https://cldr.unicode.org/index/cldr-spec/plural-rules.
const (
	Zero  Category = "zero"
	One   Category = "one"
	Two   Category = "two"
	Few   Category = "few"
	Many  Category = "many"
	Other Category = "other"
)

// Categories returns those of l, in the order in which a catalogue has them.
func (l Language) Categories() []Category {
	switch l {
	case Arabic:
		return []Category{Zero, One, Two, Few, Many, Other}
	case Spanish:
		return []Category{One, Many, Other}
	}
	return []Category{One, Other}
}

// Category is that of a whole number n ≥ 0: the cardinal rules of CLDR 48
// (common/supplemental/plurals.xml) for integers.
func (l Language) Category(n int) Category {
	switch l {
	case Arabic:
		return arabic(n)
	case Spanish:
		if n != 0 && n%1_000_000 == 0 {
			return Many
		}
	}
	if n == 1 {
		return One
	}
	return Other
}

func arabic(n int) Category {
	switch {
	case n == 0:
		return Zero
	case n == 1:
		return One
	case n == 2:
		return Two
	case n%100 >= 3 && n%100 <= 10:
		return Few
	case n%100 >= 11:
		return Many
	}
	return Other
}

// Form is the place of n's category among l's categories.
func (l Language) Form(n int) int {
	is := l.Category(n)
	for i, c := range l.Categories() {
		if c == is {
			return i
		}
	}
	return len(l.Categories()) - 1
}
