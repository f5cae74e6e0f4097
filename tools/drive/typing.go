package drive

import (
	"context"
	"fmt"
	"slices"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen"
)

// TypeOnScreen types text with the keyboard on the screen: arrows and OK alone.
func (tv *TV) TypeOnScreen(ctx context.Context, text string) error {
	for _, r := range text {
		if err := tv.typeRune(ctx, string(r)); err != nil {
			return err
		}
	}
	return nil
}

// typeRune presses the key of a character, after another layout where needed.
func (tv *TV) typeRune(ctx context.Context, char string) error {
	id := "key-" + char
	if char == " " {
		id = "space"
	}
	for _, layout := range []string{"", "letters", "symbols", "letters"} {
		if layout != "" {
			if err := tv.PressKey(ctx, layout); err != nil {
				return err
			}
		}
		if row, _ := keyAt(tv.View(), id); row >= 0 {
			return tv.PressKey(ctx, id)
		}
	}
	return fmt.Errorf("no key types %q; the screen shows %s", char, Describe(tv.View()))
}

// PressKey moves the focus to a key of the keyboard on the screen, and presses OK.
func (tv *TV) PressKey(ctx context.Context, id string) error {
	for range 60 {
		v := tv.View()
		row, col := keyAt(v, id)
		atRow, atCol := keyAt(v, v.Focus)
		step := keyseq.Right
		switch {
		case row < 0:
			return fmt.Errorf("no key %q; the screen shows %s", id, Describe(v))
		case row == atRow && col == atCol:
			_, err := tv.Press(ctx, keyseq.OK)
			return err
		case atRow >= 0 && atRow < row:
			step = keyseq.Down
		case atRow > row:
			step = keyseq.Up
		case col < atCol:
			step = keyseq.Left
		}
		if _, err := tv.Press(ctx, step); err != nil {
			return err
		}
	}
	return fmt.Errorf("key %q never had the focus; the screen shows %s", id, Describe(tv.View()))
}

// keyAt returns the row of a key and its place in it, -1 where there is none.
func keyAt(v nav.View, id string) (row, col int) {
	if v.Keyboard == nil {
		return -1, -1
	}
	for i, keys := range v.Keyboard.Keys {
		if j := slices.IndexFunc(keys, func(it nav.Item) bool { return it.ID == id }); j >= 0 {
			return i, j
		}
	}
	return -1, -1
}

// Type types text as a keyboard does.
func (tv *TV) Type(ctx context.Context, text string) (nav.View, error) {
	if err := tv.send(ctx, screen.KeyMessage{Text: text}); err != nil {
		return tv.View(), fmt.Errorf("type: %w", err)
	}
	return tv.View(), nil
}
