// Package input takes keys from the box's own remote controls: everything that
// Linux shows as an input device, which is infrared receivers, Bluetooth and USB
// remotes, keyboards, and the TV's remote by HDMI-CEC.
//
//	keymap, err := input.ParseKeymap("remote.keymap", file) // optional
//	r, err := input.Start(input.Config{Devices: []string{input.Auto}, Keymap: keymap, Press: press})
//	defer r.Close()
//
// # Which devices
//
// Devices come and go while the agent runs. Each is asked its name, its bus and
// which keys it has; those that the settings name and that have a key with a
// meaning are read. What a key means says [Meaning], and a key map of the
// integrator ([ParseKeymap]), for all devices or for some.
//
// A named pipe in the folder is taken for a device that cannot be asked
// anything: tests use that, and so can a bridge from a driver that is no part
// of the kernel.
//
// # Concurrency
//
// Press is called from one goroutine per device, so keys of one device come one
// after the other and in their order, and those of two devices may come at
// once. While Press runs, the kernel keeps that device's next keys (64 events
// or more, and says so where some were lost).
//
// # Duties of the caller
//
// Press must return when the agent stops, or Close waits for it. Whoever reads
// a device must be allowed to: see docs/integrators.md.
//
// # Tests
//
// Event streams as the drivers of several remotes make them, for 32-bit and for
// 64-bit programs, run through the decoder on amd64, 386 and ARM; pipes that
// come and go stand in for devices; streams and key maps have a fuzz target each.
package input
