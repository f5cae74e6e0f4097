// Command sbom writes what programs are made of, as CycloneDX 1.6 in JSON, from
// what Go's linker put into them: no network, and no guess.
//
//	go run ./tools/sbom -out dist bin/hearthkey-server bin/hearthkey-agent
//
// Each program's bill is dist/NAME.cdx.json. The same program gives the same bytes, so
// it can be made again by whoever has the program.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("sbom", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", "dist", "folder for the bills")
	version := flags.String("version", "", "version of the programs; default: what they say themselves")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() == 0 {
		fmt.Fprintln(stderr, "sbom: name the programs")
		return 2
	}
	for _, program := range flags.Args() {
		path, err := write(program, *out, *version)
		if err != nil {
			fmt.Fprintln(stderr, "sbom:", err)
			return 1
		}
		fmt.Fprintln(stdout, path)
	}
	return 0
}

func write(program, dir, version string) (string, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", program, err)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	text, err := json.MarshalIndent(billOf(filepath.Base(program), version, info, hex.EncodeToString(sum[:])), "", "  ")
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, filepath.Base(program)+".cdx.json")
	return path, os.WriteFile(path, append(text, '\n'), 0o644)
}

// bill is a CycloneDX document: https://cyclonedx.org/docs/1.6/json/.
type bill struct {
	Format       string       `json:"bomFormat"`
	Spec         string       `json:"specVersion"`
	Serial       string       `json:"serialNumber"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	PURL       string     `json:"purl,omitempty"`
	Hashes     []hash     `json:"hashes,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type hash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref  string   `json:"ref"`
	Uses []string `json:"dependsOn"`
}

// told are the settings of the build that change what a program is.
var told = []string{"GOOS", "GOARCH", "GOARM", "CGO_ENABLED", "-tags", "-trimpath", "vcs.revision", "vcs.modified"}

func billOf(name, version string, info *debug.BuildInfo, sum string) bill {
	if version == "" {
		version = info.Main.Version
	}
	main := component{
		Type: "application", Ref: "program", Name: name, Version: version, PURL: purl(info.Main.Path, version),
		Hashes: []hash{{"SHA-256", sum}},
	}
	for _, s := range info.Settings {
		if slices.Contains(told, s.Key) {
			main.Properties = append(main.Properties, property{"go:build:" + strings.TrimPrefix(s.Key, "-"), s.Value})
		}
	}
	b := bill{Format: "CycloneDX", Spec: "1.6", Serial: serial(sum), Version: 1, Metadata: metadata{main}}
	goVersion := strings.TrimPrefix(info.GoVersion, "go")
	b.Components = append(b.Components, component{Type: "library", Ref: "std", Name: "std", Version: goVersion, PURL: purl("std", goVersion)})
	for _, m := range info.Deps {
		used := m
		if m.Replace != nil {
			used = m.Replace
		}
		c := component{Type: "library", Ref: used.Path + "@" + used.Version, Name: used.Path, Version: used.Version, PURL: purl(used.Path, used.Version)}
		if used.Sum != "" {
			c.Properties = []property{{"go:sum", used.Sum}}
		}
		b.Components = append(b.Components, c)
	}
	d := dependency{Ref: "program"}
	for _, c := range b.Components {
		d.Uses = append(d.Uses, c.Ref)
	}
	b.Dependencies = []dependency{d}
	return b
}

// purl names a module: https://github.com/package-url/purl-spec, type golang.
func purl(path, version string) string { return "pkg:golang/" + path + "@" + version }

// serial is a UUID (RFC 9562 §5.8) of the program's hash.
func serial(sum string) string {
	return fmt.Sprintf("urn:uuid:%s-%s-8%s-a%s-%s", sum[:8], sum[8:12], sum[13:16], sum[17:20], sum[20:32])
}
