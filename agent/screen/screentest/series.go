package screentest

import (
	"fmt"

	"github.com/hearthkey/hearthkey/agent/nav"
)

// seasons are the rows of a series.
func seasons() []nav.Row {
	names := []string{"Salt Water", "The Letter", "Low Tide", "A Stranger's Boat", "The Long Night", "Fog", "Home"}
	var rows []nav.Row
	for s := 1; s <= 2; s++ {
		row := nav.Row{Label: fmt.Sprintf("Season %d", s)}
		for i, name := range names[:9-2*s] {
			id := fmt.Sprintf("harbour-lights-s%de%d", s, i+1)
			row.Items = append(row.Items, nav.Item{ID: fmt.Sprintf("%d/%s", s, id), Label: fmt.Sprintf("%d · %s", i+1, name), Poster: id, Badge: "13+", Detail: "48 min"})
		}
		rows = append(rows, row)
	}
	rows[0].Items[0].Progress, rows[0].Items[1].Progress = 1, 0.35
	rows[0].Items[3].Locked = true
	return rows
}

// series are a series with its episodes, one of these, and what comes after.
func series() []Named {
	who := Profiles()[0]
	page := nav.View{Screen: nav.ScreenTitle, Title: "Harbour Lights", Poster: "harbour-lights", Badge: "13+", Who: &who, Focus: "play", Rows: seasons(),
		Text:  []string{"2021 · 2 seasons · Drama", "A lighthouse keeper's daughter reads the letters that the sea brings."},
		Items: []nav.Item{{ID: "play", Label: "Continue", Detail: "S1 E2"}, {ID: "myList", Label: "Add to my list"}, {ID: "back", Label: "Back"}}}
	row := page
	row.Focus = page.Rows[0].Items[3].ID
	film := nav.View{Screen: nav.ScreenTitle, Title: "Low Tide", Poster: "low-tide", Badge: "16+", Who: &who, Focus: "play", Locked: true, Progress: 0.6,
		Text:  []string{"2020 · 1 h 52 min · Drama", "Two brothers sell the boat that their father built."},
		Items: []nav.Item{{ID: "play", Label: "Continue"}, {ID: "start", Label: "Play from the start"}, {ID: "myList", Label: "Take off my list"}, {ID: "back", Label: "Back"}}}
	full := film
	full.Toast = "Low Tide stopped. As many TVs are watching as your service allows: Living room, Bedroom, Attic and more."
	next := nav.View{Screen: nav.ScreenNext, Title: "Up next", Poster: "harbour-lights-s1e3", Who: &who, Focus: "play",
		Card:  &nav.Card{Title: "Harbour Lights", Detail: "S1 E3 · Low Tide", Badge: "13+", Left: 7, Of: 10},
		Items: []nav.Item{{ID: "play", Label: "Play now"}, {ID: "cancel", Label: "Cancel"}}}
	locked := next
	locked.Card = &nav.Card{Title: "Harbour Lights", Detail: "S1 E4 · A Stranger's Boat", Badge: "16+", Locked: true, Left: 3, Of: 10}
	playing := nav.View{Screen: nav.ScreenPlayer, Who: &who, Player: &nav.Player{Title: "Harbour Lights", Poster: "harbour-lights-s1e3",
		Detail: "S1 E3 · Low Tide", Next: "S1 E4 · A Stranger's Boat", Position: 1834, Length: 2880}}
	pin := nav.View{Screen: nav.ScreenPIN, Title: "Enter the parental PIN", Poster: "low-tide", Who: &who, PIN: &nav.PIN{Entered: 1, Length: 4},
		Text: []string{"Low Tide asks for it.", "Use the digits, or the arrows and OK."}}
	return []Named{{"series", page}, {"series-episode", row}, {"title-progress", film}, {"title-streams", full}, {"next", next}, {"next-locked", locked},
		{"player-episode", playing}, {"pin-parental", pin}}
}

// searching are a search with suggestions and results, and one without any.
func searching() []Named {
	who := Profiles()[0]
	keys := func(text string) *nav.Keyboard {
		k := &nav.Keyboard{Label: "Search", Text: text, Length: len(text)}
		for _, chars := range []string{"1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm._@"} {
			var row []nav.Item
			for _, c := range chars {
				row = append(row, nav.Item{ID: "key-" + string(c), Label: string(c), Wide: 2})
			}
			k.Keys = append(k.Keys, row)
		}
		k.Keys = append(k.Keys, []nav.Item{{ID: "space", Label: "Space", Wide: 8}, {ID: "delete", Label: "Delete", Wide: 4},
			{ID: "clear", Label: "Clear", Wide: 4}, {ID: "next", Label: "Results", Wide: 4}})
		return k
	}
	found := nav.View{Screen: nav.ScreenSearch, Title: "Search", Who: &who, Focus: "key-t", Keyboard: keys("sal"),
		Items: []nav.Item{{ID: "s1", Label: "Salt"}, {ID: "s2", Label: "Saltwater Hearts"}, {ID: "s3", Label: "Sally and the Sea"}},
		Rows:  []nav.Row{titles("Found", "Salt", "Saltwater Hearts", "Sally and the Sea")}}
	row := found
	row.Focus = found.Rows[0].Items[1].ID
	empty := nav.View{Screen: nav.ScreenSearch, Title: "Search", Who: &who, Focus: "key-q", Keyboard: keys("xqz"), Text: []string{"Nothing here is called “xqz”."}}
	return []Named{{"search", found}, {"search-found", row}, {"search-nothing", empty}}
}
