package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/hearthkey/hearthkey/server/keyring"
)

type rotateRoot struct {
	keyFolder
	signing
	NewRoot string `name:"new-root" placeholder:"FILE" help:"File of the root key that comes, from 'keys new-root'. Default: one is made in the folder."`
	To      string `placeholder:"KEY" help:"With --draft: the public half of the root key that comes, as 'keys new-root' printed it."`
}

func (c rotateRoot) run(_ context.Context, s streams) error {
	return c.with(func(d *keyring.Folder) error {
		if c.Draft != "" {
			return c.drafted(s, d)
		}
		to, err := c.comes(d)
		if err != nil {
			return err
		}
		draft, err := d.ChangeRoot(to.Public().(ed25519.PublicKey))
		if err == nil {
			err = c.finish(s, d, draft, to)
		}
		if err == nil && c.NewRoot == "" {
			fmt.Fprintln(s.out, "The new root key is root.key in the folder: move it to two places without network.")
		}
		if err == nil {
			fmt.Fprintln(s.out, "Destroy every copy of the root key before: devices that have not come back yet still believe it.")
		}
		return err
	})
}

// comes returns the root key that comes.
func (c rotateRoot) comes(d *keyring.Folder) (ed25519.PrivateKey, error) {
	if c.NewRoot != "" {
		to, err := keyring.ReadRoot(c.NewRoot)
		if err != nil {
			err = fmt.Errorf("--new-root: %w", err)
		}
		return to, err
	}
	if d.Root() == nil {
		return nil, errors.New("the root key is kept elsewhere: make the next one there too, and give --new-root and --root-key, or --to and --draft")
	}
	to, err := keyring.NewRoot(rand.Reader)
	if err == nil {
		err = d.KeepRoot(to)
	}
	return to, err
}

func (c rotateRoot) drafted(s streams, d *keyring.Folder) error {
	to, err := base64.RawURLEncoding.DecodeString(c.To)
	if err != nil || len(to) != ed25519.PublicKeySize {
		return errors.New("--draft needs --to with the public half of the root key that comes, as 'keys new-root' printed it")
	}
	draft, err := d.ChangeRoot(to)
	if err != nil {
		return err
	}
	return c.finish(s, d, draft)
}

type newRoot struct {
	File string `arg:"" help:"New file for the private half, readable by nobody else."`
}

func (c newRoot) run(_ context.Context, s streams) error {
	key, err := keyring.NewRoot(rand.Reader)
	if err == nil {
		err = keyring.SaveRoot(c.File, key)
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: it is not overwritten", c.File)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, base64.RawURLEncoding.EncodeToString(key.Public().(ed25519.PublicKey)))
	return nil
}

type signLists struct {
	Draft   string   `arg:"" help:"File that --draft wrote."`
	RootKey []string `name:"root-key" required:"" placeholder:"FILE" help:"Private half of the root key. For a change of it both are needed: give it twice."`
	Save    string   `required:"" placeholder:"FILE" help:"New file for the signed lists, for 'keys import'."`
}

func (c signLists) run(_ context.Context, s streams) error {
	data, err := readSmall(c.Draft)
	if err != nil {
		return err
	}
	draft, err := keyring.ReadDraft(data)
	if err != nil {
		return err
	}
	var roots []ed25519.PrivateKey
	for _, file := range c.RootKey {
		root, err := keyring.ReadRoot(file)
		if err != nil {
			return fmt.Errorf("--root-key: %w", err)
		}
		roots = append(roots, root)
	}
	lists, err := draft.Sign(roots...)
	if err != nil {
		return explainKeys(err)
	}
	var text []byte
	for _, l := range lists {
		text = append(text, l+"\n"...)
	}
	if err := newFile(c.Save, text); err != nil {
		return err
	}
	describe(s.out, draft)
	return nil
}

// describe tells what was signed: the machine that signs knows nothing else.
func describe(w io.Writer, draft keyring.Draft) {
	for _, l := range draft.Lists {
		fmt.Fprintf(w, "Signed: list %d of %s\n", l.Number, l.Server)
		for _, k := range l.Keys {
			fmt.Fprintf(w, "  key      %s, listed %s\n", k.ID, at(k.Since.Time()))
		}
		for _, id := range l.Removed {
			fmt.Fprintf(w, "  removed  %s\n", id)
		}
		if len(l.Root) > 0 {
			fmt.Fprintf(w, "  the next root key is %s\n", keyring.Fingerprint(ed25519.PublicKey(l.Root)))
		}
	}
}

// maxLists bounds what is read of a draft or of signed lists, in bytes.
const maxLists = 128 << 10

func readSmall(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxLists))
}

type importLists struct {
	File string `arg:"" help:"File that 'keys sign' saved."`
	keyFolder
}

func (c importLists) run(_ context.Context, s streams) error {
	data, err := readSmall(c.File)
	if err != nil {
		return err
	}
	lists, err := keyring.ReadLists(data)
	if err != nil {
		return err
	}
	return c.with(func(d *keyring.Folder) error {
		err := d.Install(lists)
		if err == nil {
			installed(s, d)
		}
		return err
	})
}

type replaceRoot struct {
	NewRoot string `name:"new-root" required:"" placeholder:"FILE" help:"File of the root key that comes, from 'keys new-root'."`
	keyFolder
}

func (c replaceRoot) run(_ context.Context, s streams) error {
	root, err := keyring.ReadRoot(c.NewRoot)
	if err != nil {
		return fmt.Errorf("--new-root: %w", err)
	}
	return c.with(func(d *keyring.Folder) error {
		if d.Root() != nil {
			return errors.New("the root key is here, so it is not lost: 'keys rotate-root' changes it, and devices follow")
		}
		if err := d.ReplaceLostRoot(root); err != nil {
			return err
		}
		installed(s, d)
		fmt.Fprintln(s.out, "Devices that are signed in believe the present signing keys until they sign in anew, and no others: rotate those as late as you can.")
		return nil
	})
}
