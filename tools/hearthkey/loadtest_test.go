package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server"
)

// devServer runs a server of this process until the test ends.
func devServer(t *testing.T) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	srv, err := server.New(ctx, server.Config{Listen: "127.0.0.1:0", Data: t.TempDir(), Name: "load.test", Dev: true, Drain: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	return "ws://" + srv.Addr().String()
}

func TestLoadtest(t *testing.T) {
	url := devServer(t)
	var out, errOut bytes.Buffer
	code := run(t.Context(), []string{"loadtest", "--url", url, "--n", "6", "--accounts", "2", "--idle", "10ms", "--nudge", "--storm", "--sign-out", "--json"},
		strings.NewReader(""), &out, &errOut)
	var r struct {
		TVs, Accounts int
		Storm         struct {
			All float64 `json:"all_ms"`
		}
		Nudge struct {
			Accounts int
			Told     struct {
				P99 float64 `json:"p99_ms"`
			}
		}
		SignOut struct {
			Accounts int
			Acked    struct {
				P99 float64 `json:"p99_ms"`
			} `json:"last_receipt"`
		} `json:"sign_out_everywhere"`
		Lost int `json:"connections_lost"`
	}
	if err := json.Unmarshal(out.Bytes(), &r); code != 0 || err != nil {
		t.Fatalf("loadtest = %d, %v\n%s%s", code, err, &out, &errOut)
	}
	if r.TVs != 6 || r.Accounts != 2 || r.Storm.All <= 0 || r.Nudge.Accounts != 2 || r.Nudge.Told.P99 <= 0 || r.SignOut.Accounts != 2 || r.SignOut.Acked.P99 <= 0 || r.Lost != 0 || errOut.Len() > 0 {
		t.Errorf("loadtest --json = %+v, said %q", r, &errOut)
	}

	out.Reset()
	code = run(t.Context(), []string{"loadtest", "--url", url, "--n", "2", "--idle", "0s"}, strings.NewReader(""), &out, &errOut)
	if code != 0 || !strings.Contains(out.String(), "2 in 1 accounts") || strings.Contains(out.String(), "storm") || !strings.Contains(errOut.String(), "enrol …") {
		t.Errorf("loadtest = %d\n%s%s", code, &out, &errOut)
	}
}

func TestLoadtestRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"--url wss://tv.example":           "not on this machine",
		"--url ws://192.0.2.1:8700":        "not on this machine",
		"--n 0":                            "--n 0 is not between",
		"--n 20001":                        "--n 20001 is not between",
		"--n 100 --accounts 1":             "--accounts 1 does not fit",
		"--n 3 --accounts 4":               "--accounts 4 does not fit",
		"--idle 2h":                        "--idle 2h0m0s is not between",
		"--hostile 5001":                   "--hostile 5001 is not between",
		"--slow=-1":                        "--slow -1 is not between 0 and 500",
		"--n 3 --slow 2":                   "--slow 2 is not between 0 and 1",
		"--n 3 --accounts 3 --slow 1":      "--slow 1 is not between 0 and 0",
		"--ping 500ms":                     "--ping 500ms is not between",
		"--ping 11m":                       "--ping 11m0s is not between",
		"--slow 1 --ping 2m":               "--slow needs a --ping of at most 1m0s",
		"--url ws://127.0.0.1:1 --ping 2s": "--ping is for a server of its own",
		"--within 0s":                      "--within 0s is not between",
		"--url ws://127.0.0.1:1 --within 1s --n 1": "sign up",
	} {
		var out, errOut bytes.Buffer
		code := run(t.Context(), append([]string{"loadtest"}, strings.Fields(args)...), strings.NewReader(""), &out, &errOut)
		if code != 1 || !strings.Contains(errOut.String(), want) {
			t.Errorf("loadtest %s = %d, %q, want 1 and %q", args, code, &errOut, want)
		}
	}
}

// What the test binary lies beside is no server.
func TestLoadtestWithoutServer(t *testing.T) {
	var out, errOut bytes.Buffer
	code := run(t.Context(), []string{"loadtest", "--n", "1"}, strings.NewReader(""), &out, &errOut)
	if code != 1 || !strings.Contains(errOut.String(), "hearthkey-server is not beside this program") {
		t.Errorf("loadtest = %d, %q", code, &errOut)
	}
}

func TestParseUsage(t *testing.T) {
	const memory, cpu = "process_resident_memory_bytes 2.5e+07\n", "process_cpu_seconds_total 1.5\n"
	got, err := parseUsage(strings.NewReader("# HELP go_goroutines Many.\n" + cpu + "hearthkey_devices_connected 3\n" + memory))
	if want := (usage{resident: 2.5e7, cpu: 1.5}); err != nil || got != want {
		t.Errorf("parseUsage = %+v, %v, want %+v", got, err, want)
	}
	for _, text := range []string{"", memory, cpu, memory + "process_cpu_seconds_total much\n", strings.Repeat("x", 1<<20) + "\n" + memory + cpu} {
		if got, err := parseUsage(strings.NewReader(text)); err == nil {
			t.Errorf("parseUsage(%.60q) = %+v, want an error", text, got)
		}
	}
}

func TestSpread(t *testing.T) {
	var d []time.Duration
	for i := range 200 {
		d = append(d, time.Duration(200-i)*time.Millisecond)
	}
	ms := func(n int) millis { return millis(time.Duration(n) * time.Millisecond) }
	if got, want := spreadOf(d), (spread{ms(100), ms(198), ms(200)}); got != want {
		t.Errorf("spreadOf(1 to 200 ms) = %v, want %v", got, want)
	}
	if got, want := spreadOf(d[199:]), (spread{ms(1), ms(1), ms(1)}); got != want {
		t.Errorf("spreadOf(1 ms) = %v, want %v", got, want)
	}
	if got := spreadOf(nil); got != (spread{}) {
		t.Errorf("spreadOf(nil) = %v", got)
	}
}
