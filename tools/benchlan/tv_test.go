package benchlan

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent"
	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/tools/lanlab"
)

func TestMain(m *testing.M) { lanlab.Main(m, map[string]func([]string) int{"tv": tvRole}) }

const (
	tvAddr   = "192.168.78.2"
	tvPort   = ":8713"
	echoPort = ":8714" // the reference: TLS and nothing behind it
)

// tvRole is a TV in a process of its own. For each line of its input (a key of the
// remote in the hand, or nothing) it says what is shown: the focus, the code to pair
// with, and what the field holds, with tabs between.
func tvRole(args []string) int {
	a := &agent.Agent{
		Server: "ws://127.0.0.1:1", Dir: args[0], Name: "Living room",
		LAN: agent.LAN{Listen: tvAddr + tvPort, KeysPerSecond: 100_000},
	}
	if err := a.Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer a.Close()
	if err := echo(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if key, err := keyseq.Parse(in.Text()); err == nil {
			_ = a.Press(key, agent.Local, false)
		}
		v, code, text := a.View(), "", ""
		if v.Code != nil {
			code = strings.ReplaceAll(v.Code.Text, " ", "")
		}
		if v.Keyboard != nil {
			text = v.Keyboard.Text
		}
		fmt.Printf("%s %s\t%s\t%s\n", v.Screen, v.Focus, code, text)
	}
	return 0
}

// echo answers over TLS 1.3 with what it is sent, until the process ends.
func echo() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	cert := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &cert, &cert, key.Public(), key)
	if err != nil {
		return err
	}
	l, err := tls.Listen("tcp4", tvAddr+echoPort, &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS13,
	})
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return nil
}

// tv is the TV as the person in front of it has it.
type tv struct {
	t     *testing.T
	in    io.Writer
	lines chan string
}

func startTV(t *testing.T, h *lanlab.Host) *tv {
	t.Helper()
	cmd := h.Role("tv", t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stderr = t.Output()
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if inErr != nil || outErr != nil {
		t.Fatal(inErr, outErr)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v := &tv{t: t, in: in, lines: make(chan string, 1)}
	go func() {
		defer close(v.lines)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			v.lines <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		in.Close()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	return v
}

// press presses a key of the remote in the hand, or none, and returns what is shown.
func (v *tv) press(key string) (at, code, text string) {
	v.t.Helper()
	if _, err := fmt.Fprintln(v.in, key); err != nil {
		v.t.Fatal(err)
	}
	select {
	case line, ok := <-v.lines:
		if part := strings.Split(line, "\t"); ok && len(part) == 3 {
			return part[0], part[1], part[2]
		}
		v.t.Fatalf("the TV says %q", line)
	case <-time.After(20 * time.Second):
		v.t.Fatal("the TV says nothing")
	}
	return "", "", ""
}

// until waits for a screen and focus.
func (v *tv) until(want string) {
	v.t.Helper()
	at := ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if at, _, _ = v.press(""); at == want {
			return
		}
	}
	v.t.Fatalf("the TV is at %s, not at %s", at, want)
}

// choose goes down to an item and presses OK.
func (v *tv) choose(id string) {
	v.t.Helper()
	at, _, _ := v.press("")
	for range 10 {
		if strings.HasSuffix(at, " "+id) {
			v.press("OK")
			return
		}
		at, _, _ = v.press("Down")
	}
	v.t.Fatalf("there is no %s; the TV is at %s", id, at)
}

// pairing opens the pairing window and returns its code.
func (v *tv) pairing() string {
	v.t.Helper()
	v.until("welcome signIn")
	v.choose("pair")
	v.press("OK") // for the household
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if _, code, _ := v.press(""); code != "" {
			return code
		}
	}
	v.t.Fatal("no code")
	return ""
}
