package catalog

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

func TestDemo(t *testing.T) {
	data := Demo()
	c, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Titles) != 24 || len(c.Rows) < 4 || len(c.Rows) > 5 {
		t.Errorf("%d titles in %d rows", len(c.Titles), len(c.Rows))
	}
	inRows := map[string]bool{}
	for _, r := range c.Rows {
		for _, id := range r.Titles {
			inRows[string(id)] = true
		}
	}
	unrated, before := 0, 0
	for _, title := range c.Titles {
		if title.Age == nil {
			unrated++
		}
		if !inRows[title.ID] {
			t.Errorf("%s is in no row", title.ID)
		}
		if title.Text == "" || title.Genre == "" || title.Year == 0 || title.Minutes == 0 {
			t.Errorf("%s is incomplete", title.ID)
		}
	}
	if unrated != 1 {
		t.Errorf("%d unrated titles, want 1", unrated)
	}
	for l := parental.LittleKids; l <= parental.All; l++ {
		n := 0
		for _, title := range c.Titles {
			if title.YoungestAge() <= l.MaxAge() {
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
		"too large":       strings.Repeat(" ", protocol.MaxCatalog+1),
		"too many titles": `{"titles":[` + strings.Repeat(`{},`, MaxTitles) + `{}]}`,
		"too many rows":   `{"rows":[` + strings.Repeat(`{"name":"r"},`, MaxRows) + `{"name":"r"}]}`,
	} {
		if _, err := Parse([]byte(data)); !errors.Is(err, ErrBad) {
			t.Errorf("%s: %v, want ErrBad", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"rows":[{"name":"r","titles":["a"]}],"titles":[{"id":"a","name":"x","age":7}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			return
		}
		for _, title := range c.Titles {
			if title.ID == "" || title.Name == "" || title.Age != nil && (*title.Age < 0 || *title.Age > 18) {
				t.Errorf("accepted %+v", title)
			}
		}
	})
}
