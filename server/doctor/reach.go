package doctor

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// reachTime bounds one connection to another machine.
const reachTime = 10 * time.Second

// Reach says how a connection to another machine went. do is what to do where it
// did not. The error's text is shown: it must hold no secret.
func Reach(ctx context.Context, check, what, do string, connect func(context.Context) error) Finding {
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	if err := connect(ctx); err != nil {
		return Finding{check, Bad, fmt.Sprintf("%s cannot be reached: %v.", what, err), do}
	}
	return Good(check, "%s answers", what)
}

// Health asks the server at an address whether it is ready. Redirects are not
// followed.
func Health(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
		if err != nil {
			return err
		}
		client := &http.Client{
			Transport:     &http.Transport{DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		res, err := client.Do(r)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("it answers %s", res.Status)
		}
		return nil
	}
}
