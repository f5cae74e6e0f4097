package api

import (
	"cmp"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/mileusna/useragent"

	"github.com/hearthkey/hearthkey/server/account"
)

// Origins tells where requests come from. Its zero value trusts no proxy.
type Origins struct {
	// Trusted lists the proxies whose X-Forwarded-For is believed.
	Trusted []netip.Prefix
	// Place is the approximate place of an address for people. Nil: unknown.
	Place func(netip.Addr) string
	// Country is that of an address (ISO 3166-1 alpha-2), or "". Nil: unknown.
	Country func(netip.Addr) string
}

// Addr returns the client's address: the socket's other end, or, where that is
// a trusted proxy, the last address of X-Forwarded-For that is none.
func (o Origins) Addr(r *http.Request) netip.Addr {
	addr := parseAddr(r.RemoteAddr)
	if !o.trusts(addr) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := parseAddr(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			return addr // what stands before cannot be believed
		}
		addr = hop
		if !o.trusts(hop) {
			break
		}
	}
	return addr
}

func (o Origins) trusts(a netip.Addr) bool {
	for _, p := range o.Trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Client describes the program that sent a request.
func (o Origins) Client(r *http.Request) account.Client {
	addr := o.Addr(r)
	c := account.Client{Agent: programName(r.UserAgent()), IP: addr.String(), Kind: deviceKind(r.UserAgent())}
	if o.Place != nil {
		c.Place = o.Place(addr)
	}
	return c
}

// Region is the country of the request's first language where it names one, for
// numbers written as at home: "de-CH" gives "CH".
func Region(r *http.Request) string {
	first, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	first, _, _ = strings.Cut(first, ";")
	_, region, ok := strings.Cut(strings.TrimSpace(first), "-")
	if !ok || len(region) != 2 {
		return ""
	}
	return strings.ToUpper(region)
}

// parseAddr reads an address with or without a port. It is invalid where s is
// neither.
func parseAddr(s string) netip.Addr {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// network is what limits count by: an IPv4 address, or the /64 of an IPv6 one,
// which is what one customer has.
func network(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// maxAgent bounds the User-Agent that is looked at, in bytes.
const maxAgent = 512

// deviceKind says what kind of device a User-Agent is of, or nothing.
func deviceKind(header string) string {
	if len(header) > maxAgent {
		header = header[:maxAgent]
	}
	ua := useragent.Parse(header)
	switch {
	case ua.Tablet:
		return "tablet"
	case ua.Mobile:
		return "mobile"
	case ua.Desktop:
		return "desktop"
	}
	return ""
}

// Names that a User-Agent can have in our mails and pages. Whoever tries to sign
// in writes that header, so nothing of its own wording is ever repeated: it
// would be a stranger's text in a genuine mail.
var (
	browsers = map[string]string{
		useragent.Chrome: "Chrome", useragent.HeadlessChrome: "Headless Chrome", useragent.Firefox: "Firefox",
		useragent.Safari: "Safari", useragent.MobileSafari: "Safari", useragent.Edge: "Edge", useragent.Opera: "Opera",
		useragent.OperaMini: "Opera Mini", useragent.OperaTouch: "Opera Touch", useragent.Vivaldi: "Vivaldi",
		useragent.InternetExplorer: "Internet Explorer", useragent.SamsungBrowser: "Samsung Internet",
		useragent.FacebookApp: "the Facebook app", useragent.InstagramApp: "the Instagram app", useragent.TiktokApp: "the TikTok app",
		"Android browser": "Android browser", "Huawei Browser": "Huawei Browser", "Miui Browser": "Mi Browser",
		"Brave": "Brave", "YaBrowser": "Yandex Browser", "DuckDuckGo": "DuckDuckGo", "curl": "curl", "Wget": "Wget",
	}
	systems = map[string]string{
		useragent.Windows: "Windows", useragent.WindowsPhone: "Windows Phone", useragent.Android: "Android",
		useragent.MacOS: "macOS", useragent.IOS: "iOS", useragent.Linux: "Linux", useragent.FreeBSD: "FreeBSD",
		useragent.ChromeOS: "ChromeOS", useragent.BlackBerry: "BlackBerry", useragent.Harmony: "HarmonyOS",
	}
)

const unknownProgram = "an unknown program"

// programName says a User-Agent as a person does: "Firefox on Linux".
func programName(header string) string {
	if len(header) > maxAgent {
		header = header[:maxAgent]
	}
	ua := useragent.Parse(header)
	name, system := cmp.Or(browsers[ua.Name], unknownProgram), systems[ua.OS]
	if system == "" {
		return name
	}
	return name + " on " + system
}
