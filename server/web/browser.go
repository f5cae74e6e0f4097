package web

import (
	"strings"

	"github.com/mileusna/useragent"
)

// browser names a browser as a person would: "Firefox on Linux".
func browser(header string) string {
	if len(header) > 512 {
		header = header[:512]
	}
	ua := useragent.Parse(header)
	name, system := ua.Name, ua.OS
	switch {
	case name == "" && system == "":
		return "A browser"
	case ua.Device == "iPhone" || ua.Device == "iPad":
		system = ua.Device
	}
	if name == "" {
		name = "A browser"
	}
	if system == "" {
		return name
	}
	return name + " on " + system
}

// onPhone reports whether a browser's name is that of a phone or tablet.
func onPhone(name string) bool {
	return strings.HasSuffix(name, "Android") || strings.HasSuffix(name, "iPhone") || strings.HasSuffix(name, "iPad")
}
