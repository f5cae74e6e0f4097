package server

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admin"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/audit"
	"github.com/hearthkey/hearthkey/server/bus"
	"github.com/hearthkey/hearthkey/server/bus/natsbus"
	"github.com/hearthkey/hearthkey/server/catalog"
	"github.com/hearthkey/hearthkey/server/catalog/feed"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/geo"
	"github.com/hearthkey/hearthkey/server/grant"
	"github.com/hearthkey/hearthkey/server/hub"
	"github.com/hearthkey/hearthkey/server/hub/poller"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/notify"
	operators "github.com/hearthkey/hearthkey/server/operator"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/relay"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
	"github.com/hearthkey/hearthkey/server/web"
	"github.com/hearthkey/hearthkey/server/webhook"
)

// parts are what a server is made of, in the order in which they are opened.
type parts struct {
	cfg     settings
	node    string         // names this process
	figures *figures       // nil: a command, and no server
	retried func() float64 // transactions of the database that ran again

	db       *store.DB
	deleted  deletions // for keepDeletions alone
	keys     *keyring.Ring
	audit    *audit.Log
	places   *geo.DB
	smtp     *notify.SMTP // nil: mails stay in the outbox
	outbox   *notify.Outbox
	bus      bus.Bus
	nats     *natsbus.Bus // the same; nil: this node is alone
	profiles *profile.Service
	devices  *device.Service
	accounts *account.Service
	staff    *operators.Service
	hooks    *webhook.Sender
	titles   catalog.Live // what TVs show
	titlesAt time.Time    // when the file that they are from was changed
	feed     *feed.Feed   // nil: they come from no address
	hub      *hub.Hub
	poller   *poller.Poller
	grants   *grant.Service
	relay    *relay.Switch // the account page's remote
	tvs      *api.TVs
	api      *api.API
	admin    *admin.API // for the admin listener only
	site     *web.Site

	closing  sync.Once
	skew     atomic.Int64 // nanoseconds that the database's clock was ahead of ours
	restores atomic.Int64 // devices that proved the database older than themselves
	older    atomic.Int64 // times that a device had a newer key list
	cut      atomic.Bool  // audit entries that were there are gone
}

// assemble opens everything. Where it fails nothing stays open.
func assemble(ctx context.Context, cfg settings) (*parts, error) {
	node, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	p := &parts{cfg: cfg, node: node.String(), figures: newFigures()}
	for _, open := range []func(context.Context) error{
		p.openBus, p.openStore, p.openDeletions, p.openKeys, p.openAudit, p.openPlaces, p.openOutbox, p.openTitles, p.openServices, p.openDevices, p.openBorders,
	} {
		if err := open(ctx); err != nil {
			p.close()
			return nil, err
		}
	}
	p.bus.Subscribe(func(n bus.Nudge) {
		p.hub.Nudge(n.Account, hub.Numbers{Version: n.Version, Library: n.Library})
		if n.Version > 0 {
			p.site.Changed(n.Account)
		}
	})
	return p, nil
}

func (p *parts) openKeys(ctx context.Context) (err error) {
	if err := settleDataKey(ctx, p.db, p.cfg); err != nil {
		return err
	}
	dir := filepath.Join(p.cfg.Data, "keys")
	if p.keys, err = keyring.Open(dir, p.cfg.Name, rand.Reader); err != nil {
		return explainKeys(dir, err)
	}
	return markDataKey(ctx, p.db, p.keys)
}

func (p *parts) openServices(context.Context) (err error) {
	gate := admit.New(admit.Config{})
	p.profiles, err = profile.New(profile.Config{
		DB: p.db, Keys: p.keys, Gate: gate, MaxProfiles: p.cfg.MaxProfiles, Notify: p.notify, Changed: p.changed,
		AccountURL: p.cfg.PublicURL + "/account/profiles", Title: p.title, Series: p.titles.Series, Password: p.passwordAtTV,
	})
	if err != nil {
		return err
	}
	p.devices, err = device.New(device.Config{
		DB: p.db, Keys: p.keys, Profiles: p.profiles,
		Server: p.cfg.Name, LinkURL: p.cfg.PublicURL + "/tv", Lease: p.cfg.Lease, Catalog: &p.titles,
		MaxDevices: p.cfg.MaxDevices, KeepActivity: p.cfg.KeepActivity, KeepAddresses: p.cfg.KeepAddresses,
		Notify: p.notify, Changed: p.changed, Watched: p.watched,
		Decided:  func(id protocol.DeviceID) { p.tvs.Decided(id) },
		Restored: p.restored, Ahead: p.ahead, Confirmed: func(d time.Duration) { p.figures.confirm.Observe(d.Seconds()) },
	})
	if err != nil {
		return err
	}
	p.accounts, err = account.New(account.Config{
		DB: p.db, Keys: p.keys, Gate: gate, ServiceName: p.cfg.ServiceName, MinPassword: p.cfg.MinPassword,
		Notify: p.outbox.Notify, Household: profile.Household, RestoreProfiles: profile.Restore, Changed: p.changed,
		Passkeys: p.passkeys(), Locate: p.locate, Risk: p.cfg.Risk, Region: p.cfg.Region,
		NoSMS: p.cfg.SMSURL == "" && !p.cfg.Dev, TakeBackStolen: p.devices.TakeBackStolen,
	})
	if err != nil {
		return err
	}
	p.staff, err = operators.New(operators.Config{DB: p.db, Keys: p.keys, Audit: p.audit, Accounts: p.accounts, Devices: p.devices.List, EndDevice: p.devices.SignOutByOperator, Log: p.cfg.Log})
	if err != nil {
		return err
	}
	p.hooks, err = webhook.New(webhook.Config{DB: p.db, Keys: p.keys, Log: p.cfg.Log, Now: p.cfg.Now})
	return err
}

// notify writes a notice with its "It wasn't me" link, to where the owner wants
// it.
func (p *parts) notify(tx *store.Tx, n account.Notice) error { return p.accounts.Notify(tx, n) }

// passwordAtTV checks the account's password that was typed at a TV: with the
// counters of the sign-ins there.
func (p *parts) passwordAtTV(ctx context.Context, now time.Time, a protocol.AccountID, tv protocol.DeviceID, password string, from account.Client) error {
	return p.accounts.CheckAtTV(ctx, now, a, p.devices.Known(tv), password, from)
}

// changed tells every node that an account has a new version.
func (p *parts) changed(a protocol.AccountID, v protocol.Version) {
	p.bus.Publish(bus.Nudge{Account: a, Version: v})
}

// watched tells every node that an account's library has a new number.
func (p *parts) watched(a protocol.AccountID, number int64) {
	p.bus.Publish(bus.Nudge{Account: a, Library: number})
}

func (p *parts) openDevices(context.Context) (err error) {
	p.hub, err = hub.New(hub.Config{
		Changed: p.changedSince,
		Beat:    func(ctx context.Context) error { return p.devices.Heartbeat(ctx, p.cfg.Now(), p.node) },
		Left:    p.left,
		Pushed:  func(d time.Duration) { p.figures.push.Observe(d.Seconds()) },
		Log:     p.cfg.Log,
		Ping:    p.cfg.Ping,
	})
	if err != nil {
		return err
	}
	if err := p.openGrants(); err != nil {
		return err
	}
	if p.poller, err = poller.New(poller.Config{Mode: poller.Mode(p.cfg.Hub)}); err != nil {
		return err
	}
	p.relay = relay.New(relay.Config{Node: p.node, Bus: p.bus, TV: p.hub.Find, Log: p.cfg.Log})
	p.tvs, err = api.NewTVs(api.TVConfig{
		Devices: p.devices, Profiles: p.profiles, Grants: p.grants, Accounts: p.accounts, Hub: p.hub, Poller: p.poller, Relay: p.relay, Origins: p.origins(), Log: p.cfg.Log,
		Server: p.cfg.Name, Node: p.node, Now: p.cfg.Now, MinCap: p.cfg.MinCapability,
		Refused: p.figures.deviceRefused, Granted: p.figures.granted.Inc,
	})
	return err
}

func (p *parts) origins() api.Origins {
	return api.Origins{Trusted: p.cfg.trusted, Place: p.place, Country: p.country}
}

// maxChanged bounds one look at what changed: more accounts than change in a
// minute on one database.
const maxChanged = 200_000

func (p *parts) changedSince(ctx context.Context, since time.Time, each func(protocol.AccountID, hub.Numbers)) error {
	if err := p.checkClock(ctx); err != nil {
		return err
	}
	return p.devices.ChangedSince(ctx, since, maxChanged, func(a protocol.AccountID, v protocol.Version, library int64) {
		each(a, hub.Numbers{Version: v, Library: library})
	})
}

// left writes down connections that have ended.
func (p *parts) left(ctx context.Context, ended []hub.Departure) error {
	gone := make([]device.Gone, len(ended))
	for i, d := range ended {
		s := device.Session{Account: d.Account, Device: d.Device, Epoch: d.Epoch, Conn: d.Number}
		gone[i] = device.Gone{Session: s, LastGrant: d.Granted, LastContact: d.Contact}
	}
	return p.devices.Departed(ctx, gone)
}

func (p *parts) openBorders(context.Context) (err error) {
	p.admin, err = admin.New(admin.Config{Operators: p.staff, Origins: p.origins(), Log: p.cfg.Log, Now: p.cfg.Now})
	if err != nil {
		return err
	}
	p.api, err = api.New(api.Config{
		Accounts: p.accounts, Profiles: p.profiles, Devices: p.devices, Timeline: p.timeline,
		TVs: p.tvs, Relay: p.relay, Watch: func(a protocol.AccountID) (<-chan struct{}, func(), error) { return p.site.Watch(a) },
		Origins: p.origins(), Cookie: web.CookieName(p.cfg.secure()), Log: p.cfg.Log, Now: p.cfg.Now,
		Bounces: p.outbox.Bounces, Titles: p.title, Search: p.titles.Search,
	})
	if err != nil {
		return err
	}
	c := web.Config{
		Accounts: p.accounts, Profiles: p.profiles, Devices: p.devices, Timeline: p.timeline,
		Origins: p.origins(), Country: p.country, Log: p.cfg.Log, Now: p.cfg.Now,
		PublicURL: p.cfg.PublicURL, ServiceName: p.cfg.ServiceName, Lease: p.cfg.Lease, MaxProfiles: p.cfg.MaxProfiles,
		MinPassword: p.cfg.MinPassword, Support: p.cfg.Support, Passkeys: p.passkeys().ID != "", Bounces: p.outbox.Bounces, Titles: p.title,
		Title: p.titles.Title, Search: p.titles.Search, Relay: p.relay,
	}
	c.ReturnedSince, c.Refused = p.outbox.ReturnedSince, p.outbox.Refused
	if p.cfg.Dev {
		c.Outbox = p.outbox.Recent
	}
	p.site, err = web.New(c)
	return err
}

func (p *parts) timeline(ctx context.Context, a protocol.AccountID, before string, n int) ([]timeline.Entry, error) {
	return timeline.List(ctx, p.db, a, before, n)
}

// run starts what works in the background until ctx ends.
func (p *parts) run(ctx context.Context, running *sync.WaitGroup) {
	running.Go(func() { p.hub.Run(ctx) })
	running.Go(func() { p.tvs.Run(ctx) })
	running.Go(func() { p.endDates(ctx) })
	running.Go(func() { p.outbox.Run(ctx) })
	running.Go(func() { p.tidy(ctx) })
	running.Go(func() { p.keepDeletions(ctx) })
	running.Go(func() { p.sweep(ctx) })
	running.Go(func() { p.hooks.Run(ctx) })
	running.Go(func() { p.watchKeys(ctx) })
	running.Go(func() { p.watchAudit(ctx) })
	switch {
	case p.feed != nil:
		running.Go(func() { p.feed.Run(ctx) })
	case p.cfg.Catalog != "":
		running.Go(func() { p.watchTitles(ctx) })
	}
}

// tidyEvery is how often what nobody can use any more is removed.
const tidyEvery = time.Hour

func (p *parts) tidy(ctx context.Context) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	j := job{p: p, name: "tidy", hold: tidyEvery}
	for {
		p.refreshPlaces()
		var err error
		if j.mine(ctx, time.Now()) {
			err = p.tidyOnce(ctx)
		} else {
			err = p.accounts.CountSeen(ctx)
		}
		if err != nil && ctx.Err() == nil {
			p.cfg.Log.Error("not tidied", "error", err)
		}
		select {
		case <-ctx.Done():
			j.leave(ctx)
			if err := p.accounts.CountSeen(context.WithoutCancel(ctx)); err != nil {
				p.cfg.Log.Warn("counts of the last sign-ins lost", "error", err)
			}
			return
		case <-tick.C:
		}
	}
}

// tidyOnce removes what nobody can use any more.
func (p *parts) tidyOnce(ctx context.Context) error {
	return errors.Join(p.accounts.Tidy(ctx, p.cfg.Now()), p.devices.Tidy(ctx, p.cfg.Now()), p.profiles.Tidy(ctx, p.cfg.Now()), p.staff.Tidy(ctx, p.cfg.Now()), p.grants.Tidy(ctx, p.cfg.Now()),
		timeline.Tidy(ctx, p.db, p.cfg.Now()), p.hooks.Tidy(ctx, p.cfg.Now()))
}

// restored raises the alarm that the database is older than what devices have
// seen: a backup was restored, or a replica took over too early.
func (p *parts) restored(a protocol.AccountID, d protocol.DeviceID, v protocol.Version) {
	p.restores.Add(1)
	p.cfg.Log.Error("database is older than a device: the stricter state is kept", "account", a, "device", d, "version", v)
}

// close closes what is open, the database last. Nothing runs any more.
func (p *parts) close() {
	p.closing.Do(func() {
		if p.site != nil {
			p.site.Close()
		}
		if p.api != nil {
			p.api.CloseRemotes()
		}
		if p.relay != nil {
			p.relay.Close()
		}
		if p.poller != nil {
			_ = p.poller.Close(context.Background(), closeServiceRestart)
		}
		if p.tvs != nil {
			p.tvs.Close()
		}
		if p.smtp != nil {
			p.smtp.Close()
		}
		if p.bus != nil {
			_ = p.bus.Close()
		}
		if p.hub != nil {
			p.hub.Close()
		}
		if p.deleted.file != nil {
			p.deleted.file.Close()
		}
		if p.db == nil {
			return
		}
		if err := p.db.Close(); err != nil {
			p.cfg.Log.Error("database not closed", "error", err)
		}
	})
}
