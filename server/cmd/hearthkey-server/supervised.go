package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"sync"

	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/supervise"
)

// supervised runs the server and tells the service manager how it stands: ready, and
// alive as long as it answers.
func supervised(ctx context.Context, srv *server.Server, isTLS bool, manager supervise.Manager) error {
	scheme := "http"
	if isTLS {
		scheme = "https"
	}
	url := scheme + "://" + srv.Addr().String() + "/healthz"
	transport := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // it asks itself, and says nothing
	}
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() {
		manager.Watch(ctx, func(ctx context.Context) error { return answers(ctx, transport, url) })
	})
	manager.Ready()
	context.AfterFunc(ctx, manager.Stopping)
	return srv.Run(ctx)
}

func answers(ctx context.Context, transport *http.Transport, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return nil
}
