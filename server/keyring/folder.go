package keyring

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// Overlap is for how long a signing key is listed before it may sign: whoever
// checks play grants asks for the keys far more often.
const Overlap = time.Hour

// Errors about changes of the folder.
var (
	// ErrBusy: another command changes the folder.
	ErrBusy = errors.New("keyring: another command changes the keys")
	// ErrNoKey: no key of the list, or of those that were, has this name.
	ErrNoKey = errors.New("keyring: no such key")
	// ErrInUse: the key signs.
	ErrInUse = errors.New("keyring: this key signs")
	// ErrNext: there is a listed key that waits, or there is none.
	ErrNext = errors.New("keyring: the next key")
	// ErrEarly: the next key is not listed for long enough.
	ErrEarly = errors.New("keyring: the next key is listed for too short a time")
	// ErrNotOurs: no key of the list is in the folder, so that the server would
	// have nothing to sign with.
	ErrNotOurs = errors.New("keyring: the list has no key of this folder")
)

// Folder is the folder of keys as commands change it, beside a running server.
// Make one with [OpenFolder].
type Folder struct {
	dir   string
	f     files
	lock  *os.File
	after func() // hears of each step on the disk
}

// OpenFolder opens an existing folder for changes, and ends one that was cut
// off. The caller must call Close.
func OpenFolder(dir string) (*Folder, error) {
	lock, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	d := &Folder{dir: dir, lock: lock, after: func() {}}
	if err := d.open(); err != nil {
		lock.Close()
		return nil, fmt.Errorf("open keys: %w", err)
	}
	return d, nil
}

func (d *Folder) open() error {
	if err := lockFile(d.lock); err != nil {
		return err
	}
	return d.finish()
}

// Close lets others change the folder.
func (d *Folder) Close() error { return d.lock.Close() }

// finish reads the folder and ends whatever change was begun: files follow what
// the list says.
func (d *Folder) finish() (err error) {
	if d.f, err = read(d.dir); err != nil {
		return err
	}
	return errors.Join(d.finishSigning(), d.finishRoot())
}

// finishSigning gives the key in use its file, and forgets one that waits in vain.
func (d *Folder) finishSigning() error {
	in, err := readIfThere(d.dir, signingFile)
	switch {
	case err != nil || d.f.signing == nil:
		return err
	case !d.f.chain.lists(d.f.signing):
		return fmt.Errorf("%w: the signing key is not in the key list", ErrDamaged)
	case !in.Equal(d.f.signing):
		return d.move(nextFile, signingFile)
	case d.f.next == nil || d.f.chain.lists(d.f.next) || !d.gone(keyID(d.f.next)):
		return nil
	}
	d.f.next = nil
	return d.remove(nextFile)
}

// inUse names the key that signs; empty where its file is lost.
func (d *Folder) inUse() string {
	if d.f.signing == nil {
		return ""
	}
	return keyID(d.f.signing)
}

// gone reports whether a key was listed and is not any more.
func (d *Folder) gone(id string) bool {
	return slices.Contains(d.f.chain.newest.Removed, id) ||
		slices.ContainsFunc(d.f.former, func(k protocol.SigningKey) bool { return k.ID == id })
}

// finishRoot gives the private half of the root key its file. One that signs no
// lists any more is forgotten: devices that slept would still believe it.
func (d *Folder) finishRoot() error {
	for _, name := range []string{nextRoot, rootFile} {
		key, err := readPrivate(d.dir, name, rootFile)
		switch {
		case errors.Is(err, ErrIncomplete):
			continue
		case err != nil:
			return err
		case d.f.chain.root.Equal(publicKey(key)) && name == nextRoot:
			err = d.move(nextRoot, rootFile)
		case !d.f.chain.root.Equal(publicKey(key)) && d.f.chain.had(publicKey(key)):
			err = d.remove(name)
		}
		if err != nil {
			return err
		}
	}
	return syncDir(d.dir)
}

// replace replaces a file: whenever the power goes there is the old or the new one.
func (d *Folder) replace(name, text string) error {
	if err := writeFile(d.dir, name+".tmp", text); err != nil {
		return err
	}
	d.after()
	return d.move(name+".tmp", name)
}

// move gives a file the name of another, which is gone then.
func (d *Folder) move(from, to string) error {
	defer d.after()
	return moveFile(d.dir, from, to)
}

func (d *Folder) remove(name string) error {
	defer d.after()
	if err := os.Remove(filepath.Join(d.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDir(d.dir)
}

// Root returns the private half of the root key; nil where it is kept elsewhere.
func (d *Folder) Root() ed25519.PrivateKey { return d.f.rootPrivate }

// Add drafts a list with one more signing key, made now, which waits in the
// folder; where the file of the one in use is lost, it takes its place. Drafting
// it again takes the same key. Errors: ErrNext, ErrTooMany.
func (d *Folder) Add(now time.Time, random io.Reader) (Draft, error) {
	if d.f.chain.lists(d.f.next) {
		return Draft{}, fmt.Errorf("%w: %s is listed already and waits", ErrNext, keyID(d.f.next))
	}
	next := d.f.chain.following()
	if err := d.addNext(&next, now, random); err != nil {
		return Draft{}, fmt.Errorf("add key: %w", err)
	}
	return d.draft(next), nil
}

// addNext puts the key that waits on a list, and makes it where there is none.
func (d *Folder) addNext(claims *protocol.KeysClaims, now time.Time, random io.Reader) error {
	if len(claims.Keys) >= protocol.MaxKeys {
		return fmt.Errorf("%w: %d signing keys: retire one first", ErrTooMany, protocol.MaxKeys)
	}
	if d.f.next == nil {
		made, err := newKey(random)
		if err != nil {
			return err
		}
		if err := d.replace(nextFile, keyText(signingFile, made.Seed())); err != nil {
			return err
		}
		d.f.next = made
	}
	claims.Keys = append(claims.Keys, publicOf(d.f.next, now))
	return nil
}

// Use has the next key sign from now on and forgets the private half of the one
// before, which stays listed. It returns the names of both. Errors: ErrNext,
// ErrEarly unless at once.
func (d *Folder) Use(now time.Time, atOnce bool) (next, before string, err error) {
	if d.f.next == nil || !d.f.chain.lists(d.f.next) {
		return "", "", fmt.Errorf("%w: there is none on the list", ErrNext)
	}
	next, before = keyID(d.f.next), d.inUse()
	if since := d.since(next); now.Sub(since) < Overlap && !atOnce {
		return "", "", fmt.Errorf("%w: since %s, it takes %s", ErrEarly, since.UTC().Format(time.RFC3339), Overlap)
	}
	if err := d.move(nextFile, signingFile); err != nil {
		return "", "", fmt.Errorf("use key: %w", err)
	}
	d.f.signing, d.f.next = d.f.next, nil
	return next, before, nil
}

func (d *Folder) since(id string) time.Time {
	for _, k := range d.f.chain.newest.Keys {
		if k.ID == id {
			return k.Since.Time()
		}
	}
	return time.Time{}
}

// Retire drafts a list without a key that signs no more. What it signed stays
// known to this server. Errors: ErrNoKey, ErrInUse.
func (d *Folder) Retire(id string) (Draft, error) {
	next := d.f.chain.following()
	switch {
	case next.Find(id) == nil:
		return Draft{}, fmt.Errorf("%w on the list: %.64q", ErrNoKey, id)
	case id == d.inUse():
		return Draft{}, fmt.Errorf("%w: %s", ErrInUse, id)
	}
	next.Keys = slices.DeleteFunc(next.Keys, func(k protocol.SigningKey) bool { return k.ID == id })
	return d.draft(next), nil
}

// Remove drafts a list that says that a key leaked: devices believe nothing that
// it ever signed. Where it signs, another one signs from then on, without the
// overlap. Errors: ErrNoKey, ErrTooMany.
func (d *Folder) Remove(id string, now time.Time, random io.Reader) (Draft, error) {
	next := d.f.chain.following()
	if slices.Contains(next.Removed, id) || next.Find(id) == nil && !d.gone(id) {
		return Draft{}, fmt.Errorf("%w: %.64q", ErrNoKey, id)
	}
	if len(next.Removed) >= protocol.MaxRemoved {
		return Draft{}, fmt.Errorf("%w: %d removed keys", ErrTooMany, protocol.MaxRemoved)
	}
	next.Keys = slices.DeleteFunc(next.Keys, func(k protocol.SigningKey) bool { return k.ID == id })
	next.Removed = append(next.Removed, id)
	if id == d.inUse() && !d.f.chain.lists(d.f.next) {
		if err := d.addNext(&next, now, random); err != nil {
			return Draft{}, fmt.Errorf("remove key: %w", err)
		}
	}
	return d.draft(next), nil
}

// ChangeRoot drafts the change to another root key: a list that names it, and one
// that it signs. Errors: ErrTooMany, and ErrDamaged for a key that was one before.
func (d *Folder) ChangeRoot(to ed25519.PublicKey) (Draft, error) {
	if d.f.chain.had(to) {
		return Draft{}, fmt.Errorf("%w: it is or was the root key", ErrDamaged)
	}
	if len(d.f.chain.changes) >= maxRoots {
		return Draft{}, fmt.Errorf("%w: %d changes of the root key", ErrTooMany, maxRoots)
	}
	change := d.f.chain.following()
	change.Root = protocol.Bytes(to)
	after := d.f.chain.following()
	after.Number++
	return d.draft(change, after), nil
}

// KeepRoot puts the private half of a root key that is to come into the folder,
// where it takes its place as soon as a list names it.
func (d *Folder) KeepRoot(key ed25519.PrivateKey) error {
	if err := d.replace(nextRoot, keyText(rootFile, key.Seed())); err != nil {
		return fmt.Errorf("keep root key: %w", err)
	}
	return nil
}

// Install takes lists into the folder, all or none: signed by the root key in
// force, each numbered above the one before, for this server, with a key of this
// folder. Errors: ErrOrder, ErrNotOurs, ErrTooMany, and those of package sign.
func (d *Folder) Install(lists []string) error {
	if err := d.install(lists); err != nil {
		return fmt.Errorf("install key list: %w", err)
	}
	return nil
}

func (d *Folder) install(lists []string) error {
	c, err := d.f.chain, error(nil)
	for _, jws := range lists {
		if c, err = c.with(jws); err != nil {
			return err
		}
	}
	if err := c.whole(); err != nil {
		return err
	}
	if c.newest.Server != d.f.chain.newest.Server {
		return fmt.Errorf("%w: it is for the server %.64q", ErrNotOurs, c.newest.Server)
	}
	if !c.lists(d.f.signing) && !c.lists(d.f.next) {
		return ErrNotOurs
	}
	if err := d.remember(c); err != nil {
		return err
	}
	if err := d.replace(listFile, c.text()); err != nil { // from here on it is done
		return err
	}
	return d.finish()
}

// remember writes down the keys that a chain retires.
func (d *Folder) remember(c chain) error {
	former := slices.Clone(d.f.former)
	for _, k := range d.f.chain.newest.Keys {
		if c.newest.Find(k.ID) == nil && !d.gone(k.ID) {
			former = append(former, k)
		}
	}
	if len(former) == len(d.f.former) {
		return nil
	}
	return d.replace(formerFile, formerText(former))
}

// ReplaceLostRoot begins a new chain under another root key, for when the private
// half of the one before is lost. Devices keep the one that they pinned, and take
// no lists any more until they sign in anew; what the present signing keys sign
// they go on believing.
func (d *Folder) ReplaceLostRoot(root ed25519.PrivateKey) error {
	list, err := signList(root, d.f.chain.following())
	if err != nil {
		return fmt.Errorf("replace root key: %w", err)
	}
	to := keyText(rootPubFile, publicKey(root))
	err = d.replace(rootPubFile, to+keyText(rootPubFile, d.f.chain.first))
	if err == nil {
		err = d.remove(rootFile)
	}
	if err == nil {
		err = d.replace(listFile, list+"\n") // from here on it is done
	}
	if err == nil {
		err = d.replace(rootPubFile, to)
	}
	if err == nil {
		err = d.finish()
	}
	if err != nil {
		return fmt.Errorf("replace root key: %w", err)
	}
	return nil
}
