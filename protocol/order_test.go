package protocol_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/hearthkey/hearthkey/protocol"
)

func TestDeviceIDOf(t *testing.T) {
	const want = protocol.DeviceID("d-mmg42klgyqzwneiskrelxms3j4")
	if got := protocol.DeviceIDOf([]byte(fill(0, 32))); !got.Valid() || got != want {
		t.Errorf("DeviceIDOf = %q, want %q", got, want)
	}
	for _, bad := range []protocol.DeviceID{"", "d-", "d-short", "x-mmg42klgyqzwneiskrelxms3j4", "d-MMG42KLGYQZWNEISKRELXMS3J4", "d-mmg42klgyqzwneiskrelxms3j42"} {
		if bad.Valid() {
			t.Errorf("%q is valid", bad)
		}
	}
}

func TestNewerIsAStrictOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := rapid.SliceOfN(rapid.Int64Range(0, 4), 3, 3).Draw(t, "epochs")
		v := rapid.SliceOfN(rapid.Int64Range(0, 4), 3, 3).Draw(t, "versions")
		newer := func(i, j int) bool {
			return protocol.Newer(protocol.Epoch(e[i]), protocol.Version(v[i]), protocol.Epoch(e[j]), protocol.Version(v[j]))
		}
		same := e[0] == e[1] && v[0] == v[1]
		if newer(0, 1) == newer(1, 0) && !same {
			t.Error("neither or both of two different states are newer")
		}
		if same && newer(0, 1) {
			t.Error("a state is newer than itself")
		}
		if newer(0, 1) && newer(1, 2) && !newer(0, 2) {
			t.Error("not transitive")
		}
	})
}

func TestALaterSignInIsNewerWhateverTheVersion(t *testing.T) {
	for _, c := range []struct {
		e1   protocol.Epoch
		v1   protocol.Version
		e2   protocol.Epoch
		v2   protocol.Version
		want bool
	}{
		{2, 0, 1, 9, true}, {1, 9, 2, 0, false}, {1, 2, 1, 1, true}, {1, 1, 1, 2, false}, {1, 1, 1, 1, false},
	} {
		if got := protocol.Newer(c.e1, c.v1, c.e2, c.v2); got != c.want {
			t.Errorf("Newer(%d, %d, %d, %d) = %t", c.e1, c.v1, c.e2, c.v2, got)
		}
	}
}

func TestStatusOrder(t *testing.T) {
	order := []protocol.Status{protocol.Active, protocol.SignedOut, protocol.Stolen, protocol.Deactivated}
	for i, a := range order {
		if got := a.Strictness(); got != i+1 {
			t.Errorf("%s has strictness %d, want %d", a, got, i+1)
		}
		for j, b := range order {
			want := a
			if j > i {
				want = b
			}
			if got := protocol.Stricter(a, b); got != want {
				t.Errorf("Stricter(%s, %s) = %s, want %s", a, b, got, want)
			}
		}
	}
	if protocol.Status("").Valid() || protocol.Status("ACTIVE").Valid() {
		t.Error("a status that is none is valid")
	}
}

func TestEveryCodeHasAnAction(t *testing.T) {
	for c := protocol.CodeBadFrame; c <= protocol.CodeLimit; c++ {
		if _, ok := protocol.Codes[c]; !ok {
			t.Errorf("code %d has no row", c)
		}
	}
	if got := protocol.Code(999).Action(); got != protocol.Retry {
		t.Errorf("an unknown code's action is %d, want Retry", got)
	}
}
