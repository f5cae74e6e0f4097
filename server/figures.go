package server

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/bus"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// figures are counted where things happen, from before the first of them on. What has
// labels is there from the start, at zero, so that a rise is seen as one.
type figures struct {
	store    *prometheus.HistogramVec // seconds of a transaction, by kind
	failures *prometheus.CounterVec   // of the database, by kind
	nudges   *prometheus.CounterVec   // by way
	messages *prometheus.CounterVec   // by way
	push     prometheus.Histogram     // seconds
	confirm  prometheus.Histogram     // seconds from a sign-out to its proof
	events   *prometheus.CounterVec   // of accounts' timelines, by kind
	refused  *prometheus.CounterVec   // devices, by code
	granted  prometheus.Counter
	held     *prometheus.GaugeVec // background jobs, by name
}

// jobNames are the background jobs that one node of several does.
var jobNames = []string{"tidy", "end-dates", "deletions"}

// storeFaults are what the database itself may fail of, and how the figure names it.
var storeFaults = []struct {
	name string
	is   error
}{
	{"busy", store.ErrBusy}, {"io", store.ErrIO}, {"full", store.ErrFull}, {"read_only", store.ErrReadOnly}, {"damaged", store.ErrDamaged},
}

func newFigures() *figures {
	counter := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	}
	histogram := func(name, help string, buckets ...float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	}
	f := &figures{
		store: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "hearthkey_store_seconds", Help: "Time of a transaction, its wait and its repeats included.",
			Buckets: []float64{.0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, .5, 1, 5},
		}, []string{"kind"}),
		failures: counter("hearthkey_store_failures_total", "Transactions that the database failed, by why.", "why"),
		nudges:   counter("hearthkey_bus_nudges_total", "Nudges published here, and heard here from any node.", "way"),
		messages: counter("hearthkey_bus_messages_total", "Messages of the account page's remote to one node.", "way"),
		push: histogram("hearthkey_push_seconds", "From when a push begins until its devices' frames are written.",
			.0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, .5, 1, 5),
		confirm: histogram("hearthkey_sign_out_confirmed_seconds", "From the end of a TV's sign-in to its signed proof.",
			.01, .02, .05, .1, .2, .5, 1, 5, 30, 60, 300, 3600, 8*3600, 86400),
		events:  counter("hearthkey_events_total", "Entries of accounts' security timelines, by kind: sign-ins, sign-outs, confirmations, throttles.", "kind"),
		refused: counter("hearthkey_devices_refused_total", "Connections of devices that were ended with a reason.", "code"),
		granted: prometheus.NewCounter(prometheus.CounterOpts{Name: "hearthkey_leases_granted_total", Help: "Leases granted to devices."}),
		held:    prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "hearthkey_job_held", Help: "1 while this node does a background job."}, []string{"job"}),
	}
	f.begin()
	return f
}

// begin has every labelled figure at zero.
func (f *figures) begin() {
	for _, kind := range []string{"update", "view"} {
		f.store.WithLabelValues(kind)
	}
	for _, fault := range storeFaults {
		f.failures.WithLabelValues(fault.name)
	}
	for _, kind := range timeline.Kinds {
		f.events.WithLabelValues(string(kind))
	}
	for _, name := range jobNames {
		f.held.WithLabelValues(name)
	}
	for code := range protocol.Codes {
		f.refused.WithLabelValues(codeName(code))
	}
	f.nudges.WithLabelValues("published")
	f.nudges.WithLabelValues("heard")
	f.messages.WithLabelValues("sent")
	f.messages.WithLabelValues("received")
}

func (f *figures) all() []prometheus.Collector {
	return []prometheus.Collector{f.store, f.failures, f.nudges, f.messages, f.push, f.confirm, f.events, f.refused, f.granted, f.held}
}

func codeName(c protocol.Code) string { return protocol.Codes[c].Name }

// event hears of an entry in a timeline, after its commit.
func (f *figures) event(kind string) { f.events.WithLabelValues(kind).Inc() }

// deviceRefused hears of a device that was told to go.
func (f *figures) deviceRefused(c protocol.Code) { f.refused.WithLabelValues(codeName(c)).Inc() }

// meteredDriver times what a database does.
type meteredDriver struct {
	store.Driver
	f *figures
}

// Update implements store.Driver.
func (d meteredDriver) Update(ctx context.Context, fn func(store.Querier) error) error {
	return d.timed("update", func() error { return d.Driver.Update(ctx, fn) })
}

// View implements store.Driver.
func (d meteredDriver) View(ctx context.Context, fn func(store.Querier) error) error {
	return d.timed("view", func() error { return d.Driver.View(ctx, fn) })
}

func (d meteredDriver) timed(kind string, do func() error) error {
	begun := time.Now()
	err := do()
	d.f.store.WithLabelValues(kind).Observe(time.Since(begun).Seconds())
	if err == nil {
		return nil
	}
	class := d.Classify(err)
	for _, fault := range storeFaults {
		if errors.Is(err, fault.is) || class != nil && errors.Is(class, fault.is) {
			d.f.failures.WithLabelValues(fault.name).Inc()
			break
		}
	}
	return err
}

// retried is how many transactions ran again for another's sake; on SQLite none does.
func retried(d store.Driver) float64 {
	if r, ok := d.(interface{ Retried() int64 }); ok {
		return float64(r.Retried())
	}
	return 0
}

// meteredBus counts what goes over a bus.
type meteredBus struct {
	bus.Bus
	f *figures
}

// Publish implements bus.Bus.
func (b meteredBus) Publish(n bus.Nudge) {
	b.f.nudges.WithLabelValues("published").Inc()
	b.Bus.Publish(n)
}

// Subscribe implements bus.Bus.
func (b meteredBus) Subscribe(f func(bus.Nudge)) (cancel func()) {
	heard := b.f.nudges.WithLabelValues("heard")
	return b.Bus.Subscribe(func(n bus.Nudge) { heard.Inc(); f(n) })
}

// Send implements bus.Bus.
func (b meteredBus) Send(node string, data []byte) {
	b.f.messages.WithLabelValues("sent").Inc()
	b.Bus.Send(node, data)
}

// Receive implements bus.Bus.
func (b meteredBus) Receive(node string, f func([]byte)) (cancel func()) {
	received := b.f.messages.WithLabelValues("received")
	return b.Bus.Receive(node, func(data []byte) { received.Inc(); f(data) })
}

// holding notes whether this node does a job.
func (f *figures) holding(job string, held bool) {
	if f != nil {
		f.held.WithLabelValues(job).Set(asNumber(held))
	}
}
