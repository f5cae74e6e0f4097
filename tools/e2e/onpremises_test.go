package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/lan"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/lanlab"
)

// certificate is one that nobody vouches for, as PEM files in a folder.
func certificate(t *testing.T, dir string) (cert, key string, pin [sha256.Size]byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "on premises"}, NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
}

// on is a program on a host, which ends with the test.
func on(t *testing.T, h *lanlab.Host, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := h.Command(filepath.Join(binDir, name), args...)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, said.String())
		}
	})
	return cmd
}

// impostor claims to be the server with a pin, on a host, and counts who comes.
func impostor(t *testing.T, h *lanlab.Host, pin [sha256.Size]byte) *atomic.Int64 {
	t.Helper()
	certFile, keyFile, _ := certificate(t, t.TempDir())
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	var came, spoke atomic.Int64
	h.Do(func() {
		l, err := tls.Listen("tcp", "0.0.0.0:8700", &tls.Config{Certificates: []tls.Certificate{pair}})
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					came.Add(1)
					if n, _ := conn.Read(make([]byte, 1)); n > 0 {
						spoke.Add(1)
					}
				}()
			}
		}()
		a, err := lan.Advertise(lan.Settings{}, lan.Announcement{Type: lan.Server, Port: 8700, About: lan.About{
			ID: "00000000000000ff", Name: "Hearthkey", Fingerprint: hex.EncodeToString(pin[:8]),
		}})
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { _ = a.Close() })
	})
	t.Cleanup(func() {
		if spoke.Load() > 0 {
			t.Error("the TV spoke to the impostor")
		}
	})
	return &came
}

// userCode starts to sign in and waits for the code, which only the server gives.
func userCode(ctx context.Context, t *testing.T, tv *drive.TV) {
	t.Helper()
	if _, err := tv.Press(ctx, keyseq.OK); err != nil {
		t.Fatal(err)
	}
	if _, err := tv.Wait(ctx, "a user code", func(v nav.View) bool { return v.Code != nil && v.Code.Text != "" }); err != nil {
		t.Fatal(err)
	}
}

// TestD12_OnPremises: a TV finds the server whose key it was given, passes by an
// impostor that was there first, follows the server to another address, and finds it
// again after a restart.
func TestD12_OnPremises(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	lab := lanlab.New(t)
	home := lab.Network("home")
	serverHost, tvHost, thief := lab.Host("server"), lab.Host("tv"), lab.Host("thief")
	serverPort := serverHost.Join(home, "192.168.77.2/24")
	tvHost.Join(home, "192.168.77.3/24")
	thief.Join(home, "192.168.77.4/24")
	dir := t.TempDir()
	cert, key, pin := certificate(t, dir)
	came := impostor(t, thief, pin)
	agent := []string{"-server-pin", hex.EncodeToString(pin[:]), "-data", filepath.Join(dir, "tv"), "-screen", "127.0.0.1:9711"}
	attach := func() (tv *drive.TV) {
		tvHost.Do(func() {
			var err error
			if tv, err = drive.Attach(ctx, "127.0.0.1:9711"); err != nil {
				t.Error(err)
			}
		})
		if tv == nil {
			t.FailNow()
		}
		t.Cleanup(tv.Close)
		return tv
	}

	process := on(t, tvHost, "hearthkey-agent", agent...)
	tv := attach()
	if _, err := tv.Press(ctx, keyseq.OK); err != nil {
		t.Fatal(err)
	}
	if err := drive.Poll(ctx, func() error { // it is looked for, and only the impostor is there
		if came.Load() == 0 {
			return net.ErrClosed
		}
		return nil
	}); err != nil {
		t.Fatal("the TV looks for no server: ", err)
	}
	on(t, serverHost, "hearthkey-server", "--listen", ":8700", "--public-url", "https://192.168.77.2:8700", "--tls-cert", cert, "--tls-key", key, "--advertise", "--dev", "--data", filepath.Join(dir, "server"))
	if _, err := tv.Wait(ctx, "a user code", func(v nav.View) bool { return v.Code != nil && v.Code.Text != "" }); err != nil {
		t.Fatal(err)
	}

	tried := came.Load() // from now on the address that proved the key comes first
	restart := func() {
		t.Helper()
		_ = process.Process.Kill()
		_ = process.Wait()
		process = on(t, tvHost, "hearthkey-agent", agent...)
		userCode(ctx, t, attach())
	}
	restart()
	if n := came.Load(); n != tried {
		t.Errorf("the impostor was tried again %d times", n-tried)
	}
	serverPort.Renumber("192.168.77.22/24")
	restart()
}
