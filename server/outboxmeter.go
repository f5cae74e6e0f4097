package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearthkey/hearthkey/server/notify"
)

// scrapeTime bounds what one look at the metrics asks of the database.
const scrapeTime = 2 * time.Second

// outboxMeter tells Prometheus how messages leave. Where the database does not
// answer it tells nothing: an absent figure is no zero.
type outboxMeter struct {
	read func(context.Context) (notify.Stats, error)
	log  *slog.Logger
}

var outboxFigures = []struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(notify.Stats) float64
}{
	{figure("hearthkey_outbox_waiting", "Messages that wait to leave."), prometheus.GaugeValue,
		func(s notify.Stats) float64 { return float64(s.Waiting) }},
	{figure("hearthkey_outbox_oldest_seconds", "Age of the oldest message that waits."), prometheus.GaugeValue,
		func(s notify.Stats) float64 { return s.Oldest.Seconds() }},
	{figure("hearthkey_outbox_set_aside", "Messages given up in the last 30 days: see outbox list."), prometheus.GaugeValue,
		func(s notify.Stats) float64 { return float64(s.SetAside) }},
	{figure("hearthkey_outbox_sent_total", "Messages that this process handed over."), prometheus.CounterValue,
		func(s notify.Stats) float64 { return float64(s.Sent) }},
	{figure("hearthkey_outbox_failures_total", "Attempts of this process that failed."), prometheus.CounterValue,
		func(s notify.Stats) float64 { return float64(s.Failed) }},
	{figure("hearthkey_outbox_set_aside_total", "Messages that this process gave up."), prometheus.CounterValue,
		func(s notify.Stats) float64 { return float64(s.GaveUp) }},
}

func figure(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }

// Describe implements [prometheus.Collector].
func (m outboxMeter) Describe(out chan<- *prometheus.Desc) {
	for _, f := range outboxFigures {
		out <- f.desc
	}
}

// Collect implements [prometheus.Collector].
func (m outboxMeter) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	stats, err := m.read(ctx)
	if err != nil {
		m.log.Warn("outbox not counted", "err", err)
		return
	}
	for _, f := range outboxFigures {
		out <- prometheus.MustNewConstMetric(f.desc, f.kind, f.of(stats))
	}
}
