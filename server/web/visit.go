package web

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/api"
)

// maxForm is the largest form that is read, in bytes.
const maxForm = 64 << 10

// visit is one request with what is known of the visitor. It belongs to the
// request's goroutine.
type visit struct {
	s   *Site
	w   http.ResponseWriter
	r   *http.Request
	now time.Time

	session  account.Session // where signed
	signed   bool
	ended    bool      // it had a session that is over
	who      *Face     // the chosen profile
	codeOver bool      // an access code that this visit tried works no longer
	full     bool      // the account has as many devices as allowed
	ending   time.Time // when the account is to be erased; zero: it stays
	removing time.Time // when support removes the second factor; zero: it does not
	moving   time.Time // when support gives the account another address; zero: it does not
}

// handler answers a visit. An error that it returns is shown as a page.
type handler func(*visit) error

// need is what an address asks of its visitor.
type need int

const (
	needNothing need = iota
	needSession      // a live web session
	needProfile      // and a profile chosen (product rule A4)
	needProof        // and the password within the last ten minutes (A8)
)

func (s *Site) open(h handler) http.Handler   { return s.visit(needNothing, h) }
func (s *Site) signed(h handler) http.Handler { return s.visit(needSession, h) }
func (s *Site) chosen(h handler) http.Handler { return s.visit(needProfile, h) }
func (s *Site) proved(h handler) http.Handler { return s.visit(needProof, h) }

// checked is for what changes how the account is reached or protected.
func (s *Site) checked(h handler) http.Handler {
	return s.visit(needProof, func(v *visit) error {
		c, err := s.c.Accounts.Check(v.ctx(), v.now, v.session)
		if err == nil && !c.Done {
			err = account.ErrCheckNeeded
		}
		if err != nil {
			return err
		}
		return h(v)
	})
}

// onBeat is for answers that depend on whether there is an account.
func (s *Site) onBeat(h http.Handler) http.Handler { return api.OnBeat(s.c.Beat, h) }

func (s *Site) visit(n need, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		v := &visit{s: s, w: w, r: r, now: s.c.Now()}
		err := v.identify()
		if err == nil {
			if step := v.missing(n); step != "" {
				v.detour(step)
				return
			}
			err = v.parse()
		}
		if err == nil {
			err = h(v)
		}
		if err != nil {
			v.fail(err)
		}
	})
}

// identify reads the session's cookie, and the chosen profile's.
func (v *visit) identify() error {
	token := v.cookie(cookieSession)
	if token == "" {
		return nil
	}
	sess, err := v.s.c.Accounts.Authenticate(v.ctx(), v.now, token)
	if errors.Is(err, account.ErrOldToken) {
		return nil // another tab has just got the new cookie: it stays
	}
	if errors.Is(err, account.ErrSignedOut) {
		v.ended = true
		v.drop(cookieSession)
		v.drop(cookieProfile)
		return nil
	}
	if err != nil {
		return err
	}
	sess.Client = v.client() // a stolen cookie must not look like its owner
	v.session, v.signed = sess, true
	if v.ending, err = v.s.c.Accounts.Leaving(v.ctx(), sess); err != nil {
		return err
	}
	if v.removing, err = v.s.c.Accounts.FactorReset(v.ctx(), sess); err != nil {
		return err
	}
	if v.moving, err = v.s.c.Accounts.ContactReset(v.ctx(), sess); err != nil {
		return err
	}
	id := v.chosenProfile()
	if id == "" {
		return nil
	}
	list, err := v.s.c.Profiles.List(v.ctx(), sess.Account)
	if err != nil {
		return err
	}
	for _, p := range list {
		if p.ID == id {
			f := faceOf(p)
			v.who = &f
		}
	}
	return nil
}

// missing returns where the visitor has to go first, or "".
func (v *visit) missing(n need) string {
	switch {
	case n >= needSession && !v.signed:
		return "/signin?next=" + url.QueryEscape(v.here())
	case n >= needProfile && v.who == nil:
		return "/profiles?next=" + url.QueryEscape(v.here())
	case n >= needProof && !v.session.Fresh(v.now):
		return "/proof?next=" + url.QueryEscape(v.here())
	}
	return ""
}

// here is the page to come back to: this one, or for a form the page that
// showed it, so that nothing is posted twice.
func (v *visit) here() string {
	if v.r.Method == http.MethodGet || v.r.Method == http.MethodHead {
		return v.r.URL.RequestURI()
	}
	if u, err := url.Parse(v.r.Referer()); err == nil && u.Host == v.r.Host {
		return local(u.RequestURI())
	}
	return "/"
}

func (v *visit) parse() error {
	if v.r.Method != http.MethodPost {
		return nil
	}
	if !isForm(v.r) {
		return errNotForm
	}
	var large *http.MaxBytesError
	switch err := v.r.ParseForm(); {
	case errors.As(err, &large):
		return errTooLarge
	case err != nil, !inUTF8(v.r.PostForm):
		return errBadForm
	}
	return nil
}

// isForm reports whether a request's body is a form as our pages send it, or
// there is none.
func isForm(r *http.Request) bool {
	written := r.Header.Get("Content-Type")
	if written == "" {
		return r.ContentLength == 0
	}
	kind, params, err := mime.ParseMediaType(written)
	charset := params["charset"]
	return err == nil && kind == "application/x-www-form-urlencoded" && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// inUTF8 reports whether a form is text as our pages, and so browsers, write it.
func inUTF8(form url.Values) bool {
	for name, values := range form {
		if !utf8.ValidString(name) || !utf8.ValidString(strings.Join(values, "")) {
			return false
		}
	}
	return true
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// form returns a value of the posted form, cut to a bound that no honest value
// reaches.
func (v *visit) form(name string) string {
	const most = 2048
	s := v.r.PostForm.Get(name)
	if len(s) > most {
		return s[:most]
	}
	return s
}

func (v *visit) client() account.Client { return v.s.c.Origins.Client(v.r) }

// frame starts a page. Notices that the last action left are shown once.
func (v *visit) frame(title, section string) Frame {
	return Frame{
		Service: v.s.c.ServiceName, Title: title, Section: section, Who: v.who, Signed: v.signed,
		Dev: v.s.c.Outbox != nil, CanSMS: v.s.c.Accounts.SendsSMS(), Walking: v.signed && v.cookie(cookieWalk) != "", Notices: v.takeNotices(), Now: v.now,
		Ending: v.ending, Removing: v.removing, Moving: v.moving, Lang: v.speaks(), Here: v.here(),
	}
}

// show renders a page. The title of one with a form that was refused says so:
// it is what a screen reader says first.
func (v *visit) show(status int, page any) error {
	switch page.(type) {
	case ErrorPage, LinkOverPage: // whose titles are what is wrong
	default:
		if status >= 400 {
			page = failed(page)
		}
	}
	body, err := v.s.views.render(page)
	if err != nil {
		return err
	}
	send(v.w, v.r, status, body)
	return nil
}

// failed is a page whose frame says that its form was refused.
func failed(page any) any {
	out := reflect.New(reflect.TypeOf(page)).Elem()
	out.Set(reflect.ValueOf(page))
	if f := out.FieldByName("Failed"); f.IsValid() {
		f.SetBool(true)
	}
	return out.Interface()
}

// redirect answers a form: See Other, always to a local path.
func (v *visit) redirect(to string) {
	v.w.Header().Set("Location", to)
	v.w.WriteHeader(http.StatusSeeOther)
}

// detour leads to where the visitor shows who they are. It says there that this
// browser was signed out, or where a form was posted that nothing came of that yet.
func (v *visit) detour(step string) {
	switch {
	case v.r.Method == http.MethodPost && !strings.HasPrefix(step, "/profiles"):
		v.leaveNotice("notYet")
	case v.ended:
		v.leaveNotice("ended")
	}
	v.redirect(step)
}

// done tells what happened on the next page.
func (v *visit) done(n noticeID, to string) error {
	v.leaveNotice(n)
	v.redirect(to)
	return nil
}

// local returns path where it is a path of this site, and "/" for anything
// that could lead elsewhere.
func local(path string) string {
	const most = 1024
	if len(path) > most || !rooted(path) {
		return "/"
	}
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !rooted(u.Path) {
		return "/"
	}
	// Written anew: what was read is what is sent. It may be encoded otherwise
	// than it came, so it is looked at again.
	if out := u.RequestURI(); rooted(out) {
		return out
	}
	return "/"
}

// rooted reports whether a browser takes path for one of the site that it is
// on: one slash, no backslash or blank that some read as a second one.
func rooted(path string) bool {
	if path == "" || path[0] != '/' || (len(path) > 1 && path[1] == '/') {
		return false
	}
	for _, c := range []byte(path) {
		if c <= ' ' || c == '\\' || c == 0x7f {
			return false
		}
	}
	return true
}

func faceOf(p protocol.Profile) Face {
	return Face{ID: p.ID, Name: p.Name, Avatar: p.Avatar, Locked: p.Locked}
}
