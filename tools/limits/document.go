package main

import (
	"fmt"
	"go/constant"
	"regexp"
	"strings"
	"time"
)

const head = `# Limits and lifetimes

Generated from the source by ` + "`go run ./tools/limits > docs/limits.md`" + `; do not edit. Rules such as A3 or V1 are those of the
product; NIST is SP 800-63B-4, ASVS the OWASP Application Security Verification Standard 5.0.

## What people meet

| what | limit | where it comes from | in the source |
|---|---|---|---|
`

const second = `
## Everything else

"Ours" is what neither a rule of the product nor a standard prescribes: so large that honest use stays far below, and so small
that nobody can make a server or a TV run out of memory or time.

| in the source | value | what the source says of it | where it comes from |
|---|---|---|---|
`

// document returns docs/limits.md for the module in a folder.
func document(module string) (string, error) {
	src := newSource(module)
	var out strings.Builder
	out.WriteString(head)
	told := map[string]bool{}
	for _, row := range table {
		constants, err := src.constants(row.Package)
		if err != nil {
			return "", err
		}
		c, ok := find(constants, row.Const)
		if !ok {
			return "", fmt.Errorf("%s has no constant %s any more: mend tools/limits/table.go", row.Package, row.Const)
		}
		told[row.Package+"."+row.Const] = true
		fmt.Fprintf(&out, "| %s | %s | %s | `%s.%s` |\n", row.What, row.value(c), row.Source, row.Package, row.Const)
	}
	out.WriteString(second)
	for _, folder := range packages {
		constants, err := src.constants(folder)
		if err != nil {
			return "", err
		}
		for _, c := range constants {
			if !told[folder+"."+c.Name] && limiting(c) {
				fmt.Fprintf(&out, "| `%s.%s` | %s | %s | %s |\n", folder, c.Name, c.text(unitIn(c.Comment)), cell(c.Comment), sourceOf(folder, c))
			}
		}
	}
	return out.String(), nil
}

func find(all []Constant, name string) (Constant, bool) {
	for _, c := range all {
		if c.Name == name {
			return c, true
		}
	}
	return Constant{}, false
}

// bound is how the source names what bounds something.
var bound = regexp.MustCompile(`^(max|Max|min|Min|default|Default|kept)[A-Z]|(Life|Limit|Age|Tries|PerAccount|PerIP|PerHour|PerMin|AnHour|Budget|Burst|sInAll)$`)

// limiting reports whether a constant is a limit or a lifetime.
func limiting(c Constant) bool { return c.Time || bound.MatchString(c.Name) }

// unit is a unit in a comment, such as "bytes of one text" or "…, in bytes".
var unit = regexp.MustCompile(`^bytes\b|\bin bytes\b`)

func unitIn(comment string) string {
	if unit.MatchString(comment) {
		return "bytes"
	}
	return ""
}

// cell makes a comment fit a table: its first sentence, on one line.
func cell(comment string) string {
	if end := strings.Index(comment, ". "); end > 0 {
		comment = comment[:end+1]
	}
	return strings.ReplaceAll(strings.TrimSuffix(comment, "."), "|", `\|`)
}

// value is the constant in the row's unit.
func (r Row) value(c Constant) string {
	if r.Unit == "seconds" {
		n, _ := constant.Int64Val(constant.ToInt(c.Value))
		return duration(time.Duration(n) * time.Second)
	}
	return c.text(r.Unit)
}

// text is the value with its unit, as a person reads it.
func (c Constant) text(unit string) string {
	n, exact := constant.Int64Val(constant.ToInt(c.Value))
	switch {
	case c.Time:
		return duration(time.Duration(n))
	case !exact:
		return c.Value.String()
	case unit == "bytes" && n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case unit == "bytes" && n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	case unit != "":
		return fmt.Sprintf("%d %s", n, unit)
	}
	return fmt.Sprint(n)
}

// duration writes a duration in the largest unit that divides it.
func duration(d time.Duration) string {
	for _, u := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if d%u.size != 0 || d == 0 || u.name == "day" && d == u.size {
			continue
		}
		plural := ""
		if u.name == "day" {
			plural = "s"
		}
		return fmt.Sprintf("%d %s%s", d/u.size, u.name, plural)
	}
	return d.String()
}
