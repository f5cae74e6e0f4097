// Package journal keeps a list of deletions in a file beside the database, so that
// a backup from before them does not bring back what was deleted: whoever restores
// one reads the list and does them again.
//
// The file is text, a line a deletion, and only grows. It names nobody: kinds, ids
// and times. Each line ends with a checksum over the rest of it.
//
//	1 2026-11-26T20:00:00.123Z device 0193… d-7f… 3 5a3c91e2
//	1 2026-11-26T20:00:01.000Z account_erased 0193… - 0 0be1774f
//
// # Order
//
// A deletion is first noted in the database, in the transaction that does it
// (store.PutDeletion), then written here, and then the note is taken away. So a
// process that is killed between any two of these leaves it in at least one of both
// places, and the next start goes on. A line can be there twice; doing it twice
// changes nothing.
//
// A [Journal] belongs to one goroutine. The tests cut the file at every byte, damage
// it, fuzz the reader, and kill a process between the steps.
package journal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// ErrDamaged: a line in the middle cannot be read. Nothing of it was used.
var ErrDamaged = errors.New("journal: damaged")

const (
	version   = "1" // of the lines
	maxLine   = 512 // bytes, its end included
	maxID     = 128 // bytes
	noDevice  = "-"
	lineTime  = "2006-01-02T15:04:05.000Z"
	fields    = 7
	maxEpochs = 1 << 40 // the highest number of a sign-in
)

// Journal is the file, open for writing.
type Journal struct {
	file *os.File
}

// Open opens the file or makes it, for this user only. A last line that was not
// written whole, by a process that was killed, is cut off: its deletion is still
// noted in the database.
func Open(path string) (*Journal, error) {
	j, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("open journal %s: %w", path, err)
	}
	return j, nil
}

func open(path string) (*Journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = errors.Join(cutTorn(file), file.Sync(), syncFolder(filepath.Dir(path)))
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Journal{file}, nil
}

// cutTorn truncates the file after its last newline and stands there.
func cutTorn(file *os.File) error {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	tail := make([]byte, min(size, maxLine))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	end := size - int64(len(tail)) + int64(bytes.LastIndexByte(tail, '\n')) + 1
	if end == size {
		return nil
	}
	if int64(len(tail)) < size && bytes.IndexByte(tail, '\n') < 0 {
		return fmt.Errorf("%w: no line ends in its last %d bytes", ErrDamaged, maxLine)
	}
	if err := file.Truncate(end); err != nil {
		return err
	}
	_, err = file.Seek(end, io.SeekStart)
	return err
}

// Append writes deletions; when it returns nil they are on the disk. After an error
// some may be there: append all of them again, to a journal opened anew.
func (j *Journal) Append(list []store.Deletion) error {
	var text []byte
	for _, d := range list {
		line, err := encode(d)
		if err != nil {
			return err
		}
		text = append(text, line...)
	}
	if _, err := j.file.Write(text); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }

// Read calls each for every deletion in the file, in order. A last line that was not
// written whole is left out. Errors: fs.ErrNotExist, ErrDamaged with the line's
// number, those of each.
func Read(path string, each func(store.Deletion) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	defer file.Close()
	if err := read(file, each); err != nil {
		return fmt.Errorf("read journal %s: %w", path, err)
	}
	return nil
}

func read(r io.Reader, each func(store.Deletion) error) error {
	in := bufio.NewReaderSize(r, maxLine)
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return nil // what is left was not written whole
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("%w: line %d is longer than %d bytes", ErrDamaged, n, maxLine)
		case err != nil:
			return err
		}
		d, err := decode(string(line[:len(line)-1]))
		if err != nil {
			return fmt.Errorf("%w: line %d: %w", ErrDamaged, n, err)
		}
		if err := each(d); err != nil {
			return err
		}
	}
}

func encode(d store.Deletion) (string, error) {
	device := string(d.Device)
	if device == "" {
		device = noDevice
	}
	text := strings.Join([]string{
		version, d.At.UTC().Format(lineTime), string(d.Kind), string(d.Account), device, strconv.FormatInt(int64(d.Epoch), 10),
	}, " ")
	line := fmt.Sprintf("%s %08x\n", text, checksum(text))
	if got, err := decode(line[:len(line)-1]); err != nil || !same(got, d) {
		return "", fmt.Errorf("journal: a deletion that cannot be written: %+v", d)
	}
	return line, nil
}

// same reports whether two deletions are one, to the millisecond.
func same(a, b store.Deletion) bool {
	sameTime := a.At.UnixMilli() == b.At.UnixMilli()
	a.At, b.At = time.Time{}, time.Time{}
	return sameTime && a == b
}

func decode(line string) (store.Deletion, error) {
	f := strings.Split(line, " ")
	if len(f) != fields || f[0] != version {
		return store.Deletion{}, errors.New("not a line of this version")
	}
	text := line[:strings.LastIndexByte(line, ' ')]
	if fmt.Sprintf("%08x", checksum(text)) != f[6] {
		return store.Deletion{}, errors.New("its checksum does not match")
	}
	at, err := time.Parse(lineTime, f[1])
	if err != nil {
		return store.Deletion{}, errors.New("no time")
	}
	epoch, err := strconv.ParseInt(f[5], 10, 64)
	if err != nil || epoch < 0 || epoch > maxEpochs {
		return store.Deletion{}, errors.New("no number of a sign-in")
	}
	d := store.Deletion{Kind: store.DeletionKind(f[2]), Account: protocol.AccountID(f[3]), Epoch: protocol.Epoch(epoch), At: at}
	if f[4] != noDevice {
		d.Device = protocol.DeviceID(f[4])
	}
	return d, check(d)
}

// check holds what a line says against what its kind means.
func check(d store.Deletion) error {
	ofDevice := d.Kind == store.DeletedDevice
	switch {
	case !ofDevice && d.Kind != store.ClosedAccount && d.Kind != store.ErasedAccount:
		return errors.New("an unknown kind")
	case d.Account == "" || len(d.Account) > maxID || len(d.Device) > maxID || strings.ContainsFunc(string(d.Account)+string(d.Device), blank):
		return errors.New("an id out of bounds")
	case ofDevice != (d.Device != "") || ofDevice != (d.Epoch > 0):
		return errors.New("a device where none belongs, or none where one does")
	}
	return nil
}

func blank(r rune) bool { return r <= ' ' }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(text string) uint32 { return crc32.Checksum([]byte(text), castagnoli) }

// syncFolder makes a new name in the folder durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
