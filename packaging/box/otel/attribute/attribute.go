// Package attribute stands in for OpenTelemetry's: see package otel beside it.
package attribute

// KeyValue is nothing.
type KeyValue struct{}

// Int returns nothing.
func Int(string, int) KeyValue { return KeyValue{} }

// String returns nothing.
func String(string, string) KeyValue { return KeyValue{} }
