package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// front stands before the server for a scanner that is to be somebody signed in: it adds
// the session's cookies, follows their changes, says that requests come from the site's
// own pages, and lets nobody sign out. What it passes on is otherwise as it was sent.
type front struct {
	url     string
	server  *http.Server
	mu      sync.Mutex
	cookies map[string]string
}

// openFront opens one on a port of its own. The caller must call close.
func openFront(t *target) (*front, error) {
	to, err := url.Parse(t.url)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(t.ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("the authority's certificate cannot be read")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &front{url: "http://" + l.Addr().String(), cookies: map[string]string{}}
	for _, c := range strings.Split(t.cookies, "; ") {
		name, value, _ := strings.Cut(c, "=")
		f.cookies[name] = value
	}
	proxy := &httputil.ReverseProxy{
		Transport:      &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
		Rewrite:        func(r *httputil.ProxyRequest) { f.rewrite(r, to) },
		ModifyResponse: f.remember,
		ErrorLog:       log.New(io.Discard, "", 0), // scanners hang up
	}
	f.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/signout") || strings.HasPrefix(r.URL.Path, "/dev") {
			http.Error(w, "not for scanners", http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, r)
	})}
	go func() { _ = f.server.Serve(l) }()
	return f, nil
}

func (f *front) rewrite(r *httputil.ProxyRequest, to *url.URL) {
	r.SetURL(to)
	r.Out.Header.Del("Cookie")
	r.Out.Header.Set("Origin", to.String())
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, value := range f.cookies {
		r.Out.AddCookie(&http.Cookie{Name: name, Value: value})
	}
}

func (f *front) remember(resp *http.Response) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range resp.Cookies() {
		if c.Value != "" {
			f.cookies[c.Name] = c.Value
		}
	}
	return nil
}

func (f *front) close() { _ = f.server.Close() }
