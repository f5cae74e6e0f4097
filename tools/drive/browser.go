package drive

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// Browser reads pages and sends forms as a browser without JavaScript does.
type Browser struct {
	URL    string // of the server
	client http.Client
}

// NewBrowser returns a browser without cookies.
func NewBrowser(server string) (*Browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &Browser{URL: server, client: http.Client{Jar: jar}}, nil
}

// Cookies returns what the browser sends with the next page.
func (b *Browser) Cookies() []*http.Cookie {
	u, err := url.Parse(b.URL)
	if err != nil {
		return nil
	}
	return b.client.Jar.Cookies(u)
}

// Get returns the page at path. Landing elsewhere, and any status but 200, is an
// error.
func (b *Browser) Get(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+path, nil)
	if err != nil {
		return "", err
	}
	page, at, err := b.do(req)
	if err == nil && at != strings.SplitN(path, "?", 2)[0] {
		err = fmt.Errorf("%s leads to %s", path, at)
	}
	return page, err
}

// Post sends a form and returns the page that it leads to, and its path.
func (b *Browser) Post(ctx context.Context, path string, form url.Values) (page, at string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.URL)
	return b.do(req)
}

func (b *Browser) do(req *http.Request) (page, at string, err error) {
	resp, err := b.client.Do(req)
	if err != nil {
		return "", "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s answers %s", req.Method, req.URL.Path, resp.Status)
	}
	return string(body), resp.Request.URL.Path, err
}

// SignIn signs in by the form and chooses a profile. Where an access code is
// asked for it is read from the development outbox.
func (b *Browser) SignIn(ctx context.Context, email, password, profile string) error {
	since := time.Now().Add(-time.Second)
	_, at, err := b.Post(ctx, "/signin", url.Values{"email": {email}, "password": {password}})
	if err == nil && at == "/signin/code" {
		var code string
		if code, err = (&Account{URL: b.URL, Email: email}).AccessCode(ctx, since); err == nil {
			_, at, err = b.Post(ctx, "/signin/code", url.Values{"code": {code}})
		}
	}
	if err == nil && at != "/profiles" {
		err = fmt.Errorf("signing in leads to %s", at)
	}
	if err != nil {
		return err
	}
	_, _, err = b.Post(ctx, "/profiles", url.Values{"profile": {profile}})
	return err
}
