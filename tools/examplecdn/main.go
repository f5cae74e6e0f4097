package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stderr))
}

func run(ctx context.Context, args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("examplecdn", flag.ContinueOnError)
	flags.SetOutput(stderr)
	c := &cdn{http: &http.Client{Timeout: 2 * time.Second}, now: time.Now}
	flags.StringVar(&c.server, "server", "http://localhost:8700", "web address of the Hearthkey server, as its --public-url")
	flags.StringVar(&c.audience, "audience", "", "its --grant-audience; default: the server's host")
	flags.StringVar(&c.client, "client", "cdn", "name of this program in the file of its --grant-clients")
	flags.DurationVar(&c.keep, "keep", 2*time.Second, "how long an answer of the server's is kept")
	secret := flags.String("secret-file", "", "file with the secret; empty: the server is not asked about single grants")
	files := flags.String("files", ".", "folder with a folder for each title")
	listen := flags.String("listen", "127.0.0.1:8790", "address")
	if flags.Parse(args) != nil {
		return 2
	}
	if err := c.settle(*secret); err != nil {
		fmt.Fprintln(stderr, "examplecdn:", err)
		return 1
	}
	c.files = os.DirFS(*files)
	srv := &http.Server{Addr: *listen, Handler: c, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { srv.Close() })
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(stderr, "examplecdn:", err)
		return 1
	}
	return 0
}

// settle checks the address and reads the secret.
func (c *cdn) settle(secretFile string) error {
	u, err := url.Parse(c.server)
	if err != nil || u.Host == "" {
		return fmt.Errorf("-server %q is not an address such as https://tv.example", c.server)
	}
	c.server = u.Scheme + "://" + u.Host
	c.audience = cmp.Or(c.audience, u.Hostname())
	if secretFile == "" {
		return nil
	}
	data, err := os.ReadFile(secretFile)
	c.secret = strings.TrimSpace(string(data))
	return err
}
