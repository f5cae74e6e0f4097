// Package otel stands in for OpenTelemetry in the program for a box: Badger begins
// a span at each compaction, and a TV has nobody to tell. All of it does nothing,
// from any goroutine. It has what Badger's code uses and nothing else, so a Badger
// that uses more does not compile, which is its test.
package otel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
)

// NoTracer makes spans that are not kept.
type NoTracer struct{}

// Span is not kept.
type Span struct{}

// Tracer returns the only tracer.
func Tracer(string) NoTracer { return NoTracer{} }

// Start returns ctx and a span.
func (NoTracer) Start(ctx context.Context, _ string) (context.Context, Span) {
	return ctx, Span{}
}

// SetAttributes does nothing.
func (Span) SetAttributes(...attribute.KeyValue) {}

// AddEvent does nothing.
func (Span) AddEvent(string) {}

// End does nothing.
func (Span) End() {}
