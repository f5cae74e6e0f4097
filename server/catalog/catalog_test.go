package catalog

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/titles"
)

// TestDemo: the demo is alive: films and series, something more at every level,
// ratings of many countries, and what is known to go wrong in real catalogues.
func TestDemo(t *testing.T) {
	data := Demo()
	c, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Titles) < 60 || len(c.Titles) > 80 || len(c.Rows) != 7 {
		t.Errorf("%d titles in %d rows", len(c.Titles), len(c.Rows))
	}
	index := titles.New(&c)
	inRows := map[string]bool{}
	for _, r := range c.Rows {
		for _, id := range r.Titles {
			inRows[string(id)] = true
		}
	}
	unrated, before, systems := 0, 0, map[string]bool{}
	for _, title := range c.Titles {
		if title.Text == "" || title.Genre == "" || title.Year == 0 || (title.Minutes == 0) != (title.Kind == parental.Series) {
			t.Errorf("%s is incomplete", title.ID)
		}
		for _, r := range title.Ratings {
			systems[r.System] = true
		}
		switch {
		case title.Kind == parental.Episode:
			continue
		case !inRows[title.ID]:
			t.Errorf("%s is in no row", title.ID)
		case title.Kind == parental.Series && len(index.Episodes(protocol.TitleID(title.ID))) < 5:
			t.Errorf("%s has hardly an episode", title.ID)
		case title.Age == nil && len(title.Ratings) == 0:
			unrated++
		}
	}
	if unrated != 2 || len(systems) < 15 {
		t.Errorf("%d unrated titles, want 2; ratings of %d systems, want 15 or more", unrated, len(systems))
	}
	if got := fmt.Sprint(Unknown(c)); got != "[{Guild Harmless}]" {
		t.Errorf("unknown ratings: %s", got)
	}
	for l := parental.LittleKids; l <= parental.All; l++ {
		n := 0
		for _, title := range c.Titles {
			if found, _ := index.Title(protocol.TitleID(title.ID)); found.YoungestAge() <= l.MaxAge() {
				n++
			}
		}
		if n <= before {
			t.Errorf("%v may watch %d titles, the level below %d", l, n, before)
		}
		before = n
	}
}

func TestBadCatalogues(t *testing.T) {
	for name, data := range map[string]string{
		"empty":           "",
		"not JSON":        "titles",
		"another type":    `{"titles":7}`,
		"no id":           `{"titles":[{"name":"x"}]}`,
		"long id":         fmt.Sprintf(`{"titles":[{"id":%q,"name":"x"}]}`, strings.Repeat("x", 65)),
		"repeated id":     `{"titles":[{"id":"a","name":"x"},{"id":"a","name":"y"}]}`,
		"no name":         `{"titles":[{"id":"a"}]}`,
		"long text":       fmt.Sprintf(`{"titles":[{"id":"a","name":"x","text":%q}]}`, strings.Repeat("x", 1001)),
		"age 19":          `{"titles":[{"id":"a","name":"x","age":19}]}`,
		"negative age":    `{"titles":[{"id":"a","name":"x","age":-1}]}`,
		"impossible year": `{"titles":[{"id":"a","name":"x","year":-4}]}`,
		"row without":     `{"rows":[{"titles":[]}]}`,
		"unknown title":   `{"rows":[{"name":"r","titles":["a"]}]}`,
		"null character":  `{"titles":[{"id":"a","name":"x\u0000y"}]}`,
		"line break":      `{"titles":[{"id":"a","name":"x","text":"one\ntwo"}]}`,
		"escape in genre": `{"titles":[{"id":"a","name":"x","genre":"\u001b[2J"}]}`,
		"turned round":    `{"rows":[{"name":"\u202er"}]}`,
		"control in row":  `{"rows":[{"name":"r\u0085"}]}`,
		"space in id":     `{"titles":[{"id":"a b","name":"x"}]}`,
		"letter in id":    `{"titles":[{"id":"é","name":"x"}]}`,
		"too long":        `{"titles":[{"id":"a","name":"x","minutes":2881}]}`,
		"unknown kind":    `{"titles":[{"id":"a","name":"x","kind":"game"}]}`,
		"nine ratings":    `{"titles":[{"id":"a","name":"x","ratings":[` + strings.Repeat(`{"system":"FSK","label":"0"},`, 8) + `{"system":"FSK","label":"0"}]}]}`,
		"no label":        `{"titles":[{"id":"a","name":"x","ratings":[{"system":"FSK"}]}]}`,
		"no system":       `{"titles":[{"id":"a","name":"x","ratings":[{"label":"0"}]}]}`,
		"long label":      fmt.Sprintf(`{"titles":[{"id":"a","name":"x","ratings":[{"system":"FSK","label":%q}]}]}`, strings.Repeat("x", 65)),
		"no series":       `{"titles":[{"id":"a","name":"x","kind":"episode","season":1,"episode":1}]}`,
		"unknown series":  `{"titles":[{"id":"a","name":"x","kind":"episode","series":"s","season":1,"episode":1}]}`,
		"series is film":  `{"titles":[{"id":"s","name":"y"},{"id":"a","name":"x","kind":"episode","series":"s","season":1,"episode":1}]}`,
		"of itself":       `{"titles":[{"id":"a","name":"x","kind":"episode","series":"a","season":1,"episode":1}]}`,
		"season 0":        `{"titles":[{"id":"s","name":"y","kind":"series"},{"id":"a","name":"x","kind":"episode","series":"s","episode":1}]}`,
		"episode 0":       `{"titles":[{"id":"s","name":"y","kind":"series"},{"id":"a","name":"x","kind":"episode","series":"s","season":1}]}`,
		"season 1001":     `{"titles":[{"id":"s","name":"y","kind":"series"},{"id":"a","name":"x","kind":"episode","series":"s","season":1001,"episode":1}]}`,
		"twice the same": `{"titles":[{"id":"s","name":"y","kind":"series"},{"id":"a","name":"x","kind":"episode","series":"s","season":1,"episode":1},
			{"id":"b","name":"z","kind":"episode","series":"s","season":1,"episode":1}]}`,
		"film in a series": `{"titles":[{"id":"s","name":"y","kind":"series"},{"id":"a","name":"x","series":"s"}]}`,
		"film of a season": `{"titles":[{"id":"a","name":"x","season":1}]}`,
		"too large":        strings.Repeat(" ", protocol.MaxCatalog+1),
		"too many titles":  `{"titles":[` + strings.Repeat(`{},`, MaxTitles) + `{}]}`,
		"too many rows":    `{"rows":[` + strings.Repeat(`{"name":"r"},`, MaxRows) + `{"name":"r"}]}`,
	} {
		if _, err := Parse([]byte(data)); !errors.Is(err, ErrBad) {
			t.Errorf("%s: %v, want ErrBad", name, err)
		}
	}
}

// TestGoodCatalogues: what is odd, but right.
func TestGoodCatalogues(t *testing.T) {
	for name, data := range map[string]string{
		"nothing":              `{}`,
		"unknown members":      `{"titles":[{"id":"a","name":"x","poster":"https://example.org/a.png"}],"made":"today"}`,
		"episode first":        `{"titles":[{"id":"a","name":"x","kind":"episode","series":"s","season":2,"episode":10000},{"id":"s","name":"y","kind":"series"}]}`,
		"series without parts": `{"titles":[{"id":"s","name":"y","kind":"series"}]}`,
		"unknown rating":       `{"titles":[{"id":"a","name":"x","ratings":[{"system":"Guild","label":"?"}]}]}`,
		"other scripts":        `{"titles":[{"id":"a","name":"東京 🎬 قصة"}]}`,
	} {
		if _, err := Parse([]byte(data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestErrorsSayWhatToMend: an operator finds the title by the message.
func TestErrorsSayWhatToMend(t *testing.T) {
	for data, want := range map[string]string{
		`{"titles":[{"id":"a","name":"x"},{"name":"y"}]}`:                                               "title number 2: its id must be",
		`{"titles":[{"id":"gulls","name":"x","age":21}]}`:                                               `title "gulls": its age is 21, not 0 to 18`,
		`{"titles":[{"id":"gulls","name":"x","kind":"episode","series":"sea","season":1,"episode":1}]}`: `its series "sea" is not a title of kind series`,
		`{"rows":[{"name":"New","titles":["gulls"]}]}`:                                                  `row "New" has "gulls", which is not a title`,
		`{"titles":[{"id":"gulls","name":"x","kind":"movie"}]}`:                                         `its kind is "movie", not series, episode or nothing`,
		`{"titles":[{"id":"` + strings.Repeat("x", 10_000) + `","name":"x"}]}`:                          `not "xxxx`,
	} {
		_, err := Parse([]byte(data))
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("%.100s: %.400v, want %q", data, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"rows":[{"name":"r","titles":["a"]}],"titles":[{"id":"a","name":"x","age":7}]}`))
	f.Add([]byte(`{"titles":[{"id":"s","name":"y","kind":"series"},{"id":"a","name":"x","kind":"episode","series":"s","season":1,"episode":1,"ratings":[{"system":"FSK","label":"0"}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			return
		}
		for _, title := range c.Titles {
			if title.ID == "" || title.Name == "" || title.Age != nil && (*title.Age < 0 || *title.Age > 18) {
				t.Errorf("accepted %+v", title)
			}
			if series, known := titles.New(&c).Title(protocol.TitleID(title.Series)); title.Kind == parental.Episode && (!known || series.Kind != parental.Series) {
				t.Errorf("accepted %+v", title)
			}
		}
	})
}
