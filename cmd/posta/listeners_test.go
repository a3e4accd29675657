package main

import (
	"testing"

	"posta/config"
)

// --metrics takes what the listeners' flags take, and "off" whatever the
// configuration says.
func TestMetricsFlag(t *testing.T) {
	for given, want := range map[string]string{"": "[::1]:9090", "off": "", "9091": "127.0.0.1:9091", "192.0.2.1:9092": "192.0.2.1:9092"} {
		c := config.Default()
		c.Metrics.Addr = "[::1]:9090"
		f := listenerFlags{metrics: given, given: func(string) bool { return false }}
		if fixed := f.apply(c, "127.0.0.1"); c.Metrics.Addr != want || len(fixed) != 0 {
			t.Errorf("--metrics %s: %q, not %q; fixed %q", given, c.Metrics.Addr, want, fixed)
		}
	}
}
