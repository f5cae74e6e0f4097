package web

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestNamesAreInNaturalOrder(t *testing.T) {
	want := []string{"7", "9 rooms", "Attic", "bedroom", "Room", "Room 0", "Room 1", "Room 1a", "Room 2", "Room 02 east", "Room 10", "Room 10.2", "Room 10.11", "Ärger", "تلفاز 2", "تلفاز 10"}
	for range 20 {
		got := slices.Clone(want)
		rand.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		slices.SortFunc(got, natural)
		if !slices.Equal(got, want) {
			t.Fatalf("sorted: %q, want %q", got, want)
		}
	}
	if natural("TV 1", "tv 01") != 0 || natural("", "a") >= 0 || natural("a", "") <= 0 {
		t.Error("equal and empty names are not ordered")
	}
}
