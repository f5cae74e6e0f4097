package ecp_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/tools/lanlab"
)

const (
	tvAddr       = "192.168.77.2"
	phoneAddr    = "192.168.77.3"
	tvElsewhere  = "203.0.113.2" // the TV's on a network that is no home's
	strangerAddr = "203.0.113.9"
)

// TestRokuClient: a client that we did not write finds a TV, reads what it tells,
// drives it and is told no; then somebody blocks it.
func TestRokuClient(t *testing.T) {
	lab := lanlab.New(t)
	home := lab.Network("home")
	box, phone := lab.Host("tv"), lab.Host("phone")
	box.Join(home, tvAddr+"/24")
	port := phone.Join(home, phoneAddr+"/24")
	phone.IP("route add 224.0.0.0/4 dev " + port.Name)
	v := startTV(t, box, t.TempDir())
	c := startClient(t, phone)
	v.wait("welcome", func(s shown) bool { return s.Screen == nav.ScreenWelcome })
	if err := c.call(nil, "discover", 1200); err == nil {
		t.Error("found before it was switched on")
	}
	v.allowECP()
	found(t, c)
	c.must(nil, "press", "down")
	if s := v.press(); s.Focus != "password" || !strings.Contains(s.Banner, "("+phoneAddr+")") {
		t.Errorf("after Down: %+v", s)
	}
	c.must(nil, "press", "select")
	v.wait("field", func(s shown) bool { return s.Screen == nav.ScreenEmail })
	c.must(nil, "text", "anna+tv@example.org")
	c.must(nil, "press", "backspace")
	if s := v.press(); s.Text != "anna+tv@example.or" {
		t.Errorf("typed: %+v", s)
	}
	for _, name := range []string{"volumeUp", "powerOff", "inputHDMI1", "search", "findRemote"} {
		if err := c.call(nil, "press", name); err == nil || !strings.Contains(err.Error(), "Not Found") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.must(nil, "press", "home")

	// The first key was told of and can be blocked; that one key does nothing else.
	before := v.press()
	v.press("Back")
	after := v.wait("word that it is blocked", func(s shown) bool { return s.Toast != "" })
	if after.Screen != before.Screen || after.Focus != before.Focus {
		t.Errorf("blocking went from %+v to %+v", before, after)
	}
	if err := c.call(nil, "press", "up"); err == nil {
		t.Error("a blocked client is heard")
	}
	if err := c.call(nil, "info"); err == nil {
		t.Error("a blocked client is told")
	}
	if err := c.call(nil, "discover", 1200); err == nil {
		t.Error("a blocked client finds the TV")
	}
}

// found has the client search for the TV and read all that it tells.
func found(t *testing.T, c client) {
	t.Helper()
	var at string
	c.must(&at, "discover", 15_000)
	if at != "http://"+tvAddr+":8060/" {
		t.Errorf("found at %s", at)
	}
	var info map[string]any
	c.must(&info, "info")
	for field, want := range map[string]string{
		"userDeviceName": "Living room", "modelName": "Box 3", "softwareVersion": "1.2.3", "powerMode": "PowerOn", "isTv": "false",
	} {
		if got := fmt.Sprint(info[field]); got != want {
			t.Errorf("info %s = %q, want %q", field, got, want)
		}
	}
	for field, value := range info {
		if text := strings.ToLower(field); strings.Contains(text, "mac") || strings.Contains(text, "account") {
			t.Errorf("info tells of %s: %v", field, value)
		}
	}
	var apps []struct{ ID, Name string }
	c.must(&apps, "apps")
	var active struct{ ID, Name string }
	c.must(&active, "active")
	if len(apps) != 2 || apps[0] != active || active.Name != "Hearthkey" {
		t.Errorf("apps %+v, active %+v", apps, active)
	}
	var media struct{ State string }
	c.must(&media, "media")
	if media.State != "close" {
		t.Errorf("media %+v", media)
	}
}

// TestFloodOfKeys: of 300 keys, 20 at once, a TV takes no more than people press, and
// another client is heard meanwhile.
func TestFloodOfKeys(t *testing.T) {
	lab := lanlab.New(t)
	home := lab.Network("home")
	box, phone, hub := lab.Host("tv"), lab.Host("phone"), lab.Host("hub")
	box.Join(home, tvAddr+"/24")
	phone.Join(home, phoneAddr+"/24")
	hub.Join(home, "192.168.77.4/24")
	v := startTV(t, box, t.TempDir())
	v.allowECP()
	loud, quiet := startClient(t, phone), startClient(t, hub)
	loud.must(nil, "at", tvAddr)
	quiet.must(nil, "at", tvAddr)
	quiet.must(nil, "press", "up")
	began := time.Now()
	var taken int
	loud.must(&taken, "flood", 300)
	if most := 40 + int(20*(time.Since(began).Seconds()+1)); taken > most {
		t.Errorf("%d of 300 keys were taken in %v, want at most %d", taken, time.Since(began), most)
	}
	quiet.must(nil, "press", "down")
}

// TestD11_WebPages: a page that a browser on the home network opens presses no key,
// neither at the TV's address nor at a name that its owner pointed there.
func TestD11_WebPages(t *testing.T) {
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Fatal("this test needs a browser: run make needs, or apt-get install chromium")
	}
	lab := lanlab.New(t)
	home := lab.Network("home")
	box, phone := lab.Host("tv"), lab.Host("phone")
	box.Join(home, tvAddr+"/24")
	phone.Join(home, phoneAddr+"/24")
	v := startTV(t, box, t.TempDir())
	v.allowECP()
	before := v.press("Down") // whence Up goes somewhere
	told := make(chan string, 8)
	phone.Do(func() { serveAttack(t, told) })
	// The name is another one of the same page's: first its own server, then the TV.
	cmd := phone.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
		"--host-resolver-rules=MAP evil.test:8060 "+tvAddr+":8060,MAP evil.test "+phoneAddr,
		"--disable-features=LocalNetworkAccessChecks",
		"--user-data-dir="+t.TempDir(), "http://evil.test/")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	select {
	case what := <-told:
		if !strings.Contains(what, "sent=6&read=0") {
			t.Errorf("the page could not attack: %s", what)
		}
	case <-time.After(patience):
		t.Fatal("the page was not opened")
	}
	after := v.press()
	if fmt.Sprint(before) != fmt.Sprint(after) || after.Banner != "" {
		t.Errorf("a page changed\n%+v to\n%+v", before, after)
	}
	// The TV was not deaf meanwhile.
	c := startClient(t, phone)
	c.must(nil, "at", tvAddr)
	c.must(nil, "press", "down")
	if now := v.press(); now.Focus == before.Focus {
		t.Errorf("after Down: %+v", now)
	}
}

// attack is a page that tries every way to send a POST or to read.
const attack = `<!doctype html><meta charset=utf-8><title>attack</title>
<iframe name=f1></iframe><iframe name=f2></iframe>
<script>
const to = ["http://` + tvAddr + `:8060", "http://evil.test:8060"];
let sent = 0, read = 0;
const tries = [];
for (const [i, base] of to.entries()) {
  for (const mode of ["no-cors", "cors"])
    tries.push(fetch(base + "/keypress/Up", { method: "POST", mode }).then(() => {}, () => {}).finally(() => sent++));
  tries.push(fetch(base + "/query/device-info").then((r) => r.text()).then((t) => { if (t.includes("Living")) read++; }, () => {}));
  navigator.sendBeacon(base + "/keypress/Up");
  const form = document.createElement("form");
  Object.assign(form, { method: "POST", action: base + "/keypress/Up", target: "f" + (i + 1) });
  document.body.append(form);
  const frame = document.querySelector("[name=f" + (i + 1) + "]");
  tries.push(new Promise((done) => { frame.onload = () => { sent++; done(); }; setTimeout(done, 4000); }));
  form.submit();
}
Promise.all(tries).then(() => fetch("/told?sent=" + sent + "&read=" + read));
</script>`

// serveAttack serves the page on the host whose namespace the caller is in.
func serveAttack(t *testing.T, told chan<- string) {
	l, err := net.Listen("tcp4", phoneAddr+":80")
	if err != nil {
		t.Error(err)
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, attack)
	})
	mux.HandleFunc("/told", func(_ http.ResponseWriter, r *http.Request) { told <- r.URL.RawQuery })
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
}

// TestD11_FromElsewhere: who has no address of a home network is closed before a byte
// is read, and its searches are not answered.
func TestD11_FromElsewhere(t *testing.T) {
	lab := lanlab.New(t)
	home := lab.Network("home")
	box, stranger := lab.Host("tv"), lab.Host("stranger")
	box.Join(home, tvAddr+"/24", tvElsewhere+"/24")
	stranger.Join(home, strangerAddr+"/24")
	v := startTV(t, box, t.TempDir())
	v.allowECP()
	before := v.press()
	stranger.Do(func() {
		conn, err := net.DialTimeout("tcp4", tvElsewhere+":8060", patience)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		// A write may come after the close.
		_, _ = fmt.Fprintf(conn, "POST /keypress/Up HTTP/1.1\r\nHost: %s:8060\r\nContent-Length: 0\r\n\r\n", tvElsewhere)
		if b, err := io.ReadAll(conn); len(b) > 0 || os.IsTimeout(err) {
			t.Errorf("a stranger is told %q, %v", b, err)
		}
		if answer := search(t, tvElsewhere); answer != "" {
			t.Errorf("a stranger's search is answered: %q", answer)
		}
	})
	if after := v.press(); fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("a stranger changed\n%+v to\n%+v", before, after)
	}
	box.Do(func() {
		if answer := search(t, tvAddr); !strings.Contains(answer, "ST: roku:ecp") {
			t.Errorf("a search from this machine: %q", answer)
		}
	})
}

// search searches at one address and returns the answer, if any comes within half a
// second.
func search(t *testing.T, at string) string {
	var d net.Dialer
	conn, err := d.DialContext(context.Background(), "udp4", at+":1900")
	if err != nil {
		t.Error(err)
		return ""
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nMan: \"ssdp:discover\"\r\nST: roku:ecp\r\n\r\n"); err != nil {
		t.Error(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	b := make([]byte, 2048)
	n, err := conn.Read(b)
	if err != nil {
		return "" // nobody answers
	}
	return string(b[:n])
}
