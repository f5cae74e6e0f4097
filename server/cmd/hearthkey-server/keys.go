package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/hearthkey/hearthkey/server/keyring"
)

// keyCommands change the keys in the data folder, beside the running server.
type keyCommands struct {
	List        listKeys    `cmd:"" help:"List the signing keys with their state and age."`
	Add         addKey      `cmd:"" help:"Make the next signing key and list it, an hour or more before it signs."`
	Use         useKey      `cmd:"" help:"Have the next signing key sign from now on."`
	Retire      retireKey   `cmd:"" help:"Take a key off the list that does not sign any more."`
	Remove      removeKey   `cmd:"" help:"A signing key leaked: no device believes it from now on, whatever it signed."`
	RotateRoot  rotateRoot  `cmd:"" name:"rotate-root" help:"Change the root key, which signs the lists: the present one signs who comes after it."`
	NewRoot     newRoot     `cmd:"" name:"new-root" help:"Make a root key in a file, anywhere. Prints its public half."`
	Sign        signLists   `cmd:"" help:"Sign a draft with the root key, on a machine without network."`
	Import      importLists `cmd:"" help:"Take signed lists into the folder."`
	ReplaceLost replaceRoot `cmd:"" name:"replace-lost-root" help:"Begin again with another root key, because the present one is lost. Nobody is signed out; devices follow at their next sign-in."`
}

// keyFolder is where the keys are.
type keyFolder struct {
	Data string `default:"data/server" placeholder:"FOLDER" help:"The server's data folder. It may be running."`
}

// with opens the folder for do.
func (c keyFolder) with(do func(*keyring.Folder) error) error {
	dir := filepath.Join(c.Data, "keys")
	d, err := keyring.OpenFolder(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there are no keys in %s yet: the server makes them at its first start", dir)
	}
	if err != nil {
		return explainKeys(err)
	}
	defer d.Close()
	return explainKeys(do(d))
}

// explainKeys says what an operator can do about keys that cannot be changed.
func explainKeys(err error) error {
	for _, known := range []struct {
		is   error
		text string
	}{
		{keyring.ErrBusy, "Another command changes the keys at this moment: try again."},
		{keyring.ErrNoRoot, "Give the file of this root key, not of one before or after it, with --root-key; or write a --draft and sign that where the key is."},
		{keyring.ErrNext, "First 'keys add', then 'keys use', one key at a time."},
		{keyring.ErrEarly, "Whoever checks play grants may not have seen the next key yet: wait, or give --at-once."},
		{keyring.ErrInUse, "Let the next key sign before ('keys add', 'keys use'); if this one leaked, 'keys remove'."},
		{keyring.ErrNoKey, "The names are in 'keys list'."},
		{keyring.ErrOrder, "Other lists were made since: draft and sign this change again."},
		{keyring.ErrNotOurs, "Nothing was changed."},
	} {
		if errors.Is(err, known.is) {
			return fmt.Errorf("%w. %s", err, known.text)
		}
	}
	return err
}

type listKeys struct{ keyFolder }

func (c listKeys) run(_ context.Context, s streams) error {
	return c.with(func(d *keyring.Folder) error {
		st := d.Status()
		where := "kept elsewhere"
		if st.RootHere {
			where = "in this folder: keep it offline"
		}
		fmt.Fprintf(s.out, "Server %s, list %d, root key %s (%s, changed %d times)\n\n", st.Server, st.Number, st.Root, where, st.Changes)
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "KEY\tSTATE\tLISTED\tAGE\tMEANS")
		for _, k := range st.Keys {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.ID, k.State, at(k.Since), age(k.Since), meaning[k.State])
		}
		return w.Flush()
	})
}

var meaning = map[keyring.KeyState]string{
	keyring.KeyMade:    "made, and on no list yet",
	keyring.KeyNext:    "devices know it, and it does not sign yet",
	keyring.KeySigns:   "signs states and play grants",
	keyring.KeyListed:  "signed before; devices still believe it",
	keyring.KeyRetired: "off the list; this server knows what it signed",
	keyring.KeyRemoved: "leaked: nobody believes it",
}

func age(since time.Time) string {
	if since.IsZero() {
		return "-"
	}
	d := time.Since(since)
	if d < 48*time.Hour {
		return d.Truncate(time.Minute).String()
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// signing is how a change of the list gets the root key's signature.
type signing struct {
	RootKey string `name:"root-key" placeholder:"FILE" help:"Private half of the root key. Default: root.key in the folder."`
	Draft   string `placeholder:"FILE" help:"Change nothing now: write what is to be signed to this new file, for 'keys sign' on the machine that has the root key."`
}

// finish signs and installs a draft, or writes it to a file.
func (c signing) finish(s streams, d *keyring.Folder, draft keyring.Draft, more ...ed25519.PrivateKey) error {
	if c.Draft != "" {
		text, err := draft.Text()
		if err == nil {
			err = newFile(c.Draft, text)
		}
		if err == nil {
			fmt.Fprintf(s.out, "Nothing is changed yet. Next: 'keys sign %s --root-key FILE --save SIGNED' where the root key is, then 'keys import SIGNED' here.\n", c.Draft)
		}
		return err
	}
	roots := append(more, d.Root())
	if c.RootKey != "" {
		root, err := keyring.ReadRoot(c.RootKey)
		if err != nil {
			return fmt.Errorf("--root-key: %w", err)
		}
		roots = append(roots, root)
	}
	lists, err := draft.Sign(roots...)
	if err == nil {
		err = d.Install(lists)
	}
	if err == nil {
		installed(s, d)
	}
	return err
}

// installed says what happens with a list that is in the folder.
func installed(s streams, d *keyring.Folder) {
	fmt.Fprintf(s.out, "List %d is in the folder. A running server takes it up within seconds and sends it to every connected device; the others get it when they come back. Back up the folder's keys.\n", d.Status().Number)
}

// newFile writes a file that is not there yet.
func newFile(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: it is not overwritten", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

type addKey struct {
	keyFolder
	signing
}

func (c addKey) run(_ context.Context, s streams) error {
	return c.with(func(d *keyring.Folder) error {
		draft, err := d.Add(time.Now(), rand.Reader)
		if err != nil {
			return err
		}
		if err := c.finish(s, d, draft); err != nil {
			return err
		}
		if c.Draft == "" && waits(d) {
			fmt.Fprintf(s.out, "It signs after 'keys use', in %s at the earliest.\n", keyring.Overlap)
		}
		return nil
	})
}

// waits reports whether a listed key does not sign yet.
func waits(d *keyring.Folder) bool {
	return slices.ContainsFunc(d.Status().Keys, func(k keyring.KeyStatus) bool { return k.State == keyring.KeyNext })
}

type useKey struct {
	keyFolder
	AtOnce bool `name:"at-once" help:"Without the hour in which whoever checks play grants learns of the key: some may refuse them for a few minutes. Devices are not concerned."`
}

func (c useKey) run(_ context.Context, s streams) error {
	return c.with(func(d *keyring.Folder) error {
		next, before, err := d.Use(time.Now(), c.AtOnce)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s signs from now on (a running server: within seconds). Devices still believe %s; after a day or so: 'keys retire %s'.\n", next, before, before)
		return nil
	})
}

type retireKey struct {
	Key string `arg:"" help:"Its name, as 'keys list' shows it."`
	keyFolder
	signing
}

func (c retireKey) run(_ context.Context, s streams) error {
	return c.with(func(d *keyring.Folder) error {
		draft, err := d.Retire(c.Key)
		if err != nil {
			return err
		}
		return c.finish(s, d, draft)
	})
}

type removeKey struct {
	Key string `arg:"" help:"Its name, as 'keys list' shows it."`
	keyFolder
	signing
}

func (c removeKey) run(_ context.Context, s streams) error {
	return c.with(func(d *keyring.Folder) error {
		draft, err := d.Remove(c.Key, time.Now(), rand.Reader)
		if err != nil {
			return err
		}
		return c.finish(s, d, draft)
	})
}
