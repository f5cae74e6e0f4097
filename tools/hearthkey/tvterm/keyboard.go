package tvterm

import (
	"fmt"
	"os"
	"sync"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// Typed is one thing that a person typed. A character that is a key, or quits, is
// text as well: which it is, is for who reads it. Digits are keys alone.
type Typed struct {
	Key  keyseq.Key // 0: only text
	Quit bool       // Ctrl-C, where Text is empty; the letter q
	Text string     // empty: only a key
}

// Keyboard reads what is typed on file, which is in raw mode meanwhile where it is a
// terminal, until close is called, which must be, or the file ends, which closes the
// channel.
func Keyboard(file *os.File) (typed <-chan Typed, closeAll func(), err error) {
	restore, err := raw(file)
	if err != nil {
		return nil, nil, fmt.Errorf("tvterm: %w", err)
	}
	in, stop, err := typing(file)
	if err != nil {
		restore()
		return nil, nil, fmt.Errorf("tvterm: %w", err)
	}
	out, done := make(chan Typed), make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		defer close(out)
		for one := range in {
			select {
			case out <- Typed{Key: one.key, Quit: one.quit, Text: one.text}:
			case <-done:
				return
			}
		}
	})
	return out, func() {
		close(done)
		stop()
		running.Wait()
		restore()
	}, nil
}
