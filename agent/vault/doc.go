// Package vault keeps the few bytes that must survive anything: pulled plugs,
// kill -9, a full disk. Everything else on a device can be fetched again.
//
//	┌ 8 KiB ────────────┐┌ 8 KiB ────────────┐
//	│ magic seq len sum ││ magic seq len sum │   one file, mode 0600, written in
//	│ payload … zeros   ││ payload … zeros   │   full when it is created
//	└───────────────────┘└───────────────────┘
//
// A [Vault] holds one value of the caller's type as JSON. Each Save writes the
// slot that does not hold the current value and syncs it; the higher valid
// sequence number wins. A torn write therefore leaves the value before it, and
// a full disk cannot stop a Save, since both slots already have their blocks.
// Where Save returns an error, the value after a restart is the old one or one
// that failed since; within a run it stays the old one.
//
// A vault is safe for concurrent use. Two processes cannot hold one vault: the
// second gets [ErrInUse] (flock on "<path>.lock").
//
// On a disk that is full, read-only or worn out the vault opens all the same, with
// what can be read; [Vault.Stuck] says why no Save gets through, and the next one tries.
//
// Duties of the caller: secrets leave the file by [Vault.Replace], not by Save, which keeps the value
// before in the other slot; on [ErrDamaged] it calls [SetAside] and starts as a
// new device, locked, and says so.
//
// Tested with writes torn at every boundary, failing disks, a full tmpfs, a
// process killed in the middle of saving, and a fuzzed decoder.
package vault
