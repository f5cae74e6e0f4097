package geo

import (
	"math"
	"strings"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Place is where an address is, approximately. The zero value is no place.
type Place struct {
	Country  string // ISO 3166-1 alpha-2
	Name     string // of the country, in English
	City     string // empty with a country database
	Lat, Lon float64
	Located  bool   // Lat and Lon are known, in degrees
	Provider uint32 // autonomous system number; 0: unknown
	Operator string // who runs that system
}

// String is the place for people, without saying that it is approximate:
// "Bonn, Germany", "Germany", or "".
func (p Place) String() string {
	if p.City != "" && p.Name != "" {
		return p.City + ", " + p.Name
	}
	return p.City + p.Name
}

// fill takes from a record what p lacks.
func (p *Place) fill(record map[string]any) {
	if code := first(record, "country.iso_code", "country_code", "registered_country.iso_code"); p.Country == "" && isCode(code) {
		p.Country, p.Name = code, nameOf(code)
	}
	if p.City == "" {
		p.City = first(record, "city.names.en", "city")
	}
	if lat, ok := degrees(record, 90, "location.latitude", "latitude"); ok && !p.Located {
		if lon, ok := degrees(record, 180, "location.longitude", "longitude"); ok {
			p.Lat, p.Lon, p.Located = lat, lon, true
		}
	}
	if n, ok := number(at(record, "autonomous_system_number")); ok && p.Provider == 0 && n > 0 && n <= math.MaxUint32 {
		p.Provider = uint32(n)
		p.Operator = first(record, "autonomous_system_organization")
	}
}

// at follows a path of keys with dots between them.
func at(record map[string]any, path string) any {
	keys := strings.Split(path, ".")
	for _, k := range keys[:len(keys)-1] {
		record, _ = record[k].(map[string]any)
	}
	return record[keys[len(keys)-1]]
}

// maxText bounds the texts of a place, in bytes.
const maxText = 128

// first is the first text at one of the paths; one that cannot be shown is
// none.
func first(record map[string]any, paths ...string) string {
	for _, p := range paths {
		s, _ := at(record, p).(string)
		if s != "" && len(s) <= maxText && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
			return s
		}
	}
	return ""
}

// degrees is the first number at one of the paths, within ± limit.
func degrees(record map[string]any, limit float64, paths ...string) (float64, bool) {
	for _, p := range paths {
		if f, ok := number(at(record, p)); ok && math.Abs(f) <= limit {
			return f, true
		}
	}
	return 0, false
}

// number reads the numeric types that the format has.
func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case float32:
		return float64(n), true
	case uint64:
		return float64(n), true
	case uint32:
		return float64(n), true
	case uint16:
		return float64(n), true
	case int32:
		return float64(n), true
	case int:
		return float64(n), true
	}
	return 0, false
}

func isCode(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}

// nameOf is a country's English name, or its code.
func nameOf(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := display.English.Regions().Name(region); name != "" {
		return name
	}
	return code
}
