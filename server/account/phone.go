package account

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
)

// ErrPhone: not a phone number that a text message can be sent to.
var ErrPhone = errors.New("account: not a phone number")

// maxPhone bounds what is parsed, in bytes: E.164 has 15 digits, people add
// signs.
const maxPhone = 64

// ParsePhone returns a number in E.164 ("+4915112345678"), however it was
// typed. A national one is read as of region (ISO 3166-1, e.g. "DE"); without
// a region only international ones are numbers. Error: ErrPhone.
func ParsePhone(typed, region string) (string, error) {
	if len(typed) > maxPhone || !utf8.ValidString(typed) {
		return "", ErrPhone
	}
	typed = strings.TrimSpace(typed)
	if strings.ContainsFunc(typed, func(r rune) bool { return r < ' ' || r == '@' || 'a' <= r|0x20 && r|0x20 <= 'z' && r < utf8.RuneSelf }) {
		return "", ErrPhone // no letters for digits, no extensions
	}
	if region == "" {
		region = "ZZ" // libphonenumber's unknown region
	}
	n, err := phonenumbers.Parse(typed, strings.ToUpper(region))
	if err != nil || !phonenumbers.IsValidNumber(n) || n.GetExtension() != "" {
		return "", ErrPhone
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.TOLL_FREE, phonenumbers.PAGER,
		phonenumbers.UAN, phonenumbers.VOICEMAIL:
		return "", ErrPhone // a text message there costs the operator, or reaches nobody
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}

// parseMobile is ParsePhone for a number that an account is to get: text
// messages have to reach it, which they do not on a landline. Where the two are
// not told apart (as in North America) the code that is sent will tell.
func parseMobile(typed, region string) (string, error) {
	number, err := ParsePhone(typed, region)
	if err != nil {
		return "", err
	}
	n, err := phonenumbers.Parse(number, "ZZ")
	if err != nil || phonenumbers.GetNumberType(n) == phonenumbers.FIXED_LINE {
		return "", ErrPhone
	}
	return number, nil
}

// phoneRegion is where a national number of somebody who reads lang is most
// likely from: "" where that is not clear.
func phoneRegion(lang string) string {
	tag, err := language.Parse(lang)
	if err != nil || tag == language.Und {
		return ""
	}
	region, confidence := tag.Region()
	if confidence == language.No {
		return ""
	}
	return region.String()
}

// SendsSMS reports whether this service sends text messages.
func (s *Service) SendsSMS() bool { return !s.c.NoSMS }
