package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/loadtv"
)

// pageDevices is how many TVs the measured account has.
const pageDevices = 40

// measurePage times the devices page of an account with many TVs, and counts
// all that a browser without a cache receives for it.
func measurePage(ctx context.Context, s *shop) ([]Figure, error) {
	v, b, end, err := s.household(ctx, pageDevices)
	if err != nil {
		return nil, err
	}
	defer end()
	sent, page, err := b.firstView(ctx, "/account/devices")
	if err != nil {
		return nil, err
	}
	if n := strings.Count(page, "TV "); n < pageDevices {
		return nil, fmt.Errorf("the page names %d TVs", n)
	}
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, page) }))
	defer plain.Close()
	var ours, bare []float64
	for i := range s.rounds(1000) + 10 {
		took, err := b.time(ctx, v.URL+"/account/devices")
		if err != nil {
			return nil, err
		}
		floor, err := b.time(ctx, plain.URL)
		if err != nil {
			return nil, err
		}
		if i >= 10 { // warm
			ours, bare = append(ours, took), append(bare, floor)
		}
	}
	return []Figure{
		{"page.devices_p50", median(ours), "ms", median(bare), Target{}},
		{"page.devices_p99", blockP99(ours), "ms", blockP99(bare), Target{atMost, 10}},
		{"page.first_view", float64(sent) / 1000, "KB", 0, Target{atMost, 60}},
	}, nil
}

// raise makes a fleet's accounts, signs its TVs in and connects them.
func raise(ctx context.Context, f *loadtv.Fleet) error {
	if err := f.SignUp(ctx); err != nil {
		return err
	}
	if err := f.Enrol(ctx); err != nil {
		return err
	}
	_, err := f.Connect(ctx)
	return err
}

// household serves an account with so many connected TVs, and a browser of its owner,
// until end is called.
func (s *shop) household(ctx context.Context, tvs int) (v *serving, b *browser, end func(), err error) {
	var ends []func()
	endAll := func() {
		for _, f := range slices.Backward(ends) {
			f()
		}
	}
	defer func() {
		if err != nil {
			endAll()
		}
	}()
	if v, err = s.serve(ctx); err != nil {
		return nil, nil, nil, err
	}
	ends = append(ends, func() { v.proc.Kill() })
	fleet, err := loadtv.New(loadtv.Config{URL: v.WS, Sizes: []int{tvs}})
	if err != nil {
		return nil, nil, nil, err
	}
	ends = append(ends, func() { fleet.Close() })
	if err = raise(ctx, fleet); err != nil {
		return nil, nil, nil, err
	}
	if b, err = openBrowser(ctx, v, fleet.Owner(0)); err != nil {
		return nil, nil, nil, err
	}
	ends = append(ends, b.client.CloseIdleConnections)
	return v, b, endAll, nil
}

// browser loads pages as a browser without a cache, and counts what arrives.
type browser struct {
	server string
	client *http.Client
	got    atomic.Int64 // bytes from the network
}

// openBrowser returns a browser with the owner's session and a chosen profile.
func openBrowser(ctx context.Context, v *serving, owner *drive.Account) (*browser, error) {
	b := &browser{server: v.URL}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	b.client = &http.Client{Jar: jar, Transport: &http.Transport{DialContext: b.dial}}
	at, err := url.Parse(v.URL)
	if err != nil {
		return nil, err
	}
	jar.SetCookies(at, []*http.Cookie{{Name: "hearthkey", Value: owner.Token, Path: "/"}})
	profiles, err := owner.Profiles(ctx)
	if err != nil {
		return nil, err
	}
	form := url.Values{"profile": {profiles[0].ID}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.URL+"/profiles", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", v.URL)
	_, err = b.do(req)
	return b, err
}

func (b *browser) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return counted{c, &b.got}, err
}

// counted counts what is read.
type counted struct {
	net.Conn
	n *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// do asks for compression as browsers do, and returns the plain body.
func (b *browser) do(req *http.Request) (string, error) {
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := b.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s", req.URL.Path, resp.Status)
	}
	if resp.Header.Get("Content-Encoding") != "gzip" {
		return string(body), nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	plain, err := io.ReadAll(io.LimitReader(z, 16<<20))
	return string(plain), err
}

func (b *browser) get(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	return b.do(req)
}

func (b *browser) time(ctx context.Context, url string) (float64, error) {
	begun := time.Now()
	_, err := b.get(ctx, url)
	return ms(time.Since(begun)), err
}

// asset is what a page makes a browser load.
var asset = regexp.MustCompile(`(?:<link[^>]* href|<script[^>]* src|<img[^>]* src|<use[^>]* href)="(/[^"#]+)`)

// cssAsset is what a style sheet makes a browser load.
var cssAsset = regexp.MustCompile(`url\(["']?(/?[^"')]+)["']?\)`)

// firstView returns the bytes received for a page with everything that it
// names, and the page.
func (b *browser) firstView(ctx context.Context, path string) (sent int64, page string, err error) {
	before := b.got.Load()
	if page, err = b.get(ctx, b.server+path); err != nil {
		return 0, "", err
	}
	at, err := url.Parse(b.server + path)
	if err != nil {
		return 0, "", err
	}
	seen := map[string]bool{}
	for _, m := range asset.FindAllStringSubmatch(page, -1) {
		if err := b.load(ctx, at, m[1], seen); err != nil {
			return 0, "", err
		}
	}
	return b.got.Load() - before, page, nil
}

// load gets one asset, and those that it names.
func (b *browser) load(ctx context.Context, from *url.URL, ref string, seen map[string]bool) error {
	at, err := from.Parse(ref)
	if err != nil {
		return err
	}
	if seen[at.Path] || at.Scheme == "data" {
		return nil
	}
	seen[at.Path] = true
	body, err := b.get(ctx, at.String())
	if err != nil || !strings.HasSuffix(at.Path, ".css") {
		return err
	}
	for _, m := range cssAsset.FindAllStringSubmatch(body, -1) {
		if err := b.load(ctx, at, m[1], seen); err != nil {
			return err
		}
	}
	return nil
}
