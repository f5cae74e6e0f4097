package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/hearthkey/hearthkey/server/keyring"
)

// oldKey is the age from which a signing key should be changed.
const oldKey = 365 * 24 * time.Hour

// Keys checks the folder of keys of the service called name.
func Keys(dir, name string, now time.Time) []Finding {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil // Folder has said so
	}
	st, err := keyring.Inspect(dir)
	switch {
	case errors.Is(err, keyring.ErrIncomplete):
		return []Finding{{"keys", Bad, fmt.Sprintf("Key files are missing in %s (%v).", dir, err), "Restore them from a backup: with new keys every device would have to sign in again."}}
	case err != nil:
		return []Finding{{"keys", Bad, fmt.Sprintf("The keys in %s cannot be used (%v).", dir, err), "Restore the folder from a backup."}}
	}
	var out []Finding
	if name != "" && st.Server != name {
		out = append(out, Finding{"keys", Bad, fmt.Sprintf("The keys are those of the service %q, and the settings say %q.", st.Server, name), fmt.Sprintf("Give --name %s: every device signed for that name and refuses another.", st.Server)})
	}
	if st.RootHere {
		out = append(out, Finding{"keys", Warn, "The root key is on this machine: whoever breaks in here can keep every device.", "Move keys/root.key to a machine without network, with two copies (docs/operators.md)."})
	} else {
		out = append(out, Good("keys", "the root key is kept elsewhere"))
	}
	return append(out, signing(st, now))
}

func signing(st keyring.Status, now time.Time) Finding {
	for _, k := range st.Keys {
		if k.State != keyring.KeySigns {
			continue
		}
		age := now.Sub(k.Since)
		if !k.Since.IsZero() && age > oldKey {
			return Finding{"keys", Warn, fmt.Sprintf("The signing key %s is %d days old.", k.ID, int(age.Hours()/24)), "Change it: keys add, an hour later keys use."}
		}
		return Good("keys", "the signing key %s is in use, list %d", k.ID, st.Number)
	}
	return Finding{"keys", Bad, "No key of the list is here to sign with.", "Restore keys/signing.key, or have keys add make another, with the root key."}
}
