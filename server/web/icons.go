package web

import "html/template"

// icon returns one of the line drawings below, 24 by 24, decorative: it is
// hidden from screen readers and takes the colour of the text beside it. An
// unknown name gives nothing; a test holds that no template asks for one.
func icon(name string) template.HTML {
	body, ok := icons[name]
	if !ok {
		return ""
	}
	return template.HTML(`<svg aria-hidden="true" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">` + body + `</svg>`)
}

// icons are the bodies of the drawings.
var icons = map[string]string{
	"tv":       `<rect x="2.5" y="4.5" width="19" height="12.5" rx="2"/><path d="M8 20.5h8"/>`,
	"laptop":   `<rect x="4.5" y="4.5" width="15" height="10.5" rx="1.5"/><path d="M2.5 18.5h19"/>`,
	"phone":    `<rect x="7" y="2.5" width="10" height="19" rx="2.2"/><path d="M11 18.5h2"/>`,
	"lock":     `<rect x="5" y="10.5" width="14" height="10" rx="2.2"/><path d="M8.5 10.5V7.5a3.5 3.5 0 0 1 7 0v3"/>`,
	"user":     `<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.8-4 3.7-6 7.5-6s6.7 2 7.5 6"/>`,
	"users":    `<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19.5c.6-3.5 3.1-5.3 6.5-5.3s5.9 1.8 6.5 5.3M15.5 5.3a3.5 3.5 0 0 1 0 6.4M18 14.8c1.9.7 3.1 2.3 3.5 4.7"/>`,
	"shield":   `<path d="M12 2.8 4.5 5.5v6c0 4.8 3.2 8.2 7.5 9.7 4.3-1.5 7.5-4.9 7.5-9.7v-6L12 2.8Z"/><path d="m8.8 11.8 2.3 2.3 4.2-4.5"/>`,
	"check":    `<circle cx="12" cy="12" r="9"/><path d="m8 12.3 2.7 2.7L16 9.5"/>`,
	"clock":    `<circle cx="12" cy="12" r="9"/><path d="M12 7v5.3l3.4 2"/>`,
	"alert":    `<path d="M12 3.5 2.5 20h19L12 3.5Z"/><path d="M12 10v4.5M12 17.2v.1"/>`,
	"key":      `<circle cx="8" cy="15.5" r="4.5"/><path d="m11.3 12.3 8.2-8.3M16 7.5l2.7 2.7"/>`,
	"out":      `<path d="M14 4.5H7A1.5 1.5 0 0 0 5.5 6v12A1.5 1.5 0 0 0 7 19.5h7M10.5 12h10M17 8.5l3.5 3.5-3.5 3.5"/>`,
	"plus":     `<path d="M12 5v14M5 12h14"/>`,
	"mail":     `<rect x="3" y="5" width="18" height="14" rx="2.2"/><path d="m4 7 8 6 8-6"/>`,
	"list":     `<path d="M8.5 6h12M8.5 12h12M8.5 18h12M4 6h.1M4 12h.1M4 18h.1"/>`,
	"back":     `<path d="M14.5 5.5 8 12l6.5 6.5"/>`,
	"globe":    `<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c2.6 2.6 3.8 5.6 3.8 9s-1.2 6.4-3.8 9c-2.6-2.6-3.8-5.6-3.8-9S9.4 5.6 12 3Z"/>`,
	"home":     `<path d="m3.5 11 8.5-7.5 8.5 7.5M6 9v11h12V9"/>`,
	"card":     `<rect x="2.5" y="5" width="19" height="14" rx="2.2"/><path d="M2.5 10h19M6 15h4"/>`,
	"down":     `<path d="M12 4v11.5M7 11l5 5 5-5M4.5 20h15"/>`,
	"pencil":   `<path d="m4 20 1-4.5L16.5 4l3.5 3.5L8.5 19 4 20Z"/>`,
	"trash":    `<path d="M4 6.5h16M9.5 6.5V4h5v2.5M6 6.5 7 20.5h10l1-14M10 10.5v6M14 10.5v6"/>`,
	"arrow":    `<path d="m5.5 15 6.5-6.5 6.5 6.5"/>`,
	"return":   `<path d="M9.5 5 4.5 10l5 5M4.5 10H14a5.5 5.5 0 0 1 0 11h-4"/>`,
	"search":   `<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>`,
	"wifi":     `<path d="M2.5 9a14 14 0 0 1 19 0M6 12.8a9 9 0 0 1 12 0M9.3 16.3a4.2 4.2 0 0 1 5.4 0M12 19.5v.1"/>`,
	"play":     `<circle cx="12" cy="12" r="9"/><path d="M10 8.2v7.6l6-3.8-6-3.8Z"/>`,
	"pin":      `<path d="M12 21.5s7-6.2 7-11.5a7 7 0 0 0-14 0c0 5.3 7 11.5 7 11.5Z"/><circle cx="12" cy="10" r="2.5"/>`,
	"pause":    `<path d="M4.5 6v12l9-6-9-6ZM16.5 6v12M20.5 6v12"/>`,
	"sparkle":  `<path d="M12 3.5 13.8 10l6.7 2-6.7 2L12 20.5 10.2 14l-6.7-2 6.7-2L12 3.5Z"/>`,
	"question": `<circle cx="12" cy="12" r="9"/><path d="M9.5 9.5a2.6 2.6 0 1 1 3.7 2.4c-.9.4-1.2 1-1.2 1.9M12 16.8v.1"/>`,
}
