package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed" // the words
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// scanner is one of the programs, and how it is asked.
type scanner struct {
	name string
	run  func(context.Context, *target) ([]finding, error)
}

var scanners = []scanner{
	{"testssl", testssl},
	{"wapiti-stranger", stranger},
	{"wapiti-owner", owner},
	{"ffuf-paths", paths},
	{"ffuf-hosts", hosts},
	{"sqlmap", sqlmap},
}

// command runs a program in the target's folder; how it ends is for its reader, who
// finds a file or not.
func (t *target) command(ctx context.Context, name string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = t.dir
	c.Env = append(os.Environ(), "HOME="+t.dir)
	said, err := c.CombinedOutput()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ctx.Err() == nil {
		err = nil
	}
	if err != nil {
		return said, fmt.Errorf("%w: %.400s", err, said)
	}
	return said, nil
}

// read decodes a report.
func (t *target) read(name string, into any) error {
	data, err := os.ReadFile(filepath.Join(t.dir, name))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// testssl tries protocols, ciphers, known holes and headers.
func testssl(ctx context.Context, t *target) (out []finding, err error) {
	said, err := t.command(ctx, "testssl", "--quiet", "--color", "0", "--warnings", "off", "--severity", "LOW", "--add-ca", t.ca, "--ip", "127.0.0.1",
		"--jsonfile", "testssl.json", "-p", "-s", "-f", "-S", "-h", "-U", t.url)
	if err != nil {
		return nil, err
	}
	var list []struct{ ID, Severity, Finding string }
	if err := t.read("testssl.json", &list); err != nil {
		return nil, fmt.Errorf("%w: %.400s", err, said)
	}
	for _, f := range list {
		out = append(out, finding{"testssl", f.ID, f.Severity + ": " + f.Finding})
	}
	return out, nil
}

// modules are wapiti's that ask nobody elsewhere.
const modules = "backup,blindsql,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,shellshock,sql,xss,xxe"

// stranger has wapiti crawl the pages that everybody may see.
func stranger(ctx context.Context, t *target) ([]finding, error) {
	return wapiti(ctx, t, "wapiti-stranger", t.url)
}

// owner has it crawl the account pages, from behind a front.
func owner(ctx context.Context, t *target) ([]finding, error) {
	f, err := openFront(t)
	if err != nil {
		return nil, err
	}
	defer f.close()
	return wapiti(ctx, t, "wapiti-owner", f.url)
}

// wapiti crawls a site and attacks every form and parameter that it finds.
func wapiti(ctx context.Context, t *target, name, at string) (out []finding, err error) {
	name += ".json"
	args := []string{"-u", at + "/", "--verify-ssl", "0", "--scope", "domain", "--flush-session", "--no-bugreport", "-m", modules,
		"--max-scan-time", "90", "--max-attack-time", "12", "-f", "json", "-o", name}
	if at != t.url {
		args = append(args, "-s", at+"/account", "-s", at+"/account/security", "-s", at+"/account/devices", "-s", at+"/account/profiles")
	}
	said, err := t.command(ctx, "wapiti", args...)
	if err != nil {
		return nil, err
	}
	type entry struct{ Method, Path, Info, Parameter string }
	var report struct{ Vulnerabilities, Anomalies map[string][]entry }
	if err := t.read(name, &report); err != nil {
		return nil, fmt.Errorf("%w: %.400s", err, said)
	}
	for _, kinds := range []map[string][]entry{report.Vulnerabilities, report.Anomalies} {
		for kind, list := range kinds {
			for _, e := range list {
				if kind == "Cross Site Request Forgery" && t.refusesOthers(ctx, e.Path) {
					kind = "token in forms"
				}
				out = append(out, finding{"wapiti", kind, fmt.Sprintf("%s %s %s %s", e.Method, e.Path, e.Parameter, e.Info)})
			}
		}
	}
	return out, nil
}

//go:embed words.txt
var words string

// refusesOthers reports whether a form that comes from a page of another site is refused,
// cookies and all, which is what wapiti looks for tokens for.
func (t *target) refusesOthers(ctx context.Context, path string) bool {
	for _, header := range [][2]string{{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}, {"Origin", "null"}} {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url+path, strings.NewReader("x=y"))
		if err != nil {
			return false
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Cookie", t.cookies)
		req.Header.Set(header[0], header[1])
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			return false
		}
	}
	return true
}

type ffufReport struct {
	Results []struct {
		Input  map[string]string
		Status int
		Length int
	}
}

// ffuf asks one request for each word.
func (t *target) ffuf(ctx context.Context, list, report string, args ...string) (r ffufReport, err error) {
	if err := os.WriteFile(filepath.Join(t.dir, "words"), []byte(list), 0o600); err != nil {
		return r, err
	}
	said, err := t.command(ctx, "ffuf", append([]string{"-w", "words", "-s", "-k", "-t", "8", "-of", "json", "-o", report}, args...)...)
	if err != nil {
		return r, err
	}
	if err := t.read(report, &r); err != nil {
		return r, fmt.Errorf("%w: %.400s", err, said)
	}
	return r, nil
}

// public are the paths of the list that everybody may ask for.
var public = []string{"healthz", "readyz", "robots.txt", "favicon.ico", "signin", "signup", "recover", "tv", "help", ".well-known/jwks.json", "v1/openapi.json", "dev/outbox", "dev/outbox.json"}

// paths looks for files and pages that should not be there.
func paths(ctx context.Context, t *target) (out []finding, err error) {
	r, err := t.ffuf(ctx, words, "paths.json", "-u", t.url+"/FUZZ", "-mc", "200-299,500-599")
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, p := range public {
		known[p] = true
	}
	for _, f := range r.Results {
		if p := f.Input["FUZZ"]; !known[p] {
			out = append(out, finding{"ffuf", "/" + p, fmt.Sprintf("answers %d with %d bytes", f.Status, f.Length)})
		}
	}
	return out, nil
}

// hosts asks in other names, and finds answers that repeat them.
func hosts(ctx context.Context, t *target) (out []finding, err error) {
	names := "evil.example\nevil.example:443\nlocalhost.evil.example\nlocalhost@evil.example\n127.0.0.1\n"
	for _, header := range []string{"Host", "X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL"} {
		for _, path := range []string{"/", "/signin", "/recover", "/account", "/tv"} {
			value := "FUZZ"
			if header == "Forwarded" {
				value = "host=FUZZ"
			}
			r, err := t.ffuf(ctx, names, "hosts.json", "-u", t.url+path, "-H", header+": "+value, "-mr", `evil\.example`)
			if err != nil {
				return nil, err
			}
			for _, f := range r.Results {
				out = append(out, finding{"ffuf", path, fmt.Sprintf("repeats %q of %s, status %d", f.Input["FUZZ"], header, f.Status)})
			}
		}
	}
	return out, nil
}

var injectable = regexp.MustCompile(`(?m)^(Parameter: .*|.*is vulnerable.*)$`)

// sqlmap tries the forms, API calls and links that a stranger may send.
func sqlmap(ctx context.Context, t *target) (out []finding, err error) {
	usual := []string{"--batch", "--flush-session", "--level", "2", "--risk", "1", "--technique", "BEU", "--timeout", "5", "--retries", "0", "--threads", "4",
		"--ignore-code", "*", "--skip-waf", "--output-dir", "sqlmap", "--headers", "Origin: " + t.url, "-v", "1"}
	for _, args := range [][]string{
		{"-u", t.url + "/signin", "--data", "email=scan@example.org&password=x"},
		{"-u", t.url + "/recover", "--data", "login=scan@example.org"},
		{"-u", t.url + "/v1/sign-in", "--data", `{"email":"scan@example.org*","password":"x"}`},
		{"-u", t.url + "/tv?code=BCDF-GHJK", "-p", "code"},
		{"-u", t.url + "/not-me?link=abc", "-p", "link"},
		{"-u", t.url + "/account/activity?profile=x&before=y", "--cookie", t.cookies, "-p", "profile,before"},
		{"-u", t.url + "/v1/timeline?before=x", "--cookie", t.cookies, "-p", "before"},
	} {
		said, err := t.command(ctx, "sqlmap", append(args, usual...)...)
		if err != nil {
			return nil, err
		}
		if !bytes.Contains(said, []byte("ending @")) {
			return nil, fmt.Errorf("it did not come to its end: %.400s", said)
		}
		for _, line := range injectable.FindAll(said, -1) {
			out = append(out, finding{"sqlmap", args[1], string(line)})
		}
		in := bufio.NewScanner(bytes.NewReader(said))
		for in.Scan() {
			if strings.Contains(in.Text(), "appears to be") && strings.Contains(in.Text(), "injectable") {
				out = append(out, finding{"sqlmap", args[1], in.Text()})
			}
		}
	}
	return out, nil
}
