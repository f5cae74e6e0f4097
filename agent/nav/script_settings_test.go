package nav

import (
	"strconv"
	"strings"
)

// changeTV changes what stories about the settings need: services="one:One,
// two:Two", service=one.
func (s *story) changeTV(what, v string) {
	s.t.Helper()
	if what == "service" {
		s.world.Service = v
		return
	}
	s.world.Services = nil
	for _, entry := range strings.Split(v, ",") {
		id, name, _ := strings.Cut(strings.TrimSpace(entry), ":")
		s.world.Services = append(s.world.Services, Service{ID: id, Name: name})
	}
}

// licences answers with some: a name, a kind, and how many lines each has.
func (s *story) licences(args []string) {
	s.t.Helper()
	var list []Licence
	for _, arg := range args {
		part := strings.Split(arg, ":")
		lines := make([]string, s.number(part[2]))
		for i := range lines {
			lines[i] = "line " + itoa(i+1)
		}
		list = append(list, Licence{Name: part[0], Kind: part[1], Text: strings.Join(lines, "\n")})
	}
	s.step(Licences{list})
}

// shownSettings returns what the view shows of settings and of a long text.
func shownSettings(v View, what string) (string, bool) {
	switch what {
	case "contrast":
		return strconv.FormatBool(v.Contrast), true
	case "calm":
		return strconv.FormatBool(v.Calm), true
	case "types":
		return strconv.FormatBool(v.Types), true
	case "lines", "page":
		if v.Page == nil {
			return "", true
		}
		if what == "page" {
			return v.Page.Label, true
		}
		return strings.Join(v.Page.Lines, " / "), true
	}
	return shownPlaying(v, what)
}
