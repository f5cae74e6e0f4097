package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/catalog"
)

// Bounds of one request.
const (
	requestTime  = 30 * time.Second // all of it, with the document
	answerTime   = 15 * time.Second // until the answer begins
	maxRedirects = 3
	maxAddress   = 2000 // bytes
	maxToken     = 4096 // bytes
	maxValidator = 1000 // bytes of an ETag or a date
)

var (
	errStatus   = errors.New("the address answered with a status that is no success")
	errRedirect = errors.New("the address redirects to where it may not")
	errToken    = errors.New("the token cannot be read")
)

// statusError is an answer that is neither a document nor "not modified".
type statusError int

func (e statusError) Error() string {
	return fmt.Sprintf("status %d %s", int(e), http.StatusText(int(e)))
}
func (e statusError) Unwrap() error { return errStatus }

func configError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrConfig, fmt.Sprintf(format, args...))
}

// IsAddress reports whether s is an address and not a file's name.
func IsAddress(s string) bool {
	scheme, _, ok := strings.Cut(s, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

func checkAddress(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || len(s) > maxAddress || !IsAddress(s):
		return nil, configError("it is not an address such as https://example.org/catalog.json")
	case u.User != nil:
		return nil, configError("the address holds a user's name or password; give a token instead")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, configError("http is for this machine only; another one must be asked by https")
	}
	u.Fragment = ""
	return u, nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func newClient(transport http.RoundTripper) *http.Client {
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.DialContext = (&net.Dialer{Timeout: answerTime}).DialContext
		t.TLSHandshakeTimeout, t.ResponseHeaderTimeout = answerTime, answerTime
		t.MaxIdleConns, t.MaxResponseHeaderBytes = 1, 64<<10
		transport = t
	}
	return &http.Client{Transport: transport, Timeout: requestTime, CheckRedirect: mayRedirect}
}

// mayRedirect follows a redirect only to https, or within this machine where the
// address itself is there. The token stays with the host that it is for.
func mayRedirect(r *http.Request, via []*http.Request) error {
	local := via[0].URL.Scheme == "http"
	if len(via) > maxRedirects || r.URL.User != nil || r.URL.Scheme != "https" && !(local && r.URL.Scheme == "http" && loopback(r.URL.Hostname())) {
		return errRedirect
	}
	if r.URL.Host != via[0].URL.Host {
		r.Header.Del("Authorization")
	}
	return nil
}

// answer is what the address said.
type answer struct {
	same  bool // as what we have
	kept  kept
	after time.Duration // with an error: it wants to be left alone for so long
}

// fetch asks for the document, unless it is still the one that is kept.
func (f *Feed) fetch(ctx context.Context) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	req, err := f.request(ctx)
	if err != nil {
		return answer{}, err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return answer{}, plain(err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusNotModified:
		if f.kept.Document == nil {
			return answer{}, statusError(resp.StatusCode) // we asked for no such thing
		}
		return answer{same: true}, nil
	case http.StatusOK:
	default:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return answer{after: time.Duration(min(max(seconds, 0), int(longestWait/time.Second))) * time.Second}, statusError(resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, catalog.MaxFile+1))
	if err != nil {
		return answer{}, plain(err)
	}
	return answer{kept: kept{
		ETag: validator(resp.Header.Get("ETag")), Modified: validator(resp.Header.Get("Last-Modified")), Document: data,
	}}, nil
}

func (f *Feed) request(ctx context.Context) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.address.String(), http.NoBody)
	if err != nil {
		return nil, plain(err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "hearthkey-server")
	if f.kept.ETag != "" {
		req.Header.Set("If-None-Match", f.kept.ETag)
	} else if f.kept.Modified != "" {
		req.Header.Set("If-Modified-Since", f.kept.Modified)
	}
	if f.c.Token == nil {
		return req, nil
	}
	token, err := f.c.Token()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errToken, err)
	}
	if !soundToken(token) {
		return nil, fmt.Errorf("%w: it is longer than %d bytes or has spaces or control characters", errToken, maxToken)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req, nil
}

func soundToken(s string) bool {
	return len(s) <= maxToken && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// validator bounds a header that is sent back.
func validator(s string) string {
	if len(s) > maxValidator {
		return ""
	}
	return s
}

// plain takes the address, whose query may be a secret, out of an error.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// shown is the address for the log, without its query.
func (f *Feed) shown() string {
	u := url.URL{Scheme: f.address.Scheme, Host: f.address.Host, Path: f.address.Path}
	return u.String()
}

// name tells addresses apart in the kept file without holding their secrets.
func (f *Feed) name() protocol.Digest { return protocol.DigestOf([]byte(f.address.String())) }

// mend says what an operator can do about a failure.
func mend(err error) string {
	var status statusError
	switch {
	case errors.Is(err, catalog.ErrBad):
		return "correct the document at the address; the catalogue before it stays in use"
	case errors.Is(err, errToken):
		return "check the catalogue's token and the file that holds it"
	case errors.Is(err, errRedirect):
		return "give the address that it redirects to, or have it redirect to https only"
	case errors.As(err, &status) && (status == http.StatusUnauthorized || status == http.StatusForbidden):
		return "check the catalogue's token: the address refuses it"
	case errors.As(err, &status) && status/100 == 4:
		return "check the address of the catalogue"
	case errors.As(err, &status):
		return "look at the server behind the address"
	}
	return "check that this machine reaches the address, and its certificate"
}
