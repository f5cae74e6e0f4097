package tvterm

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// lone is how long after an escape nothing may follow for it to be the key
// alone, as terminals' users are used to.
const lone = 50 * time.Millisecond

// typing reads keys from a file until stop, which waits for it, or until its
// end, which closes the channel. The file is polled, so that no read is left
// behind that would take the next program's input.
func typing(file *os.File) (typed <-chan input, stop func(), err error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, fmt.Errorf("open a pipe: %w", err)
	}
	out := make(chan input)
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		defer close(out)
		readKeys(int(file.Fd()), ends[0], out, done)
	})
	return out, func() {
		close(done)
		unix.Close(ends[1]) // wakes the poll
		running.Wait()
		unix.Close(ends[0])
	}, nil
}

// readKeys decodes what comes on fd until wake is closed or fd ends.
func readKeys(fd, wake int, out chan<- input, done <-chan struct{}) {
	var d decoder
	buffer := make([]byte, 256)
	for {
		ready, stopped := await(fd, wake, d.waiting())
		if stopped {
			return
		}
		var keys []input
		if ready {
			n, err := unix.Read(fd, buffer)
			if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
				continue
			}
			if err != nil || n <= 0 {
				return
			}
			keys = d.feed(buffer[:n])
		} else {
			keys = d.flush()
		}
		for _, key := range keys {
			select {
			case out <- key:
			case <-done:
				return
			}
		}
	}
}

// await waits until fd can be read, or for the time of a lone escape where one
// is pending.
func await(fd, wake int, pending bool) (ready, stopped bool) {
	timeout := -1
	if pending {
		timeout = int(lone.Milliseconds())
	}
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(wake), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(fds, timeout)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		return fds[0].Revents != 0, err != nil || fds[1].Revents != 0
	}
}
