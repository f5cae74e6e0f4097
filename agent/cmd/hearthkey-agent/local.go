package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os/user"
	"path/filepath"
	"strconv"

	"github.com/hearthkey/hearthkey/agent"
	"github.com/hearthkey/hearthkey/agent/local"
)

// localFlags are the settings of the API for the box's own software.
type localFlags struct {
	group, token string
}

func (l *localFlags) add(flags *flag.FlagSet, a *agent.Agent) {
	flags.StringVar(&a.LocalAPI.Socket, "local", "", "`path` of the Unix socket for the box's own software; none if empty")
	flags.StringVar(&l.group, "local-group", "", "`group` (name or number) that may use -local beside this user and root")
	flags.StringVar(&a.LocalAPI.Web, "local-web", "", "loopback `host:port` of the same as a WebSocket; none if empty")
	flags.StringVar(&l.token, "local-token", "", "`file` with the token for -local-web, made if it is not there; local.token in -data if empty")
	flags.Func("local-origin", "`origin` of a page that uses -local-web and is not served on loopback; may be repeated", func(v string) error {
		a.LocalAPI.Origins = append(a.LocalAPI.Origins, v)
		return nil
	})
}

// use finds the group and the token, and has the call stop end the process by cancel.
func (l *localFlags) use(a *agent.Agent, cancel context.CancelFunc) (err error) {
	a.LocalAPI.Stop = cancel
	if l.group != "" {
		if a.LocalAPI.Group, err = groupID(l.group); err != nil {
			return err
		}
	}
	if a.LocalAPI.Web == "" {
		return nil
	}
	if l.token == "" {
		if a.Dir == "" {
			return errors.New("-local-web needs -data or -local-token")
		}
		l.token = filepath.Join(a.Dir, "local.token")
	}
	a.LocalAPI.Token, err = local.TokenFile(l.token)
	return err
}

func groupID(name string) (int, error) {
	if id, err := strconv.Atoi(name); err == nil && id > 0 {
		return id, nil
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, fmt.Errorf("-local-group: %w", err)
	}
	return strconv.Atoi(g.Gid)
}
