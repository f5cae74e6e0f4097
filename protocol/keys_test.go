package protocol_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
)

func TestKeyListBounds(t *testing.T) {
	key := func(id string) protocol.SigningKey {
		return protocol.SigningKey{ID: id, Key: make(protocol.Bytes, 32)}
	}
	many := func(n int) (out []protocol.SigningKey, names []string) {
		for i := range n {
			out, names = append(out, key(fmt.Sprint("k", i))), append(names, fmt.Sprint("r", i))
		}
		return out, names
	}
	sixteen, _ := many(protocol.MaxKeys)
	seventeen, _ := many(protocol.MaxKeys + 1)
	_, names := many(protocol.MaxRemoved)
	_, tooMany := many(protocol.MaxRemoved + 1)
	for _, c := range []struct {
		name  string
		spoil func(*protocol.KeysClaims)
		want  error
	}{
		{"one key", func(*protocol.KeysClaims) {}, nil},
		{"everything full", func(c *protocol.KeysClaims) {
			c.Keys, c.Removed, c.Root = sixteen, names, make(protocol.Bytes, 32)
		}, nil},
		{"no server", func(c *protocol.KeysClaims) { c.Server = "" }, protocol.ErrKeyList},
		{"a long server", func(c *protocol.KeysClaims) { c.Server = strings.Repeat("s", protocol.MaxServer+1) }, protocol.ErrKeyList},
		{"number 0", func(c *protocol.KeysClaims) { c.Number = 0 }, protocol.ErrKeyList},
		{"number below 0", func(c *protocol.KeysClaims) { c.Number = -1 }, protocol.ErrKeyList},
		{"no key", func(c *protocol.KeysClaims) { c.Keys = nil }, protocol.ErrKeyList},
		{"too many keys", func(c *protocol.KeysClaims) { c.Keys = seventeen }, protocol.ErrKeyList},
		{"a key without a name", func(c *protocol.KeysClaims) { c.Keys[0].ID = "" }, protocol.ErrKeyList},
		{"a long name", func(c *protocol.KeysClaims) { c.Keys[0].ID = strings.Repeat("k", protocol.MaxKeyID+1) }, protocol.ErrKeyList},
		{"a short key", func(c *protocol.KeysClaims) { c.Keys[0].Key = make(protocol.Bytes, 31) }, protocol.ErrKeyList},
		{"a time below 0", func(c *protocol.KeysClaims) { c.Keys[0].Since = -1 }, protocol.ErrKeyList},
		{"a name twice", func(c *protocol.KeysClaims) { c.Keys = append(c.Keys, key("k0")) }, protocol.ErrKeyList},
		{"too many removed", func(c *protocol.KeysClaims) { c.Removed = tooMany }, protocol.ErrKeyList},
		{"a removed key without a name", func(c *protocol.KeysClaims) { c.Removed = []string{""} }, protocol.ErrKeyList},
		{"a removed key twice", func(c *protocol.KeysClaims) { c.Removed = []string{"r", "r"} }, protocol.ErrKeyList},
		{"listed and removed", func(c *protocol.KeysClaims) { c.Removed = []string{"k0"} }, protocol.ErrKeyList},
		{"a short root", func(c *protocol.KeysClaims) { c.Root = make(protocol.Bytes, 31) }, protocol.ErrKeyList},
	} {
		claims := protocol.KeysClaims{Server: "tv.example", Number: 1, Keys: []protocol.SigningKey{key("k0")}}
		c.spoil(&claims)
		if err := claims.Check(); !errors.Is(err, c.want) {
			t.Errorf("%s: Check() = %v, want %v", c.name, err, c.want)
		}
	}
}

func TestKeyListFind(t *testing.T) {
	c := protocol.KeysClaims{Keys: []protocol.SigningKey{{ID: "a", Key: protocol.Bytes{1}}, {ID: "b", Key: protocol.Bytes{2}}}}
	if got := c.Find("b"); len(got) != 1 || got[0] != 2 {
		t.Errorf(`Find("b") = %v, want the key of b`, got)
	}
	if got := c.Find("c"); got != nil {
		t.Errorf(`Find("c") = %v, want none`, got)
	}
}
