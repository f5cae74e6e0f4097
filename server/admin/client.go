package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/operator"
)

const (
	clientTime = time.Minute // for one request
	maxAnswer  = 8 << 20     // bytes
)

// ErrURL: the admin address is none, or a token would travel in the clear.
var ErrURL = errors.New("admin: not an address such as http://127.0.0.1:8701 (https beyond this machine)")

// ProblemError is what the server answered instead.
type ProblemError struct{ Problem api.Problem }

// Error is the sentence for a person.
func (e *ProblemError) Error() string {
	if e.Problem.Ref != "" {
		return e.Problem.Detail + " Reference: " + e.Problem.Ref
	}
	return e.Problem.Detail
}

// Client asks a server for an operator. Make one with [NewClient].
type Client struct {
	root  string
	token operator.Token
	http  *http.Client
}

// NewClient returns a client of the server whose admin listener is at address.
// Error: ErrURL.
func NewClient(address string, token operator.Token) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, ErrURL
	}
	addr, err := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return nil, ErrURL
	}
	h := &http.Client{
		Timeout:       clientTime,
		Transport:     &http.Transport{}, // no proxy gets a token to see
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Client{u.Scheme + "://" + u.Host + Root, token, h}, nil
}

// Close frees its connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Operators lists the operators.
func (c *Client) Operators(ctx context.Context) ([]Operator, error) {
	var out operatorsAnswer
	err := c.ask(ctx, "GET", "operators", nil, &out)
	return out.Operators, err
}

// AddOperator makes an operator and returns the token.
func (c *Client) AddOperator(ctx context.Context, name string, role operator.Role, reason string) (operator.Token, error) {
	var out Added
	err := c.ask(ctx, "POST", "operators", addBody{name, role, reason}, &out)
	return operator.Token(out.Token), err
}

// DisableOperator ends an operator's rights.
func (c *Client) DisableOperator(ctx context.Context, name, reason string) error {
	return c.ask(ctx, "POST", "operators/disable", disableBody{name, reason}, nil)
}

// Log returns up to n acts, newest first.
func (c *Client) Log(ctx context.Context, n int) ([]Entry, error) {
	var out logAnswer
	err := c.ask(ctx, "GET", "log?limit="+strconv.Itoa(n), nil, &out)
	return out.Entries, err
}

// Find looks for an account by address, number, device or id.
func (c *Client) Find(ctx context.Context, what string) (Account, error) {
	var out Account
	err := c.ask(ctx, "POST", "find", findBody{what}, &out)
	return out, err
}

// Outbox lists up to n messages that did not leave: those in [StateSetAside], the
// newest first, or in [StateWaiting], the oldest first.
func (c *Client) Outbox(ctx context.Context, state string, n int) ([]Message, error) {
	var out outboxAnswer
	err := c.ask(ctx, "GET", "outbox?state="+url.QueryEscape(state)+"&limit="+strconv.Itoa(n), nil, &out)
	return out.Messages, err
}

// Import adds a batch of accounts.
func (c *Client) Import(ctx context.Context, reason string, lines []string) (Imported, error) {
	var out Imported
	err := c.ask(ctx, "POST", "import", importBody{reason, lines}, &out)
	return out, err
}

// ResetFactor begins the removal of a second factor and returns when it is due.
func (c *Client) ResetFactor(ctx context.Context, who, reason string) (time.Time, error) {
	var out Reset
	err := c.ask(ctx, "POST", "factor-resets", resetBody{who, reason}, &out)
	return out.Due, err
}

// LiftFactorReset stops it.
func (c *Client) LiftFactorReset(ctx context.Context, who, reason string) error {
	return c.ask(ctx, "POST", "factor-resets/lift", resetBody{who, reason}, nil)
}

// ResetContact begins to give an account another address and returns when it is due.
func (c *Client) ResetContact(ctx context.Context, who, reason, email string) (time.Time, error) {
	var out Reset
	err := c.ask(ctx, "POST", "contact-resets", contactBody{who, reason, email}, &out)
	return out.Due, err
}

// LiftContactReset stops it.
func (c *Client) LiftContactReset(ctx context.Context, who, reason string) error {
	return c.ask(ctx, "POST", "contact-resets/lift", resetBody{who, reason}, nil)
}

func (c *Client) ask(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.root+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+string(c.token))
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("the answer did not arrive: %w", err)
	}
	return understand(resp, answer, out)
}

func understand(resp *http.Response, answer []byte, out any) error {
	if resp.StatusCode >= 300 {
		var p ProblemError
		if json.Unmarshal(answer, &p.Problem) != nil || p.Problem.Detail == "" {
			return fmt.Errorf("this is not the admin address of a hearthkey-server: it answers %s", resp.Status)
		}
		return &p
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("the answer cannot be read: %w", err)
	}
	return nil
}
