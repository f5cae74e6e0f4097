package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// refusingMailServer takes no mail for mailboxes at nowhere.example, and wants
// all others later. It returns its address.
func refusingMailServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go talk(c)
		}
	}()
	return l.Addr().String()
}

func talk(c net.Conn) {
	defer c.Close()
	fmt.Fprint(c, "220 mx\r\n")
	for lines := bufio.NewScanner(c); lines.Scan(); {
		answer := "250 ok"
		switch line := strings.ToUpper(lines.Text()); {
		case strings.HasPrefix(line, "RCPT") && strings.Contains(line, "NOWHERE.EXAMPLE"):
			answer = "550 5.1.1 no such user"
		case strings.HasPrefix(line, "RCPT"):
			answer = "451 4.3.0 later"
		case strings.HasPrefix(line, "QUIT"):
			return
		}
		fmt.Fprint(c, answer+"\r\n")
	}
}

// V11, O3: what did not leave is seen by an operator, with the reason, in the
// metrics and message by message; never what it says.
func TestV11_OperatorsSeeWhatDidNotLeave(t *testing.T) {
	d := openDeskWith(t, "--smtp-url", "smtp://"+refusingMailServer(t)+"?tls=none&from=tv@tv.example")
	for _, email := range []string{"anna@nowhere.example", "berta@later.example"} {
		resp, err := http.Post(d.url+"/v1/sign-up", "application/json",
			strings.NewReader(`{"email":"`+email+`","password":"lantern-otter-42-quietly"}`))
		if err != nil || resp.StatusCode != 202 {
			t.Fatalf("sign-up = %v, %v", resp, err)
		}
		resp.Body.Close()
	}
	var metrics, aside, waiting string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		metrics = get(t, "http://"+d.admin+"/metrics")
		_, aside, _ = d.ask("outbox", "list")
		_, waiting, _ = d.ask("outbox", "list", "--waiting")
		if strings.Contains(metrics, "\nhearthkey_outbox_failures_total 2\n") && strings.Contains(waiting, "451") {
			break
		}
	}
	for _, want := range []string{"_waiting 1", "_set_aside 1", "_set_aside_total 1", "_failures_total 2", "_sent_total 0"} {
		if !strings.Contains(metrics, "\nhearthkey_outbox"+want+"\n") {
			t.Errorf("metrics lack hearthkey_outbox%s", want)
		}
	}
	if !strings.Contains(metrics, "\nhearthkey_outbox_oldest_seconds ") {
		t.Error("metrics lack the age of the oldest message")
	}
	for what, c := range map[string]struct{ out, want, not string }{
		"set aside": {aside, "access-code  mail  a…@nowhere.example  1      rcpt 550 5.1.1  -", "later.example"},
		"waiting":   {waiting, "access-code  mail  b…@later.example  1      rcpt 451 4.3.0", "nowhere.example"},
	} {
		if !strings.Contains(c.out, c.want) || strings.Contains(c.out, c.not) || strings.Contains(c.out, "anna") || strings.Count(c.out, "\n") != 2 {
			t.Errorf("outbox list, %s:\n%s", what, c.out)
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s = %s, %v", url, resp.Status, err)
	}
	return string(text)
}
