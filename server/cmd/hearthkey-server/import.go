package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/server/admin"
	"github.com/hearthkey/hearthkey/server/operator"
)

// maxBatch is how many bytes of lines travel at once.
const maxBatch = 512 << 10

// importing adds the accounts of another system.
type importing struct {
	File   string `arg:"" help:"JSON lines: {\"email\":…, \"passwordHash\":…, \"language\":…, \"phone\":…}. - reads the standard input."`
	Reason string `required:"" placeholder:"TEXT" help:"Why, e.g. \"moved from Acme TV\": the log and the accounts' timelines keep it."`
	asking
}

func (c importing) run(ctx context.Context, s streams) error {
	in := s.in
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("the file cannot be read: %w", err)
		}
		defer file.Close()
		in = file
	}
	return c.with(s, func(a *admin.Client) error {
		b := batch{client: a, reason: c.Reason, errors: s.err}
		err := b.all(ctx, in)
		fmt.Fprintf(s.out, "%d accounts added, %d lines left out\n", b.added, b.left)
		return err
	})
}

// batch holds the lines that travel next, and counts.
type batch struct {
	client *admin.Client
	reason string
	errors io.Writer

	lines []string
	at    []int // their numbers in the file, from 1
	bytes int

	added, left int
}

// all sends everything. What it has sent stays added where it fails; running it
// again leaves that out.
func (b *batch) all(ctx context.Context, in io.Reader) error {
	r := bufio.NewReaderSize(in, operator.MaxLine)
	for number := 1; ; number++ {
		line, err := readLine(r)
		if errors.Is(err, io.EOF) {
			return b.send(ctx)
		}
		if err != nil && !errors.Is(err, errLong) {
			return errors.Join(b.send(ctx), fmt.Errorf("the file cannot be read further: %w", err))
		}
		switch {
		case err != nil:
			b.leave(number, fmt.Sprintf("longer than %d bytes", operator.MaxLine))
		case len(line) == 0:
		case !utf8.Valid(line) || !json.Valid(line):
			b.leave(number, "not JSON")
		default:
			b.lines, b.at, b.bytes = append(b.lines, string(line)), append(b.at, number), b.bytes+len(line)
		}
		if len(b.lines) < operator.MaxBatch && b.bytes < maxBatch {
			continue
		}
		if err := b.send(ctx); err != nil {
			return err
		}
	}
}

var errLong = errors.New("line too long")

// readLine reads one line without its end. A longer one than fits is passed
// over: errLong.
func readLine(r *bufio.Reader) (line []byte, err error) {
	line, more, err := r.ReadLine()
	if err != nil || !more {
		return line, err
	}
	for more && err == nil {
		_, more, err = r.ReadLine()
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = errLong
	}
	return nil, err
}

func (b *batch) leave(number int, why string) {
	b.left++
	fmt.Fprintf(b.errors, "line %d left out: %s\n", number, why)
}

// send sends the lines held. A server that is busy is asked again, as it says.
func (b *batch) send(ctx context.Context) error {
	if len(b.lines) == 0 {
		return nil
	}
	var (
		done admin.Imported
		err  error
		busy *admin.ProblemError
	)
	for {
		done, err = b.client.Import(ctx, b.reason, b.lines)
		if !errors.As(err, &busy) || busy.Problem.Retry == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(busy.Problem.Retry) * time.Second):
		}
	}
	if err != nil {
		return err
	}
	b.added += done.Added
	for _, l := range done.Left {
		if l.Line < 0 || l.Line >= len(b.at) {
			return errors.New("the answer is about lines that were not sent")
		}
		b.leave(b.at[l.Line], l.Error)
	}
	b.lines, b.at, b.bytes = nil, nil, 0
	return nil
}
