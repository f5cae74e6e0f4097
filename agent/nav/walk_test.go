package nav

import (
	"encoding/json"
	"fmt"
)

// maxView is the bound on a View in JSON.
const maxView = 64 << 10

// soundView checks what must hold for every view: the focus names an item of the
// top layer that can have it, there is a focus wherever there are such items,
// ids are unique, and its JSON is bounded.
func soundView(v View) error {
	if err := soundFocus(v); err != nil {
		return err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("view of %s: %w", v.Screen, err)
	}
	if len(data) > maxView {
		return fmt.Errorf("view of %s has %d bytes, want at most %d", v.Screen, len(data), maxView)
	}
	return nil
}

func soundFocus(v View) error {
	layer := append([]Item(nil), v.Items...)
	for _, r := range v.Rows {
		layer = append(layer, r.Items...)
	}
	all := append(append([]Item(nil), layer...), v.Menu...)
	if v.Dialog != nil {
		all = append(all, v.Dialog.Items...)
	}
	seen := make(map[string]bool, len(all))
	for _, it := range all {
		if it.ID == "" || seen[it.ID] {
			return fmt.Errorf("view of %s: id %q is empty or not unique", v.Screen, it.ID)
		}
		seen[it.ID] = true
	}
	if v.Menu != nil {
		layer = v.Menu
	}
	if v.Dialog != nil {
		layer = v.Dialog.Items
	}
	want := first(layer) != ""
	i := indexOf(layer, v.Focus)
	switch {
	case want && i < 0:
		return fmt.Errorf("view of %s: focus %q is not an item", v.Screen, v.Focus)
	case want && layer[i].Info:
		return fmt.Errorf("view of %s: focus %q is only to be read", v.Screen, v.Focus)
	case !want && v.Focus != "":
		return fmt.Errorf("view of %s: focus %q, but nothing to focus on", v.Screen, v.Focus)
	}
	return nil
}
