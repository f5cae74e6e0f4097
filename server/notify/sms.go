package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	// smsTimeout bounds one request to the gateway, with its answer.
	smsTimeout = 20 * time.Second
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 64 << 10
	// maxRetryAfter bounds how long a gateway can put a message off.
	maxRetryAfter = time.Hour
)

// SMS hands messages to an HTTP gateway that is shaped like Twilio's Messages
// API. Make one with [ParseSMS]. It is safe for concurrent use.
type SMS struct {
	Host  string // with its port, if not the usual one
	Plain bool   // http instead of https: on this machine only
	SID   string // of the account at the gateway
	Token string
	From  string // a number, a short code, a name, or the id of a messaging service (MG…)
	// Hourly bounds the messages of all accounts together in an hour.
	Hourly int
	// Client makes the requests; nil: one of its own.
	Client *http.Client
}

var _ Transport = (*SMS)(nil)

// defaultHourly is how many SMS may leave in an hour unless the operator says
// otherwise.
const defaultHourly = 1000

// ParseSMS reads the operator's setting:
//
//	sms://sid:token@host:port?from=+15550006789&hourly=1000&tls=none
//
// Messages go to https://host:port/2010-04-01/Accounts/sid/Messages.json. from
// is a number, a short code, a name of up to 11 letters and digits, or a
// messaging service's id (MG…). hourly bounds the messages of all accounts in
// an hour. tls=none makes it http, on this machine only. Errors do not show
// the setting, which holds a secret.
func ParseSMS(setting string) (*SMS, error) {
	u, err := url.Parse(setting)
	if err != nil || u.Scheme != "sms" || u.Hostname() == "" || (u.Path != "" && u.Path != "/") {
		return nil, errors.New("sms setting: want sms://sid:token@host?from=+15550006789")
	}
	// A plus sign stands for itself: numbers begin with it.
	query, err := url.ParseQuery(strings.ReplaceAll(u.RawQuery, "+", "%2B"))
	if err != nil {
		return nil, errors.New("sms setting: what follows the question mark is malformed")
	}
	for key := range query {
		if key != "from" && key != "hourly" && key != "tls" {
			return nil, fmt.Errorf("sms setting: unknown option %q: want from, hourly or tls", key)
		}
	}
	s := &SMS{Host: u.Host, SID: u.User.Username(), From: query.Get("from"), Hourly: defaultHourly}
	s.Token, _ = u.User.Password()
	if hourly := query.Get("hourly"); hourly != "" {
		if s.Hourly, err = strconv.Atoi(hourly); err != nil || s.Hourly < 1 || s.Hourly > 1_000_000 {
			return nil, fmt.Errorf("sms setting: hourly=%q: want 1 to 1000000", hourly)
		}
	}
	switch security := query.Get("tls"); {
	case security == "none" && loopback(u.Hostname()):
		s.Plain = true
	case security != "" && security != "none":
		return nil, fmt.Errorf("sms setting: tls=%q: want none, or leave it out", security)
	case security == "none":
		return nil, errors.New("sms setting: tls=none would send the token in the clear")
	}
	return s, s.check(u.Port())
}

var (
	senderName = regexp.MustCompile(`^(\+[1-9][0-9]{6,14}|[0-9]{3,8}|MG[0-9a-fA-F]{32}|[A-Za-z0-9 ]{1,11})$`)
	gatewaySID = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)
)

func (s *SMS) check(port string) error {
	switch {
	case !gatewaySID.MatchString(s.SID) || s.Token == "":
		return errors.New("sms setting: the account's sid and token are missing: sms://sid:token@host")
	case !senderName.MatchString(s.From):
		return fmt.Errorf("sms setting: from=%.40q is not a number such as +15550006789, a short code, a name or MG…", s.From)
	}
	if n, err := strconv.ParseUint(cmp.Or(port, "443"), 10, 16); err != nil || n == 0 {
		return fmt.Errorf("sms setting: port %q: want 1 to 65535", port)
	}
	return nil
}

// LogValue leaves the token out.
func (s *SMS) LogValue() slog.Value {
	return slog.GroupValue(slog.String("host", s.Host), slog.String("sid", s.SID), slog.String("from", s.From), slog.Int("hourly", s.Hourly))
}

// ownClient follows no redirect, which would carry the message elsewhere.
var ownClient = &http.Client{
	Timeout:       smsTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Send implements Transport. The gateway knows no Message-ID: a repeat after a
// crash between its answer and the database's is a second SMS.
func (s *SMS) Send(ctx context.Context, m Mail) error {
	ctx, cancel := context.WithTimeout(ctx, smsTimeout)
	defer cancel()
	request, err := s.request(ctx, m)
	if err != nil {
		return &TransportError{Code: "malformed", Permanent: true, Err: errors.New("not a request")}
	}
	response, err := cmp.Or(s.Client, ownClient).Do(request)
	if err != nil {
		return gatewayLost(ctx, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return gatewayLost(ctx, err)
	}
	return readAnswer(response, body)
}

func (s *SMS) request(ctx context.Context, m Mail) (*http.Request, error) {
	form := url.Values{"To": {m.To}, "Body": {m.Text}}
	if strings.HasPrefix(s.From, "MG") && len(s.From) == 34 {
		form.Set("MessagingServiceSid", s.From)
	} else {
		form.Set("From", s.From)
	}
	u := url.URL{Scheme: "https", Host: s.Host, Path: "/2010-04-01/Accounts/" + s.SID + "/Messages.json"}
	if s.Plain {
		u.Scheme = "http"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth(s.SID, s.Token)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	return request, nil
}

// gatewayLost sorts a request that got no answer. What net/http says of it
// names the gateway at most.
func gatewayLost(ctx context.Context, err error) error {
	var network net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("send SMS: %w", context.Cause(ctx))
	case ctx.Err() != nil, errors.As(err, &network) && network.Timeout():
		return &TransportError{Code: "timeout", Setup: true, Err: err}
	}
	return &TransportError{Code: "no connection", Setup: true, Err: err}
}

// answer is what a gateway says, of a message or of an error.
type answer struct {
	SID       string `json:"sid"`
	Status    any    `json:"status"`     // of a message: queued, sent, failed …; of an error: the HTTP status
	ErrorCode *int   `json:"error_code"` // of a message that failed at once
	Code      int    `json:"code"`       // of an error
}

// readAnswer sorts an answer: a refusal of the number or the text is for good;
// of the account, of too much, or a failure of the gateway for now.
func readAnswer(response *http.Response, body []byte) error {
	var a answer
	malformed := json.Unmarshal(body, &a) != nil
	code := fmt.Sprintf("http %d", response.StatusCode)
	if a.Code != 0 {
		code += fmt.Sprintf(" code %d", a.Code)
	}
	switch status := response.StatusCode; {
	case status/100 == 2 && malformed:
		return &TransportError{Code: code + " malformed"} // whatever it is, it is no gateway
	case status/100 == 2:
		return atOnce(a)
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound,
		status == http.StatusMethodNotAllowed, status == http.StatusRequestTimeout, status/100 == 3:
		return &TransportError{Code: code, Setup: true, Err: errors.New("the gateway refuses the account or its address")}
	case status == http.StatusTooManyRequests, status/100 == 5:
		return &TransportError{Code: code, After: retryAfter(response.Header.Get("Retry-After"))}
	}
	return &TransportError{Code: code, Permanent: true}
}

// atOnce reads what became of a message that the gateway has taken.
func atOnce(a answer) error {
	switch a.Status {
	case "failed", "undelivered", "canceled":
		code := fmt.Sprint(a.Status)
		if a.ErrorCode != nil {
			code += fmt.Sprintf(" code %d", *a.ErrorCode)
		}
		return &TransportError{Code: code, Permanent: true}
	}
	if a.SID == "" {
		return &TransportError{Code: "no sid"}
	}
	return nil
}

// retryAfter reads seconds (RFC 9110 §10.2.3); anything else counts as none.
func retryAfter(header string) time.Duration {
	seconds, err := strconv.ParseUint(header, 10, 32)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter)
}
