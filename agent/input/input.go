package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// Auto stands for every device that has a key with a meaning.
const Auto = "auto"

// Folder is where Linux shows input devices.
const Folder = "/dev/input"

const (
	maxPatterns = 16              // patterns of Config.Devices
	maxDevices  = 32              // devices that are read at once
	againAfter  = time.Second     // until a device that failed is opened again
	lookEvery   = 5 * time.Second // between looks at the folder, where the kernel does not tell of changes
)

// ErrDevices is wrapped for patterns that cannot match.
var ErrDevices = errors.New("input: devices")

// Key is what happened to a key of a remote.
type Key struct {
	Source string // of one thing in the hand, also where that is two devices; not for people to read
	Key    keyseq.Key
	Action Action
}

// Config is what Start needs.
type Config struct {
	Folder  string       // empty: [Folder]
	Devices []string     // at most 16 of: [Auto], a name with * for any text, @cec, @usb, @bluetooth, @host
	Grab    bool         // no other program gets the keys of what is read, volume and power included
	Keymap  *Keymap      // optional
	Press   func(Key)    // called for every key; see the package's duties
	Log     *slog.Logger // nil: nothing is logged
	size    int          // tests: of one event; 0: this machine's
}

// Reader reads remote controls until Close.
type Reader struct {
	cfg     Config
	watch   *os.File // inotify; nil: the kernel does not tell
	changed chan struct{}
	gone    chan *device
	stop    context.CancelFunc
	done    sync.WaitGroup

	// Of the goroutine that runs loop:
	blind   bool // watch has nothing to watch
	open    map[string]*device
	refused map[string]stamp     // not to be read, as long as they stay the same
	failed  map[string]time.Time // when to open them again
}

// Start reads what is there and what comes. It never waits for a device, and a
// folder that is not there may come too. Errors wrap [ErrDevices].
func Start(cfg Config) (*Reader, error) {
	if cfg.Press == nil {
		return nil, errors.New("input: Config.Press is missing")
	}
	if err := CheckDevices(cfg.Devices); err != nil {
		return nil, err
	}
	if cfg.Folder == "" {
		cfg.Folder = Folder
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.size == 0 {
		cfg.size = nativeSize
	}
	r := &Reader{
		cfg: cfg, changed: make(chan struct{}, 1), gone: make(chan *device),
		open: map[string]*device{}, refused: map[string]stamp{}, failed: map[string]time.Time{},
	}
	if fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC); err == nil {
		r.watch = os.NewFile(uintptr(fd), "inotify")
		r.done.Go(r.listen)
	} else {
		cfg.Log.Warn("the kernel tells of no changes to input devices: looked for instead", "error", err)
	}
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	r.done.Go(func() { r.loop(ctx) })
	return r, nil
}

// CheckDevices checks patterns before anything is opened. Errors wrap [ErrDevices].
func CheckDevices(patterns []string) error {
	if len(patterns) == 0 || len(patterns) > maxPatterns {
		return fmt.Errorf("%w: %d patterns; want 1 to %d", ErrDevices, len(patterns), maxPatterns)
	}
	for _, p := range patterns {
		if err := checkPattern(p); err != nil || p == "" || len(p) > maxLine {
			return fmt.Errorf("%w: pattern %.80q: want %s, a name or one of @cec, @usb, @bluetooth, @host", ErrDevices, p, Auto)
		}
	}
	return nil
}

// Close stops reading and returns when every Press has returned. Keys that are
// held down are let go of. It can be called twice.
func (r *Reader) Close() error {
	r.stop()
	var err error
	if r.watch != nil {
		err = r.watch.Close()
	}
	r.done.Wait()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// listen says that something in the folder has changed; what, the folder says.
func (r *Reader) listen() {
	buf := make([]byte, 4096)
	for {
		if _, err := r.watch.Read(buf); err != nil {
			return // closed
		}
		select {
		case r.changed <- struct{}{}:
		default: // is to be looked at already
		}
	}
}

func (r *Reader) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			for _, d := range r.open {
				d.file.Close()
			}
			for len(r.open) > 0 {
				delete(r.open, (<-r.gone).node)
			}
			return
		case <-timer.C:
		case <-r.changed:
		case d := <-r.gone:
			r.ended(d)
		}
		timer.Reset(r.look())
	}
}

// ended forgets a device. One that ended by itself and whose file is there still is
// left alone for a moment: or a broken one would be opened as fast as it fails.
func (r *Reader) ended(d *device) {
	d.file.Close()
	delete(r.open, d.node)
	stat, err := os.Stat(filepath.Join(r.cfg.Folder, d.node))
	if err == nil && stampOf(stat).inode == d.inode && !errors.Is(d.why, os.ErrClosed) {
		r.failed[d.node] = time.Now().Add(againAfter)
	}
	r.cfg.Log.Info("remote control gone", "device", d.node, "name", d.name)
}

// look opens what is there and not open, and returns when to look again.
func (r *Reader) look() time.Duration {
	r.follow()
	next := 24 * time.Hour
	if r.watch == nil || r.blind {
		next = lookEvery
	}
	there := map[string]fs.FileInfo{}
	entries, _ := os.ReadDir(r.cfg.Folder) // an error: there is no folder, so no device
	for _, e := range entries {
		if stat, err := os.Stat(filepath.Join(r.cfg.Folder, e.Name())); err == nil && strings.HasPrefix(e.Name(), "event") {
			there[e.Name()] = stat
		}
	}
	r.forget(there)
	now := time.Now()
	for node, stat := range there {
		wait := r.failed[node].Sub(now)
		switch {
		case r.open[node] != nil || len(r.open) >= maxDevices || r.refused[node] == stampOf(stat):
		case wait > 0:
			next = min(next, wait)
		case !r.begin(node, stat):
			next = min(next, againAfter)
		}
	}
	return next
}

// forget drops what is known of files that are gone. A device that is another
// one by now is closed, and opened when its reader has ended.
func (r *Reader) forget(there map[string]fs.FileInfo) {
	for node, d := range r.open {
		if stat := there[node]; stat == nil || stampOf(stat).inode != d.inode {
			d.file.Close()
		}
	}
	for node := range r.refused {
		if there[node] == nil {
			delete(r.refused, node)
		}
	}
	for node := range r.failed {
		if there[node] == nil {
			delete(r.failed, node)
		}
	}
}

// follow has the kernel tell of changes to the folder, and of a new folder: the
// last device takes it away. To ask again for the same folder changes nothing.
func (r *Reader) follow() {
	if r.watch == nil {
		return
	}
	raw, err := r.watch.SyscallConn()
	if err != nil {
		return // closed
	}
	_ = raw.Control(func(fd uintptr) { // an error: closed
		_, above := unix.InotifyAddWatch(int(fd), filepath.Dir(r.cfg.Folder), unix.IN_CREATE|unix.IN_MOVED_TO)
		_, err := unix.InotifyAddWatch(int(fd), r.cfg.Folder, unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_ATTRIB|unix.IN_DELETE)
		r.blind = above != nil && err != nil
	})
}

// begin reads a device, unless it is none to be read. It reports false where
// that may be otherwise soon, without a change of the folder.
func (r *Reader) begin(node string, stat fs.FileInfo) bool {
	if stat.Mode().IsRegular() || stat.IsDir() {
		return true
	}
	f, err := open(filepath.Join(r.cfg.Folder, node), stat)
	if err != nil {
		if errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) {
			return false
		}
		// Permissions come a moment after the device, and change the file.
		r.refused[node] = stampOf(stat)
		r.cfg.Log.Warn("input device cannot be opened", "device", node, "error", err)
		return true
	}
	d := &device{node: node, inode: stampOf(stat).inode, file: f}
	var table keys
	if d.info, err = ask(f, stat); err == nil {
		table = r.table(d.info)
	}
	if table == nil {
		f.Close()
		r.refused[node] = stampOf(stat)
		return true
	}
	if r.cfg.Grab && d.has != nil {
		if err := grab(f); err != nil {
			r.cfg.Log.Warn("remote control is used by another program too", "device", node, "name", d.name, "error", err)
		}
	}
	d.decoder = decoder{size: r.cfg.size, table: table}
	r.open[node] = d
	r.cfg.Log.Info("remote control found", "device", node, "name", d.name)
	r.done.Go(func() { r.run(d) })
	return true
}

// table returns what the device's keys mean, or nil where it is not to be read.
func (r *Reader) table(d info) keys {
	table, read := r.cfg.Keymap.of(d)
	if !read || !r.wanted(d) || d.has != nil && !table.any(d.has) {
		return nil
	}
	return table
}

func (r *Reader) wanted(d info) bool {
	for _, p := range r.cfg.Devices {
		if p == Auto || d.matches(p) {
			return true
		}
	}
	return false
}

// run reads a device until it is gone.
func (r *Reader) run(d *device) {
	d.why = d.read(func(k keyseq.Key, a Action) { r.cfg.Press(Key{Source: d.source, Key: k, Action: a}) })
	if !errors.Is(d.why, io.EOF) && !errors.Is(d.why, unix.ENODEV) && !errors.Is(d.why, os.ErrClosed) {
		r.cfg.Log.Warn("remote control cannot be read any more", "device", d.node, "error", d.why)
	}
	r.gone <- d
}
