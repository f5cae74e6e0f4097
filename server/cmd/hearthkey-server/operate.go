package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/admin"
	"github.com/hearthkey/hearthkey/server/operator"
)

// tokenVariable holds an operator's token where no file does. A token is never
// an argument: everybody on the machine can read those.
const tokenVariable = "HEARTHKEY_OPERATOR_TOKEN"

// streams is what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
}

// operators are the commands about people who run the service.
type operators struct {
	Add     addOperator     `cmd:"" help:"Make an operator: by the running server, or the first one with --data in the folder of a stopped server."`
	List    listOperators   `cmd:"" help:"List the operators."`
	Disable disableOperator `cmd:"" help:"End an operator's rights for good."`
	Log     showLog         `cmd:"" help:"Show who did what, about whom, why and when."`
}

// asking is how a command reaches the running server.
type asking struct {
	AdminURL  string `name:"admin-url" default:"http://127.0.0.1:8701" placeholder:"URL" help:"Address of the server's --admin."`
	TokenFile string `name:"token-file" placeholder:"FILE" help:"File with the operator's token, readable by nobody else. Default: HEARTHKEY_OPERATOR_TOKEN."`
}

// token returns the operator's token, empty where there is none.
func (a asking) token(s streams) (string, error) {
	text, err := s.getenv(tokenVariable), error(nil)
	if a.TokenFile != "" {
		text, err = readToken(a.TokenFile)
	}
	return strings.TrimSpace(text), err
}

func (a asking) client(s streams) (*admin.Client, error) {
	token, err := a.token(s)
	if err != nil {
		return nil, err
	}
	if token == "" {
		return nil, fmt.Errorf("who are you? Give --token-file, or the token in %s", tokenVariable)
	}
	c, err := admin.NewClient(a.AdminURL, operator.Token(token))
	if errors.Is(err, admin.ErrURL) {
		err = fmt.Errorf("--admin-url %s is not an address such as http://127.0.0.1:8701, or would send the token in the clear: take https beyond this machine", a.AdminURL)
	}
	return c, err
}

// readToken refuses a file that others can read, as ssh does with keys.
func readToken(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("--token-file cannot be read: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("--token-file cannot be read: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("others can read %s: chmod 600 %s", name, name)
	}
	text, err := io.ReadAll(io.LimitReader(file, 1024))
	if err != nil {
		return "", fmt.Errorf("--token-file cannot be read: %w", err)
	}
	return string(text), nil
}

// with runs do with a client.
func (a asking) with(s streams, do func(*admin.Client) error) error {
	c, err := a.client(s)
	if err != nil {
		return err
	}
	defer c.Close()
	return do(c)
}

type addOperator struct {
	Name   string `arg:"" help:"Lower-case letters, digits, hyphen and dot. A name is never given twice."`
	Role   string `required:"" enum:"viewer,support,admin" help:"viewer finds accounts; support also signs out, locks and has second factors removed; admin does everything."`
	Reason string `placeholder:"TEXT" help:"Why: the log keeps it."`
	Save   string `placeholder:"FILE" help:"New file for the token, readable by nobody else. Default: the standard output."`
	Data   string `placeholder:"FOLDER" help:"Folder of a server that is stopped, where there is no token yet. With a token the running server is asked."`
	DB     string `name:"database" placeholder:"URL" help:"PostgreSQL database of the servers, with --data: they may run."`
	asking
}

func (c addOperator) run(ctx context.Context, s streams) (err error) {
	out := s.out
	if c.Save != "" {
		file, err := os.OpenFile(c.Save, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s is there already: it is not overwritten", c.Save)
		}
		if err != nil {
			return fmt.Errorf("--save: %w", err)
		}
		defer file.Close()
		out = file
	}
	token, err := c.add(ctx, s)
	if err == nil {
		_, err = fmt.Fprintln(out, string(token))
	} else if c.Save != "" {
		os.Remove(c.Save)
	}
	return err
}

func (c addOperator) add(ctx context.Context, s streams) (token operator.Token, err error) {
	role := operator.Role(c.Role)
	mine, err := c.token(s)
	if err != nil {
		return "", err
	}
	if mine == "" && c.Data != "" {
		return server.AddOperator(ctx, server.Config{Data: c.Data, Database: c.DB}, c.Name, role)
	}
	err = c.with(s, func(a *admin.Client) error {
		token, err = a.AddOperator(ctx, c.Name, role, c.Reason)
		return err
	})
	return token, err
}

type listOperators struct{ asking }

func (c listOperators) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		list, err := a.Operators(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tROLE\tMADE BY\tMADE\tLAST USED\tDISABLED")
		for _, o := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", o.Name, o.Role, orFolder(o.CreatedBy), at(o.Created), at(o.LastUsed), at(o.Disabled))
		}
		return w.Flush()
	})
}

type disableOperator struct {
	Name   string `arg:"" help:"Whose rights end."`
	Reason string `placeholder:"TEXT" help:"Why: the log keeps it."`
	asking
}

func (c disableOperator) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		if err := a.DisableOperator(ctx, c.Name, c.Reason); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s can do nothing any more.\n", c.Name)
		return nil
	})
}

type showLog struct {
	Last int `default:"50" help:"How many acts, 1 to 500."`
	asking
}

func (c showLog) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		list, err := a.Log(ctx, c.Last)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "WHEN\tWHO\tWHAT\tABOUT\tOUTCOME\tWHY")
		for _, e := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", at(e.At), orFolder(e.Operator), e.Act, orNone(e.About), orCut(e.Outcome), e.Reason)
		}
		return w.Flush()
	})
}

func orFolder(name string) string { return or(name, "(data folder)") }
func orNone(about string) string  { return or(about, "-") }
func orCut(outcome string) string { return or(outcome, "(under way, or cut off)") }

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func at(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// finding looks for an account.
type finding struct {
	What   string `arg:"" optional:"" help:"Email address, phone number with + and the country's code, a device's id or an account's id."`
	Device string `placeholder:"NAME" help:"Instead: the devices of this name, of all accounts."`
	asking
}

// devices lists what has a name.
func (c finding) devices(ctx context.Context, s streams, a *admin.Client) error {
	list, err := a.FindDevices(ctx, c.Device)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DEVICE\tNAME\tMODEL\tSTATUS\tLAST SEEN\tACCOUNT")
	for _, d := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", d.ID, d.Name, d.Model, d.Status, at(d.LastSeen), d.Account)
	}
	return w.Flush()
}

func (c finding) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		if c.Device != "" {
			return c.devices(ctx, s, a)
		}
		f, err := a.Find(ctx, c.What)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		for _, line := range [][2]string{
			{"account", f.ID}, {"email", f.Email}, {"phone", orNone(f.Phone)}, {"language", f.Language}, {"created", at(f.Created)},
			{"second factor", yes(f.SecondFactor)}, {"removed by support", at(f.Reset)}, {"another address", at(f.Moved)}, {"to be erased", at(f.Erased)}, {"locked since", at(f.Locked)},
		} {
			fmt.Fprintf(w, "%s\t%s\n", line[0], line[1])
		}
		for _, d := range f.Devices {
			fmt.Fprintf(w, "device\t%s\t%s\t%s\t%s\tlast seen %s\n", d.ID, d.Name, d.Model, d.Status, at(d.LastSeen))
		}
		return w.Flush()
	})
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// resetting begins, or stops, the removal of a second factor by support.
type resetting struct {
	Who    string `arg:"" help:"The account, as for find."`
	Reason string `placeholder:"TEXT" help:"Why, and how the owner was identified: the owner gets to read it."`
	Lift   bool   `help:"Stop a removal that waits."`
	asking
}

func (c resetting) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		if c.Lift {
			if err := a.LiftFactorReset(ctx, c.Who, c.Reason); err != nil {
				return err
			}
			fmt.Fprintln(s.out, "The second factor stays.")
			return nil
		}
		due, err := a.ResetFactor(ctx, c.Who, c.Reason)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "The second factor will be removed after %s, unless the owner stops it.\n", at(due))
		return nil
	})
}

// moving begins, or stops, giving an account another address by support.
type moving struct {
	Who    string `arg:"" help:"The account, as for find."`
	Email  string `placeholder:"ADDRESS" help:"The address to be. Have the owner spell it twice."`
	Reason string `placeholder:"TEXT" help:"Why, and how the owner was identified: the owner gets to read it."`
	Lift   bool   `help:"Stop one that waits."`
	asking
}

func (c moving) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		if c.Lift {
			if err := a.LiftContactReset(ctx, c.Who, c.Reason); err != nil {
				return err
			}
			fmt.Fprintln(s.out, "The account keeps its address.")
			return nil
		}
		due, err := a.ResetContact(ctx, c.Who, c.Reason, c.Email)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "The account gets that address after %s, unless the owner stops it. Its owner then goes to the page /recover.\n", at(due))
		return nil
	})
}
