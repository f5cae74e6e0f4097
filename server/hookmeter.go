package server

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearthkey/hearthkey/server/store"
)

// hookMeter tells Prometheus how webhooks do. Where the database does not answer
// it tells nothing.
type hookMeter struct {
	read func(context.Context) (store.WebhookCount, error)
	cfg  settings
}

var (
	hooksWaiting  = figure("hearthkey_webhook_waiting", "Events that wait for webhooks.")
	hooksOldest   = figure("hearthkey_webhook_oldest_seconds", "Age of the oldest event that waits for a webhook.")
	hooksSetAside = figure("hearthkey_webhook_set_aside", "Events given up in the last 30 days: see webhook failed.")
)

// Describe implements [prometheus.Collector].
func (m hookMeter) Describe(out chan<- *prometheus.Desc) {
	out <- hooksWaiting
	out <- hooksOldest
	out <- hooksSetAside
}

// Collect implements [prometheus.Collector].
func (m hookMeter) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	c, err := m.read(ctx)
	if err != nil {
		m.cfg.Log.Warn("webhooks not counted", "err", err)
		return
	}
	oldest := 0.0
	if !c.Oldest.IsZero() {
		oldest = max(0, m.cfg.Now().Sub(c.Oldest).Seconds())
	}
	out <- prometheus.MustNewConstMetric(hooksWaiting, prometheus.GaugeValue, float64(c.Waiting))
	out <- prometheus.MustNewConstMetric(hooksOldest, prometheus.GaugeValue, oldest)
	out <- prometheus.MustNewConstMetric(hooksSetAside, prometheus.GaugeValue, float64(c.SetAside))
}
