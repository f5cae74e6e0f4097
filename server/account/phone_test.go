package account

import (
	"errors"
	"strings"
	"testing"
)

func TestA7_NumbersAreReadAsPeopleTypeThem(t *testing.T) {
	for _, c := range []struct{ typed, region, want string }{
		{"+49 1512 3456789", "", "+4915123456789"},
		{"0151 23456789", "DE", "+4915123456789"},
		{"0151/234-567-89", "de", "+4915123456789"},
		{"(+49) 0151 23456789", "", "+4915123456789"},
		{"0049 151 23456789", "DE", "+4915123456789"},
		{"+1 (212) 555-2368", "", "+12125552368"},
		{"06 12 34 56 78", "FR", "+33612345678"},
		{"٠٦١٢٣٤٥٦٧٨", "FR", "+33612345678"},
	} {
		got, err := ParsePhone(c.typed, c.region)
		if err != nil || got != c.want {
			t.Errorf("ParsePhone(%q, %q) = %q, %v, want %q", c.typed, c.region, got, err, c.want)
		}
	}
}

func TestA7_WhatIsNoNumber(t *testing.T) {
	for _, c := range []struct{ typed, region string }{
		{"", "DE"}, {" ", "DE"}, {"0151 23456789", ""}, {"12", "DE"}, {"+49", "DE"}, {"110", "DE"},
		{"+49 1512 3456789 ext. 5", ""}, {"1-800-FLOWERS", "US"}, {"anna@example.com", "DE"},
		{"0151\x0023456789", "DE"}, {"0151\xff23456789", "DE"},
		{"+999 123456789", ""}, {strings.Repeat("1", 5000), "DE"}, {"0900 1 234567", "DE"},
	} {
		if got, err := ParsePhone(c.typed, c.region); !errors.Is(err, ErrPhone) {
			t.Errorf("ParsePhone(%q, %q) = %q, %v, want ErrPhone", c.typed, c.region, got, err)
		}
	}
}

func TestA7_ALandlineGetsNoTextMessages(t *testing.T) {
	for typed, region := range map[string]string{"+49 30 1234567": "", "030 1234567": "DE", "+33 1 42 68 53 00": "", "020 7946 0958": "GB"} {
		if got, err := parseMobile(typed, region); !errors.Is(err, ErrPhone) {
			t.Errorf("parseMobile(%q, %q) = %q, %v, want ErrPhone", typed, region, got, err)
		}
		if _, err := ParsePhone(typed, region); err != nil {
			t.Errorf("ParsePhone(%q, %q): %v", typed, region, err)
		}
	}
	for typed, region := range map[string]string{"0151 23456789": "DE", "06 12 34 56 78": "FR", "+1 212 555 2368": "", "+39 312 345 6789": ""} {
		if got, err := parseMobile(typed, region); err != nil {
			t.Errorf("parseMobile(%q, %q) = %q, %v", typed, region, got, err)
		}
	}
}

func TestRegionOfALanguage(t *testing.T) {
	for lang, want := range map[string]string{"de": "DE", "de-AT": "AT", "fr-CA": "CA", "": "", "?": "", "und": ""} {
		if got := phoneRegion(lang); got != want {
			t.Errorf("phoneRegion(%q) = %q, want %q", lang, got, want)
		}
	}
}

func FuzzParsePhone(f *testing.F) {
	f.Add("+49 1512 3456789", "")
	f.Add("06 12 34 56 78", "FR")
	f.Fuzz(func(t *testing.T, typed, region string) {
		got, err := ParsePhone(typed, region)
		if err != nil {
			return
		}
		if again, err := ParsePhone(got, ""); err != nil || again != got {
			t.Errorf("ParsePhone(%q, %q) = %q, which reads as %q, %v", typed, region, got, again, err)
		}
	})
}
