package server

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/hearthkey/hearthkey/server/api"
)

// Bounds of one request.
const (
	readTime  = 20 * time.Second // its body
	writeTime = 30 * time.Second // its answer; streams set their own
)

// meter counts what happens, for Prometheus.
type meter struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMeter(s *Server) *meter {
	m := &meter{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hearthkey_http_requests_total", Help: "Requests by route and status.",
		}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "hearthkey_http_request_seconds", Help: "Time to answer, streams and sockets left out.",
			Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 5},
		}, []string{"route"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, outboxMeter{s.parts.outbox.Stats, s.parts.cfg.Log}, hookMeter{s.parts.hooks.Stats, s.parts.cfg}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(s.parts.figures.all()...)
	hub, tvs := s.parts.hub, s.parts.tvs
	for _, g := range []struct {
		name, help string
		read       func() float64
	}{
		{"hearthkey_devices_connected", "Devices that have proved themselves.", func() float64 { return float64(hub.Stats().Connected) }},
		{"hearthkey_devices_unproved", "Connections that have proved nothing yet.", func() float64 { return float64(tvs.Unproved()) }},
		{"hearthkey_devices_pending", "Connections that show a user code.", func() float64 { return float64(tvs.Pending()) }},
		{"hearthkey_remotes_relayed", "Browsers here that control a TV from the account page.", func() float64 { return float64(s.parts.relay.Stats().Calls) }},
		{"hearthkey_catalog_edition", "Number of the catalogue in use since the start; 0: there is none.", s.parts.catalogEdition},
		{"hearthkey_catalog_age_seconds", "Since the catalogue's address last answered; -1: it has not, or there is no address.", s.parts.feedAge},
		{"hearthkey_bus_connected", "1 while NATS is in reach, or none is needed.", func() float64 { return asNumber(s.parts.nats == nil || s.parts.nats.Connected()) }},
		{"hearthkey_clock_skew_seconds", "How far the database's clock is ahead of this machine's.", func() float64 { return time.Duration(s.parts.skew.Load()).Seconds() }},
		{"hearthkey_audit_cut", "1 after audit entries that this server had seen were gone.", func() float64 { return asNumber(s.parts.cut.Load()) }},
		{"hearthkey_fresh", "1 while the database answered within 10 s.", func() float64 { return asNumber(hub.Fresh()) }},
	} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: g.name, Help: g.help}, g.read))
	}
	for _, c := range []struct {
		name, help string
		read       func() int64
	}{
		{"hearthkey_nudges_total", "Nudges for accounts with devices here.", func() int64 { return hub.Stats().Nudges }},
		{"hearthkey_pushes_total", "Reads of the truth for a device.", func() int64 { return hub.Stats().Pushes }},
		{"hearthkey_push_failures_total", "Pushes that failed; they are tried again.", func() int64 { return hub.Stats().Failures }},
		{"hearthkey_devices_silent_total", "Devices dropped for their silence.", func() int64 { return hub.Stats().Silent }},
		{"hearthkey_catalog_failures_total", "Requests to the catalogue's address that brought none.", s.parts.feedFailures},
		{"hearthkey_restored_total", "Devices that had seen a newer version than the database holds: a restored backup.", s.parts.restores.Load},
		{"hearthkey_keys_behind_total", "Times that a device had a newer key list than this server: an old copy of the folder of keys.", s.parts.older.Load},
		{"hearthkey_store_retries_total", "Transactions that ran again for another's sake.", func() int64 { return int64(s.parts.retried()) }},
		{"hearthkey_connections_evicted_total", "Connections that had asked for nothing and gave up their place for others.", s.gate.Evicted},
		{"hearthkey_devices_superseded_total", "Connections replaced by newer ones.", func() int64 { return hub.Stats().Superseded }},
	} {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: c.name, Help: c.help},
			func() float64 { return float64(c.read()) }))
	}
	return m
}

func asNumber(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (m *meter) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// watch bounds, counts and logs every request. Only the route is logged, never
// the path, the query, a header or a body: they can hold secrets.
func (m *meter) watch(next http.Handler, cfg settings) http.Handler {
	origins := api.Origins{Trusted: cfg.trusted}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		c := http.NewResponseController(w)
		_ = c.SetWriteDeadline(begun.Add(writeTime))
		if r.ContentLength != 0 {
			_ = c.SetReadDeadline(begun.Add(readTime))
		}
		if cfg.secure() {
			w.Header().Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		out := &observed{ResponseWriter: w}
		serve(next, out, r, cfg.Log)
		took := time.Since(begun)
		status := strconv.Itoa(out.code())
		m.requests.WithLabelValues(r.Pattern, status).Inc()
		level := slog.LevelInfo
		if out.long {
			level = slog.LevelDebug
		} else {
			m.seconds.WithLabelValues(r.Pattern).Observe(took.Seconds())
		}
		cfg.Log.Log(r.Context(), level, "request", "route", r.Pattern, "method", r.Method, "status", status,
			"bytes", out.bytes, "milliseconds", took.Milliseconds(), "ip", origins.Addr(r).String())
	})
}

// serve answers a request, also where the handler panics.
func serve(next http.Handler, out *observed, r *http.Request, log *slog.Logger) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) || out.status != 0 {
			log.Error("handler panicked", "route", r.Pattern, "panic", p, "stack", string(debug.Stack()))
			panic(http.ErrAbortHandler) // the answer has begun: cut it off
		}
		api.WriteProblem(out, r, log, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
	}()
	next.ServeHTTP(out, r)
}

// observed remembers what was answered.
type observed struct {
	http.ResponseWriter
	status int
	bytes  int64
	long   bool // a stream or a socket
}

func (o *observed) code() int {
	if o.status == 0 {
		return http.StatusOK
	}
	return o.status
}

// WriteHeader implements [http.ResponseWriter].
func (o *observed) WriteHeader(status int) {
	if o.status == 0 || o.status < 200 {
		o.status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (o *observed) Write(p []byte) (int, error) {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	n, err := o.ResponseWriter.Write(p)
	o.bytes += int64(n)
	return n, err
}

// Unwrap lets [http.ResponseController] find the connection's own methods.
func (o *observed) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// Flush implements [http.Flusher]: the answer is a stream.
func (o *observed) Flush() {
	o.long = true
	_ = http.NewResponseController(o.ResponseWriter).Flush()
}

// Hijack implements [http.Hijacker]: the answer is a socket.
func (o *observed) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	o.long, o.status = true, http.StatusSwitchingProtocols
	return http.NewResponseController(o.ResponseWriter).Hijack()
}
