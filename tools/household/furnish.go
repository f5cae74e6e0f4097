package household

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/tools/drive"
)

// The demo household. Its password and PINs are no secrets: they are printed,
// and the server that knows them listens on this machine alone.
const (
	Email    = "robin@example.com"
	Password = "four copper kettles sing"
	Locked   = "Robin" // the profile that has a PIN
	PIN      = "2580"
	Parental = "8624" // the parental PIN, asked for above 16+
)

// What the household decided for its children beside their levels.
const (
	blockedFor   = "Mia"
	blockedTitle = "snowline-rangers" // a series, with its episodes
)

// profiles of the demo household. The first two exist from the sign-up on.
var profiles = []struct {
	drive.Profile
	locked bool
}{
	{drive.Profile{Name: Locked, Avatar: "fox", Level: int(parental.All), Language: "en"}, true},
	{drive.Profile{Name: "Mia", Avatar: "kite", Level: int(parental.OlderKids), Language: "en", Kids: true}, false},
	{drive.Profile{Name: "Sasha", Avatar: "comet", Level: int(parental.Teens), Language: "en"}, false},
}

// Furnish makes the demo account with its profiles and signs the TVs in, as far
// as that is not done already. It reports whether it made the account.
func (h *Home) Furnish(ctx context.Context) (made bool, err error) {
	owner := &drive.Account{URL: h.Plan.URL(), Email: Email, Device: h.knownDevice()}
	err = owner.SignIn(ctx, Password)
	var p *drive.Problem
	if errors.As(err, &p) && p.Status == http.StatusUnauthorized { // no account yet
		made = true
		owner, err = h.NewOwner(ctx)
	}
	if err == nil {
		err = os.WriteFile(h.deviceFile(), []byte(owner.Device), 0o600)
	}
	if err != nil {
		return made, err
	}
	for i := range h.TVs {
		if err := h.signIn(ctx, owner, i, made); err != nil {
			return made, fmt.Errorf("%s: %w", Names[i], err)
		}
	}
	return made, owner.Call(ctx, http.MethodPost, "/v1/sign-out", nil, nil)
}

// deviceFile holds what makes this program a known device of the demo account:
// without it each start would use up an access code of the hour.
func (h *Home) deviceFile() string { return filepath.Join(h.Plan.Data, "furnisher-device") }

func (h *Home) knownDevice() string {
	secret, err := os.ReadFile(h.deviceFile())
	if err != nil {
		return "" // the first start
	}
	return string(secret)
}

// NewOwner signs up for the demo account, with its profiles.
func (h *Home) NewOwner(ctx context.Context) (*drive.Account, error) {
	owner := &drive.Account{URL: h.Plan.URL(), Email: Email}
	if err := owner.SignUp(ctx, Password); err != nil {
		return nil, fmt.Errorf("sign up: %w", err)
	}
	if err := nameProfiles(ctx, owner); err != nil {
		return nil, fmt.Errorf("profiles: %w", err)
	}
	return owner, nil
}

// nameProfiles gives the account's first profiles their names, adds the others,
// locks who wants a lock, and sets up parental control.
func nameProfiles(ctx context.Context, owner *drive.Account) error {
	have, err := owner.Profiles(ctx)
	if err != nil {
		return err
	}
	for i, want := range profiles {
		p := want.Profile
		if i < len(have) {
			p.ID = have[i].ID
		}
		if p, err = owner.SaveProfile(ctx, p); err != nil {
			return err
		}
		if want.locked {
			if err := owner.SetPIN(ctx, p.ID, PIN); err != nil {
				return err
			}
		}
		if p.Name == blockedFor {
			if err := owner.Call(ctx, http.MethodPut, "/v1/profiles/"+p.ID+"/blocked/"+blockedTitle, nil, nil); err != nil {
				return err
			}
		}
	}
	rules := map[string]any{"above": int(parental.Adults), "add_needs_pin": false}
	if err := owner.Call(ctx, http.MethodPut, "/v1/parental", rules, nil); err != nil {
		return err
	}
	return owner.SetParentalPIN(ctx, Parental)
}

// signIn signs TV i in with the code on its screen, where the household is new.
// Later, a TV that somebody signed out stays signed out.
func (h *Home) signIn(ctx context.Context, owner *drive.Account, i int, made bool) error {
	tv, err := drive.Attach(ctx, h.Plan.ScreenAddr(i))
	if err != nil {
		return err
	}
	defer tv.Close()
	v, err := tv.Wait(ctx, "any screen but the first", func(v nav.View) bool { return v.Screen != nav.ScreenStarting })
	if err != nil || v.Screen != nav.ScreenWelcome || !made {
		return err
	}
	return SignInByCode(ctx, tv, owner)
}

// SignInByCode goes from the welcome screen to the gate: it asks for a code,
// and the owner approves it.
func SignInByCode(ctx context.Context, tv *drive.TV, owner *drive.Account) error {
	if _, err := tv.Press(ctx, keyseq.OK); err != nil {
		return err
	}
	v, err := tv.Wait(ctx, "a user code", func(v nav.View) bool { return v.Code != nil && v.Code.Text != "" })
	if err != nil {
		return err
	}
	if err := owner.Approve(ctx, v.Code.Text); err != nil {
		return err
	}
	_, err = tv.WaitScreen(ctx, nav.ScreenGate)
	return err
}

// SignInByPassword goes from the welcome screen to the gate with arrows and OK
// alone: address, password and the code from the mail, on the keyboard on the
// screen.
func SignInByPassword(ctx context.Context, tv *drive.TV, owner *drive.Account, password string) error {
	began := time.Now()
	if _, err := tv.Choose(ctx, keyseq.Down, "Sign in with email and password"); err != nil {
		return err
	}
	for _, field := range []struct {
		screen nav.Screen
		text   string
	}{{nav.ScreenEmail, owner.Email}, {nav.ScreenPassword, password}} {
		if _, err := tv.WaitScreen(ctx, field.screen); err != nil {
			return err
		}
		if err := tv.TypeOnScreen(ctx, field.text); err != nil {
			return err
		}
		if err := tv.PressKey(ctx, "next"); err != nil {
			return err
		}
	}
	if _, err := tv.WaitScreen(ctx, nav.ScreenAccessCode); err != nil {
		return err
	}
	code, err := owner.AccessCode(ctx, began)
	if err != nil {
		return err
	}
	if err := tv.TypeOnScreen(ctx, code); err != nil {
		return err
	}
	_, err = tv.WaitScreen(ctx, nav.ScreenGate)
	return err
}

// Greeting is what "make run" prints once all is up.
func (h *Home) Greeting(made bool, log string) string {
	var b strings.Builder
	line := func(what, where string) { fmt.Fprintf(&b, "  %-16s %s\n", what, where) }
	b.WriteString("\nHearthkey is running. Open in a browser:\n\n")
	line("Account page", h.Plan.URL()+"/account/devices")
	line("", fmt.Sprintf("sign in as %s with the password %q", Email, Password))
	line("", "a browser that is new needs a code as well: it is among the mails")
	for i, name := range Names {
		line(name, "http://"+h.Plan.ScreenAddr(i)+"/")
	}
	line("Mails and SMS", h.Plan.URL()+"/dev/outbox")
	b.WriteString("\nOn a TV: arrow keys, Enter, Backspace, digits. " + Locked + "'s PIN is " + PIN + ", the parental PIN " + Parental + ".\n")
	b.WriteString("From any screen, ↑ ↑ ↓ ↓ ← → ← → ↑ ↑ ↑ ↑ opens Sign out, Start over, Deactivate, Check network.\n")
	b.WriteString("The same TV in a terminal: " + h.Plan.terminal() + ".\n")
	if at := h.Plan.Remotes[0]; at != "" {
		fmt.Fprintf(&b, "A remote control of its own: on the TV choose Settings, Remotes, Pair a remote; then %s.\n", h.Plan.remote())
	}
	b.WriteString("To pull a TV's plug, or to plug it in again, type 1 or 2 here, and Enter.\n")
	if !made {
		fmt.Fprintf(&b, "\nEverything is as you left it in %s; delete that folder to begin anew.\n", h.Plan.Data)
	}
	fmt.Fprintf(&b, "\nLog: %s. Ctrl-C stops all of it.\n", log)
	return b.String()
}
