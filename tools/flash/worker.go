// Package flash tries what a TV keeps, its vault and its cache, on disks that lose
// power and on disks that fail. Its tests run a process that writes for ever and says
// what is durable, take its disk away at some moment, and have another process open
// what is left:
//
//   - power cuts: the disk is a file on XFS, and a reflink of that file is what the disk
//     held at an instant (TestR3_PowerCuts);
//   - torn and reordered writes: the disk is a file on a FUSE disk that writes down every
//     write and flush; of those after the last flush any part may have arrived, in any
//     order, sector by sector (TestTornAndReordered);
//   - kill -9, with planted empty files (TestR2_Kills);
//   - disks filled up to one point after another (TestR8_FillPoints), and files that are
//     damaged, swapped, gone or of an earlier time (TestR8_Damage).
//
// The first two have controls that must lose something, one without syncs and a disk
// that lies about its flushes: or they are blind.
//
// The long forms are behind flags; `make flash` runs them, also with the armv7 build
// under qemu.
//
// A worker is the same program, started anew: see [Work].
package flash

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"

	"github.com/hearthkey/hearthkey/agent/cache"
	"github.com/hearthkey/hearthkey/agent/vault"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/pin"
)

// record is what the worker's vault holds, as the agent's does.
type record struct {
	Round int64      `json:"round"`
	Cache cache.Mark `json:"cache"`
}

var dataKey = [32]byte{7, 7, 7}

// Found is what a worker found in a folder, as JSON on one line.
type Found struct {
	Round   int64  `json:"round"`             // of the vault
	Damaged bool   `json:"damaged,omitempty"` // neither slot of the vault could be read
	Pins    int64  `json:"pins"`              // round of the cache's PIN verifiers
	Wrong   string `json:"wrong,omitempty"`   // served something that was never put so
	Rebuilt string `json:"rebuilt,omitempty"` // why the cache was built anew
	Memory  bool   `json:"memory,omitempty"`  // it crashed twice, and is in memory
	Queued  int    `json:"queued"`            // activity items
	Error   string `json:"error,omitempty"`
}

// Work does what a worker is started for, in a folder: "write" goes on until it is
// killed and prints each round that is durable; "check" prints what it [Found].
func Work(how, dir string, out io.Writer) error {
	switch how {
	case "write":
		return write(dir, out)
	case "check":
		return json.NewEncoder(out).Encode(check(dir))
	}
	return fmt.Errorf("flash: no work %q", how)
}

// stores are an open vault and cache.
type stores struct {
	vault *vault.Vault[record]
	cache *cache.Cache
	rec   record
}

// open opens both as the agent does.
func open(dir string) (*stores, Found, error) {
	var f Found
	path := filepath.Join(dir, "vault")
	v, err := vault.Open[record](path, nil)
	if errors.Is(err, vault.ErrDamaged) {
		f.Damaged = true
		if _, err = vault.SetAside(path); err == nil {
			v, err = vault.Open[record](path, nil)
		}
	}
	if err != nil {
		return nil, f, err
	}
	s := &stores{vault: v, rec: v.Load()}
	f.Round = s.rec.Round
	if s.rec.Cache, f.Memory = s.rec.Cache.Begin(); f.Memory {
		err = cache.SetAside(filepath.Join(dir, "cache"))
	}
	err = errors.Join(err, v.Save(s.rec))
	if err != nil {
		return nil, f, errors.Join(err, v.Close())
	}
	s.cache, err = cache.Open(cache.Config{Dir: filepath.Join(dir, "cache"), Key: dataKey, InMemory: f.Memory, SeqFloor: s.rec.Cache.SeqFloor()})
	if err != nil {
		return nil, f, errors.Join(err, v.Close())
	}
	f.Rebuilt, _ = s.cache.Rebuilt()
	s.rec.Cache = s.rec.Cache.Opened()
	return s, f, v.Save(s.rec)
}

// document is what round n puts into the cache.
func document(n int64) (protocol.Digest, []byte) {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	data := make([]byte, 1+r.IntN(24<<10))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return protocol.DigestOf(data), data
}

func verifier(n int64) cache.Verifier {
	return cache.Verifier{Version: n, Salt: make([]byte, pin.SaltSize), Cost: pin.DefaultCost, MAC: [32]byte{byte(n), byte(n >> 8), 1}}
}

// write puts, in round n, n into the vault, and then verifiers, a document and an item
// of activity into the cache.
func write(dir string, out io.Writer) error {
	s, f, err := open(dir)
	if err != nil {
		return err
	}
	for n := max(f.Round, f.Pins) + 1; ; n++ {
		s.rec.Round = n
		digest, data := document(n)
		_, queued := s.cache.Enqueue(protocol.ActivityItem{Profile: "p", Title: "t", What: protocol.Started, At: 1, Position: int64(n % 1000)})
		err := errors.Join(queued, s.vault.Save(s.rec), s.cache.PutBlob(digest, data), s.cache.DropBlobsExcept(digest),
			s.cache.PutVerifiers(n, map[protocol.ProfileID]cache.Verifier{"p": verifier(n)}))
		if err != nil {
			return err
		}
		if pending, _ := s.cache.Queued(); pending > 20 {
			items, err := s.cache.Pending(15)
			if err := errors.Join(err, s.cache.Acknowledge(items[len(items)-1].Seq)); err != nil {
				return err
			}
		}
		fmt.Fprintln(out, n)
	}
}

// check opens what a cut left, and looks at all of it. It closes nothing: the next cut
// comes as it ends.
func check(dir string) Found {
	s, f, err := open(dir)
	if err != nil {
		f.Error = err.Error()
		return f
	}
	f.Pins = s.cache.PinsVersion()
	v, err := s.cache.Verifier("p")
	if (err == nil) != (f.Pins > 0) || err == nil && (v.Version != f.Pins || v.MAC != verifier(f.Pins).MAC) {
		f.Wrong = fmt.Sprintf("verifier of round %d in version %d: %v", v.Version, f.Pins, err)
	}
	held := 0
	for n := max(f.Pins-1, 1); n <= f.Pins+2; n++ {
		digest, data := document(n)
		got, err := s.cache.Blob(digest)
		if err == nil {
			held++
		}
		if err == nil && string(got) != string(data) {
			f.Wrong = fmt.Sprintf("document of round %d is another", n)
		}
	}
	if f.Pins > 0 && held == 0 && f.Rebuilt == "" && !f.Memory {
		f.Wrong = fmt.Sprintf("verifiers of round %d, and no document of that time", f.Pins)
	}
	items, err := s.cache.Pending(cache.MaxQueue)
	f.Queued = len(items)
	for i := 1; i < len(items); i++ {
		if items[i].Seq <= items[i-1].Seq {
			f.Wrong = fmt.Sprintf("item %d follows %d", items[i].Seq, items[i-1].Seq)
		}
	}
	if err != nil {
		f.Error = err.Error()
	}
	return f
}
