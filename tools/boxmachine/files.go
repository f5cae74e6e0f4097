package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// most is what a figure may be, in its unit: bytes are as the machine counts them.
var most = map[string]float64{
	"box.armv7_rss": 12e6, "box.armv7_anonymous": 4e6, "box.armv7_rss_after_pin": 12e6, "box.armv7_anonymous_after_pin": 4e6,
	"box.armv7_idle_wakeups": 6, "box.ext4_disk": 2e6, "box.f2fs_disk": 2e6,
	"box.ext4_idle_day": 500e3, "box.f2fs_idle_day": 500e3, "box.ext4_busy_day": 4e6, "box.f2fs_busy_day": 4e6,
}

// inColumns writes what the machine said, "name value unit", as tools/bench writes
// figures; bytes become MB or KB.
func inColumns(figure string) string {
	var name, unit string
	var value float64
	if n, err := fmt.Sscan(figure, &name, &value, &unit); n != 3 || err != nil {
		return "# " + figure
	}
	scale := 1.0
	switch {
	case unit == "B" && value >= 1e6:
		scale, unit = 1e6, "MB"
	case unit == "B":
		scale, unit = 1e3, "KB"
	}
	target, verdict := "-", "-"
	if bound, ok := most[name]; ok {
		target, verdict = fmt.Sprintf("<=%g", bound/scale), "ok"
		if value > bound {
			verdict = "short"
		}
	}
	return fmt.Sprintf("%-29s %10.4g %-6s %10s %9s %9s %s", name, value/scale, unit, "-", "-", target, verdict)
}

// trusting is a client that believes in one certificate.
func trusting(file string) (*http.Client, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", file)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}, nil
}

func copyFile(from, to string, mode fs.FileMode) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, mode)
}

// loadable copies the kernel's modules that the machine loads into a folder, with those
// that they need, and writes the file order: each behind what it needs.
func (m *machine) loadable(to string) error {
	files := map[string]string{} // path by name, which has no dash
	err := filepath.WalkDir(filepath.Join(m.dir, "debian/lib/modules"), func(path string, _ fs.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(filepath.Base(path), ".ko"); ok {
			files[strings.ReplaceAll(name, "-", "_")] = path
		}
		return err
	})
	if err := errors.Join(err, os.MkdirAll(to, 0o755)); err != nil {
		return err
	}
	var order []string
	for _, name := range modules {
		if order, err = behind(order, name, files); err != nil {
			return err
		}
	}
	for _, name := range order {
		if err := copyFile(files[name], filepath.Join(to, name+".ko"), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(to, "order"), []byte(strings.Join(order, ".ko\n")+".ko\n"), 0o644)
}

// behind appends a module to an order, behind what it needs.
func behind(order []string, name string, files map[string]string) ([]string, error) {
	name = strings.ReplaceAll(name, "-", "_")
	path := files[name]
	if slices.Contains(order, name) || path == "" { // what is not there is built into the kernel
		return order, nil
	}
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	section := f.Section(".modinfo")
	if section == nil {
		return nil, fmt.Errorf("%s is no module", path)
	}
	info, err := section.Data()
	if err != nil {
		return nil, err
	}
	for _, field := range bytes.Split(info, []byte{0}) {
		for _, key := range []string{"depends=", "softdep=pre: "} {
			needs, ok := strings.CutPrefix(string(field), key)
			if !ok {
				continue
			}
			for _, need := range strings.FieldsFunc(needs, func(r rune) bool { return r == ',' || r == ' ' }) {
				if order, err = behind(order, need, files); err != nil {
					return nil, err
				}
			}
		}
	}
	return append(order, name), nil
}
