package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hearthkey/hearthkey/server/store"
)

// The errors of Open, beside those of package store.
var (
	// ErrURL: the address cannot be used. The text says why, without the password.
	ErrURL = errors.New("postgres: address not understood")
	// ErrPlain: the link to another machine would not be protected.
	ErrPlain = errors.New("postgres: link to another machine without sslmode")
	// ErrUnreachable: nobody answers there, or not in time.
	ErrUnreachable = errors.New("postgres: unreachable")
	// ErrNoDatabase: the server has no such database.
	ErrNoDatabase = errors.New("postgres: no such database")
	// ErrRefused: user or password are wrong, or may not do what is needed.
	ErrRefused = errors.New("postgres: refused")
	// ErrEncoding: the database cannot hold every language.
	ErrEncoding = errors.New("postgres: not in UTF-8")
	// ErrVersion: the server is too old.
	ErrVersion = errors.New("postgres: version too old")
)

const (
	defaultConns = 28              // connections to the server, where the address names no other number
	maxConns     = 1000            // connections that an address can ask for
	maxURL       = 4096            // bytes
	connectTime  = 5 * time.Second // for a connection to the server

	statementTimeout = "statement_timeout"
	idleTimeout      = "idle_in_transaction_session_timeout"
)

// Name is a database's address without user, password and settings: what may be
// logged.
func Name(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "database"
	}
	host := u.Host
	if h := u.Query().Get("host"); host == "" && h != "" {
		host = h
	}
	return host + "/" + strings.TrimPrefix(u.Path, "/")
}

// parse reads an address, and takes what is ours out of it.
func parse(address string) (cfg *pgx.ConnConfig, conns int, err error) {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURL || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, 0, fmt.Errorf("%w: it does not read postgres://user:password@host/name", ErrURL) // err would show it
	}
	query := u.Query()
	conns = defaultConns
	if text := query.Get("pool_max_conns"); text != "" {
		if conns, err = strconv.Atoi(text); err != nil || conns < 2 || conns > maxConns {
			return nil, 0, fmt.Errorf("%w: pool_max_conns is 2 to %d", ErrURL, maxConns)
		}
		query.Del("pool_max_conns")
		u.RawQuery = query.Encode()
	}
	if cfg, err = pgx.ParseConfig(u.String()); err != nil {
		return nil, 0, fmt.Errorf("%w: %s does not fit", ErrURL, Name(address))
	}
	if cfg.Database == "" || strings.Trim(u.Path, "/") == "" && query.Get("dbname") == "" {
		return nil, 0, fmt.Errorf("%w: the database's name is missing after the last /", ErrURL)
	}
	if !query.Has("sslmode") && !here(cfg.Host) {
		return nil, 0, fmt.Errorf("%w: %s", ErrPlain, Name(address))
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTime
	}
	limits := map[string]string{
		statementTimeout:   strconv.FormatInt(store.TxLimit.Milliseconds(), 10),
		idleTimeout:        strconv.FormatInt(2*store.TxLimit.Milliseconds(), 10),
		"application_name": "hearthkey",
	}
	for name, value := range limits {
		if _, given := cfg.RuntimeParams[name]; !given {
			cfg.RuntimeParams[name] = value
		}
	}
	return cfg, conns, nil
}

// here reports whether a host is this machine: a Unix socket or loopback.
func here(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" || err == nil && addr.IsLoopback()
}

// minVersion is the oldest PostgreSQL: 13, as server_version_num has it.
const minVersion = 130000

// look finds what the database is, and whether it keeps what it promised.
func (d *Driver) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*connectTime)
	defer cancel()
	var text string
	if err := d.readers.QueryRowContext(ctx, `SELECT version()`).Scan(&text); err != nil {
		return err
	}
	d.original = strings.HasPrefix(text, "PostgreSQL ") && !strings.Contains(text, "-YB-")
	if !d.original {
		name, _, _ := strings.Cut(text, " (")
		d.log.InfoContext(ctx, "database speaks PostgreSQL's language", "is", name)
		return nil
	}
	var number int
	if err := d.readers.QueryRowContext(ctx, `SELECT CAST(current_setting('server_version_num') AS BIGINT)`).Scan(&number); err != nil {
		return err
	}
	if number < minVersion {
		return fmt.Errorf("%w: it is %d", ErrVersion, number/10000)
	}
	if err := d.readers.QueryRowContext(ctx, `SELECT current_setting('server_encoding')`).Scan(&text); err != nil {
		return err
	}
	if text != "UTF8" {
		return fmt.Errorf("%w: it is %s", ErrEncoding, text)
	}
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		var value string
		if err := d.readers.QueryRowContext(ctx, `SELECT current_setting($1)`, setting).Scan(&value); err != nil {
			return err
		}
		if value == "off" || setting == "synchronous_commit" && value == "local" {
			d.log.WarnContext(ctx, "database may lose sign-outs that were acknowledged", "setting", setting, "value", value)
		}
	}
	return nil
}

// Skew implements store.Driver. Half the time of the question is not known.
func (d *Driver) Skew(ctx context.Context) (time.Duration, error) {
	leave, err := d.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	var ms int64
	begun := time.Now()
	err = d.readers.QueryRowContext(ctx, `SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`).Scan(&ms)
	middle := begun.Add(time.Since(begun) / 2)
	return time.UnixMilli(ms).Sub(middle).Round(time.Millisecond), err
}
