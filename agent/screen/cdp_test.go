package screen_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// browser is one page in a Chromium of its own, driven over its debugging
// protocol.
type browser struct {
	t       *testing.T
	conn    *websocket.Conn
	session string
	last    int
}

// open starts Chromium and opens url in it.
func open(t *testing.T, url string, width, height int) *browser {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Fatal("this test needs a browser: run make needs, or apt-get install chromium")
	}
	b := &browser{t: t}
	b.connect()
	var target struct{ TargetID, SessionID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	b.session = target.SessionID
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.call("Page.enable", nil, nil)
	b.call("Page.navigate", map[string]any{"url": url}, nil)
	return b
}

// connect starts Chromium and opens its socket; the test's end stops it.
func (b *browser) connect() {
	b.t.Helper()
	profile, err := os.MkdirTemp("", "screen-browser")
	if err != nil {
		b.t.Fatal(err)
	}
	cmd := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars", "--force-prefers-reduced-motion",
		"--remote-debugging-port=0", "--user-data-dir="+profile, "about:blank")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said, err := cmd.StderrPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	address := make(chan string, 1)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if at, ok := strings.CutPrefix(lines.Text(), "DevTools listening on "); ok {
				address <- at
			}
		}
	}()
	b.t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the group that Chromium started, and no other
		<-drained
		cmd.Wait()
		os.RemoveAll(profile)
	})
	select {
	case at := <-address:
		if b.conn, _, err = websocket.DefaultDialer.Dial(at, nil); err != nil {
			b.t.Fatal(err)
		}
		b.t.Cleanup(func() { b.conn.Close() })
	case <-time.After(30 * time.Second):
		b.t.Fatal("chromium does not start")
	}
}

// call sends a command and decodes its result.
func (b *browser) call(method string, params, result any) {
	b.t.Helper()
	b.last++
	if params == nil {
		params = struct{}{}
	}
	b.conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	if err := b.conn.WriteJSON(map[string]any{"id": b.last, "method": method, "params": params, "sessionId": b.session}); err != nil {
		b.t.Fatal(err)
	}
	for {
		var m struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := b.conn.ReadJSON(&m); err != nil {
			b.t.Fatalf("%s: %v", method, err)
		}
		if m.ID != b.last {
			continue // an event
		}
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
		return
	}
}

// eval runs JavaScript in the page and returns what it, or its promise, is, as
// text.
func (b *browser) eval(script string) string {
	b.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails *struct{ Text string }
	}
	b.call("Runtime.evaluate", map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", script, r.ExceptionDetails.Text)
	}
	return fmt.Sprint(r.Result.Value)
}

// until waits for a JavaScript expression to be true.
func (b *browser) until(expression string) {
	b.t.Helper()
	got := b.eval(`new Promise((done) => {
		const end = performance.now() + 10000;
		(function look() {
			if (` + expression + `) { done("true"); }
			else if (performance.now() > end) { done("never: " + document.body.innerText); }
			else { setTimeout(look, 5); }
		})();
	})`)
	if got != "true" {
		b.t.Fatalf("%s: %.300s", expression, got)
	}
}

// key presses a key as the browser's own keyboard does.
func (b *browser) key(name string, code int, more map[string]any) {
	b.t.Helper()
	params := map[string]any{"type": "rawKeyDown", "key": name, "windowsVirtualKeyCode": code}
	for k, v := range more {
		params[k] = v
	}
	b.call("Input.dispatchKeyEvent", params, nil)
}

// shot writes a picture of the page.
func (b *browser) shot(file string) {
	b.t.Helper()
	var r struct{ Data string }
	b.call("Page.captureScreenshot", nil, &r)
	data, err := base64.StdEncoding.DecodeString(r.Data)
	if err == nil {
		err = os.WriteFile(file, data, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}
