package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/agent/lan/handset"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
	"github.com/hearthkey/hearthkey/tools/hearthkey/lanremote"
	"github.com/hearthkey/hearthkey/tools/hearthkey/tvterm"
)

type remoteCmd struct {
	Use    remoteUseCmd    `cmd:"" default:"withargs" help:"Control a TV of this network; pairs with it first where that is needed."`
	Pair   remotePairCmd   `cmd:"" help:"Pair with a TV whose screen shows a pairing code."`
	List   remoteListCmd   `cmd:"" help:"List the TVs that this remote is paired with."`
	Forget remoteForgetCmd `cmd:"" help:"Forget a TV."`
}

// remoteBook says where the paired TVs are remembered.
type remoteBook struct {
	Config    string   `help:"File that remembers paired TVs, in place of the usual one." type:"path" placeholder:"FILE"`
	Interface []string `placeholder:"NAME" help:"Look for TVs on this network interface alone; may be repeated."`
}

func (b remoteBook) open() (*lanremote.Book, error) {
	path := b.Config
	if path == "" {
		var err error
		if path, err = lanremote.BookPath(); err != nil {
			return nil, err
		}
	}
	return lanremote.OpenBook(path)
}

// wizard is the way to TVs, for a person at a terminal where there is one.
func (b remoteBook) wizard(t terminal, book *lanremote.Book) *lanremote.Wizard {
	w := &lanremote.Wizard{
		Book: book, Name: deviceName(), Look: b.look,
		Tell: func(format string, args ...any) { fmt.Fprintf(t.err, format, args...) },
	}
	if file, ok := t.in.(*os.File); ok {
		lines := bufio.NewReader(onlyLines{file})
		w.Ask = func(question string) (string, error) { return ask(t.err, lines, question) }
		w.Pick = func(from []lanremote.Found) (lanremote.Found, error) { return pick(w, from) }
	}
	return w
}

// onlyLines reads a byte at a time: what comes after the line is for somebody else.
type onlyLines struct{ file io.Reader }

func (o onlyLines) Read(p []byte) (int, error) { return o.file.Read(p[:min(len(p), 1)]) }

func ask(out io.Writer, lines *bufio.Reader, question string) (string, error) {
	fmt.Fprint(out, question)
	line, err := lines.ReadString('\n')
	if err != nil && line == "" {
		return "", errors.New("nothing was typed")
	}
	return strings.TrimSpace(line), nil
}

func pick(w *lanremote.Wizard, from []lanremote.Found) (lanremote.Found, error) {
	for i, f := range from {
		w.Tell("%3d  %s  %s\n", i+1, f.Name, strings.Join(f.Addresses, " "))
	}
	for {
		text, err := w.Ask("Which one? ")
		if err != nil {
			return lanremote.Found{}, err
		}
		if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(from) {
			return from[n-1], nil
		}
	}
}

// deviceName is what TVs list this remote as.
func deviceName() string {
	name, err := os.Hostname()
	if err != nil || name == "" || len(name) > tvremote.MaxNameBytes || utf8.RuneCountInString(name) > tvremote.MaxName {
		return "Terminal"
	}
	return name
}

type remoteUseCmd struct {
	remoteBook
	TV      string   `name:"tv" placeholder:"NAME" help:"Which of the paired TVs, by its name or id."`
	Address string   `placeholder:"HOST:PORT" help:"Where the TV is, in place of looking for it."`
	Key     []string `help:"Press this key and end, with what the TV shows then; may be repeated. Keys: Up Down Left Right OK Back Home Menu PlayPause 0 to 9."`
	Text    string   `help:"Type this into the field on the TV, after the keys, and end."`
	Screen  string   `placeholder:"HOST:PORT" help:"Instead of all this, pass keys to the screen's page of a TV on this machine; needs no pairing."`
}

// Run passes keys on until q or Ctrl-C, or those of the command line.
func (c remoteUseCmd) Run(ctx context.Context, t terminal) error {
	if c.Screen != "" {
		return tvterm.Remote(ctx, "ws://"+c.Screen+"/screen", t.in, t.out)
	}
	book, err := c.open()
	if err != nil {
		return err
	}
	w := c.wizard(t, book)
	tv, conn, err := c.connect(ctx, w)
	if err != nil {
		return forgotten(book, tv, err)
	}
	defer conn.Close()
	if len(c.Key) > 0 || c.Text != "" {
		st, err := lanremote.Script(conn, c.Key, c.Text)
		if err == nil {
			_, err = fmt.Fprintln(t.out, lanremote.Describe(st))
		}
		return err
	}
	file, ok := t.in.(*os.File)
	if !ok {
		return errors.New("what is typed must come from a file or a terminal")
	}
	return forgotten(book, tv, w.Attend(ctx, tv, conn, file, t.out))
}

// connect connects to the TV that is meant, and pairs first where none is known.
func (c remoteUseCmd) connect(ctx context.Context, w *lanremote.Wizard) (lanremote.TV, *handset.Conn, error) {
	list := w.Book.Find(c.TV)
	switch {
	case len(list) == 0 && c.TV != "":
		return lanremote.TV{}, nil, fmt.Errorf("no paired TV is called %q; hearthkey remote list shows them", c.TV)
	case len(list) == 0 && (len(c.Key) > 0 || c.Text != ""):
		return lanremote.TV{}, nil, errors.New("this remote is paired with no TV yet: hearthkey remote pair")
	case len(list) == 0:
		tv, conn, err := w.Pair(ctx, "", c.Address)
		if err == nil {
			w.Tell("Paired with %s.\n", tv.Name)
		}
		return tv, conn, err
	case len(list) > 1:
		return lanremote.TV{}, nil, fmt.Errorf("several TVs are paired; name one with --tv:\n%s", names(list))
	}
	conn, _, err := w.Connect(ctx, list[0], c.Address)
	return list[0], conn, err
}

func names(list []lanremote.TV) string {
	var lines []string
	for _, tv := range list {
		lines = append(lines, "  "+tv.ID+"  "+tv.Name)
	}
	return strings.Join(lines, "\n")
}

// forgotten forgets a TV that does not know this remote any more.
func forgotten(book *lanremote.Book, tv lanremote.TV, err error) error {
	if !errors.Is(err, lanremote.ErrForgotten) {
		return err
	}
	return errors.Join(fmt.Errorf("%w\nPair with it again: hearthkey remote pair", err), book.Forget(tv.ID))
}

type remotePairCmd struct {
	remoteBook
	Code    string `arg:"" optional:"" help:"The 6 digits on the TV's screen, or the text of the QR code there; asked for where missing."`
	Address string `placeholder:"HOST:PORT" help:"Where the TV is, in place of looking for it."`
	Name    string `help:"What the TV lists this remote as; this machine's name where missing."`
}

// Run pairs and ends.
func (c remotePairCmd) Run(ctx context.Context, t terminal) error {
	book, err := c.open()
	if err != nil {
		return err
	}
	w := c.wizard(t, book)
	if c.Name != "" {
		w.Name = c.Name
	}
	tv, conn, err := w.Pair(ctx, c.Code, c.Address)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = fmt.Fprintf(t.out, "Paired with %s (%s). Control it with: hearthkey remote\n", tv.Name, tv.ID)
	return err
}

type remoteListCmd struct{ remoteBook }

// Run lists the paired TVs.
func (c remoteListCmd) Run(t terminal) error {
	book, err := c.open()
	if err != nil {
		return err
	}
	if len(book.TVs()) == 0 {
		fmt.Fprintln(t.err, "This remote is paired with no TV yet: hearthkey remote pair")
	}
	for _, tv := range book.TVs() {
		if _, err := fmt.Fprintf(t.out, "%s  %s  %s\n", tv.ID, strings.Join(tv.Addresses, ","), tv.Name); err != nil {
			return err
		}
	}
	return nil
}

type remoteForgetCmd struct {
	remoteBook
	TV string `arg:"" name:"tv" help:"Its name or id."`
}

// Run forgets a TV on this side.
func (c remoteForgetCmd) Run(t terminal) error {
	book, err := c.open()
	if err != nil {
		return err
	}
	list := book.Find(c.TV)
	switch {
	case c.TV == "" || len(list) == 0:
		return fmt.Errorf("no paired TV is called %q; hearthkey remote list shows them", c.TV)
	case len(list) > 1:
		return fmt.Errorf("several TVs are called so; name one by its id:\n%s", names(list))
	}
	if err := book.Forget(list[0].ID); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "%s is forgotten here. It still lists this remote: remove it there too, under Settings, Remotes.\n", list[0].Name)
	return err
}
