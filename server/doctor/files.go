package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// others are the bits of a mode that let anybody but the owner in.
const others = 0o077

// Private checks that a file or folder is for one user alone. A missing one is the
// finding missing, or none at all where that has no level.
func Private(check, path string, missing Finding) []Finding {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && missing.Level == "":
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return []Finding{missing}
	case err != nil:
		return []Finding{{check, Bad, fmt.Sprintf("%s cannot be looked at: %v.", path, errors.Unwrap(err)), "Run this as the user that runs the server."}}
	case info.Mode().Perm()&others != 0:
		mode, want := info.Mode().Perm(), info.Mode().Perm()&^others
		return []Finding{{check, Bad, fmt.Sprintf("Others may reach %s: its mode is %04o.", path, mode), fmt.Sprintf("chmod %04o %s", want, path)}}
	}
	if uid, owner, known := owners(info); known && uid != 0 && uid != owner {
		return []Finding{{check, Bad, fmt.Sprintf("%s belongs to user %d, and this is user %d.", path, owner, uid), "Run the server and its commands as one user, and give it the folder: chown -R."}}
	}
	return []Finding{Good(check, "%s is for this user alone (%04o)", path, info.Mode().Perm())}
}

// Folder checks the data folder with all that is in it: how the database is called is
// for the caller to say.
func Folder(data, database, deletions string) []Finding {
	missing := Finding{"folder", Warn, fmt.Sprintf("There is no folder %s yet.", data), "The server makes it at its first start. If it has run before, check --data."}
	out := Private("folder", data, missing)
	if _, err := os.Stat(data); err != nil {
		return out
	}
	for _, f := range []string{database, database + "-wal", database + "-shm", deletions} {
		if f != "" {
			out = append(out, onlyBad(Private("folder", f, Finding{}))...)
		}
	}
	keys := filepath.Join(data, "keys")
	out = append(out, Private("keys", keys, Finding{"keys", Warn, "There are no keys yet in " + keys + ".", "The server makes them at its first start."})...)
	entries, err := os.ReadDir(keys)
	if err != nil {
		return out
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".key" {
			out = append(out, onlyBad(Private("keys", filepath.Join(keys, e.Name()), Finding{}))...)
		}
	}
	return out
}

// onlyBad leaves out that all is well.
func onlyBad(list []Finding) (out []Finding) {
	for _, f := range list {
		if f.Level != OK {
			out = append(out, f)
		}
	}
	return out
}

// Secret checks a file of secrets that a setting names.
func Secret(check, path string) []Finding {
	if path == "" {
		return nil
	}
	return Private(check, path, Finding{check, Bad, path + " is not there.", "Check the setting that names it."})
}
