package ecp

import (
	"fmt"
	"strings"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// xmlEscape makes text safe between and inside the tags of XML 1.0. What XML cannot
// hold is left out.
func xmlEscape(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;").Replace(s)
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8" ?>` + "\n"

// apps are what is told of as apps, and what launching each presses. There are two,
// since some clients take a list of one for something else.
var apps = []struct {
	id, name string
	key      keyseq.Key
}{
	{"1", "Hearthkey", keyseq.Home},
	{"2", "Hearthkey menu", keyseq.Menu},
}

// pages are the answers to what only asks, by path. They are the same for everybody
// and for as long as the server runs.
func pages(tv TV) map[string]string {
	var list []string
	for _, a := range apps {
		list = append(list, fmt.Sprintf(`<app id="%s" type="appl" version="%s">%s</app>`, a.id, xmlEscape(tv.Version), a.name))
	}
	return map[string]string{
		"/":                   description(tv),
		"/query/device-info":  deviceInfo(tv),
		"/query/apps":         xmlHead + "<apps>" + strings.Join(list, "") + "</apps>\n",
		"/query/active-app":   xmlHead + "<active-app>" + list[0] + "</active-app>\n",
		"/query/media-player": xmlHead + `<player error="false" state="close"></player>` + "\n",
	}
}

// deviceInfo has the fields that clients ask for. Whoever asks is not known, so it
// tells of no account and of no number that this box keeps.
func deviceInfo(tv TV) string {
	var b strings.Builder
	b.WriteString(xmlHead + "<device-info>\n")
	for _, f := range [][2]string{
		{"udn", udn(tv.ID)}, {"serial-number", tv.ID}, {"device-id", tv.ID},
		{"vendor-name", "Hearthkey"}, {"model-name", tv.model()}, {"model-number", tv.model()}, {"model-region", ""},
		{"is-tv", "false"}, {"is-stick", fmt.Sprint(tv.Kind == "stick")},
		{"friendly-device-name", tv.Name}, {"friendly-model-name", tv.model()}, {"default-device-name", tv.Name},
		{"user-device-name", tv.Name}, {"user-device-location", ""},
		{"software-version", tv.Version}, {"software-build", tv.Version},
		{"power-mode", "PowerOn"}, {"supports-suspend", "false"}, {"supports-find-remote", "false"},
		{"supports-audio-guide", "false"}, {"supports-tv-power-control", "false"}, {"supports-audio-volume-control", "false"},
		{"search-enabled", "false"}, {"developer-enabled", "false"}, {"ecp-setting-mode", "enabled"},
	} {
		fmt.Fprintf(&b, "\t<%s>%s</%s>\n", f[0], xmlEscape(f[1]), f[0])
	}
	b.WriteString("</device-info>\n")
	return b.String()
}

// description is the device description (UPnP Device Architecture 1.0 §2.1) that an
// answer to a search names. The device type says which protocol this is, the
// manufacturer that it is not Roku's.
func description(tv TV) string {
	return xmlHead + `<root xmlns="urn:schemas-upnp-org:device-1-0">
	<specVersion><major>1</major><minor>0</minor></specVersion>
	<device>
		<deviceType>urn:roku-com:device:player:1-0</deviceType>
		<friendlyName>` + xmlEscape(tv.Name) + `</friendlyName>
		<manufacturer>Hearthkey</manufacturer>
		<modelName>` + xmlEscape(tv.model()) + `</modelName>
		<modelNumber>` + xmlEscape(tv.Version) + `</modelNumber>
		<serialNumber>` + xmlEscape(tv.ID) + `</serialNumber>
		<UDN>uuid:` + udn(tv.ID) + `</UDN>
		<serviceList>
			<service>
				<serviceType>urn:roku-com:service:ecp:1</serviceType>
				<serviceId>urn:roku-com:serviceId:ecp1-0</serviceId>
				<controlURL/>
				<eventSubURL/>
				<SCPDURL>ecp_SCPD.xml</SCPDURL>
			</service>
		</serviceList>
	</device>
</root>
`
}

// udn is the random id in a UUID's form (version 8, RFC 9562 §5.8).
func udn(id string) string {
	const rest = "0000000000000000"
	id = (id + rest)[:16]
	return fmt.Sprintf("%s-%s-8%s-8%s-000000000000", id[:8], id[8:12], id[12:15], id[15:16]+"00")
}
