package main

import (
	"net"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"posta/config"
	"posta/words"
)

// listenerFlags are --smtp, --pop3 and so on: an address, a port, or "off".
type listenerFlags struct {
	values  map[string]*string
	metrics string
	given   func(name string) bool
}

func (a *app) listenerFlags(c *cobra.Command) *listenerFlags {
	f := &listenerFlags{values: map[string]*string{}, given: c.Flags().Changed}
	for _, l := range config.Default().Listeners {
		_, port, _ := net.SplitHostPort(l.Addr)
		f.values[l.Name] = c.Flags().String(l.Name, "", a.say("help.flag_listen", words.Args{"Port": port}))
	}
	c.Flags().StringVar(&f.metrics, "metrics", "", a.say("help.flag_metrics", nil))
	return f
}

// apply changes the listeners of a configuration. A bare port is on host. It
// names those that were put somewhere: they must not move by themselves.
func (f *listenerFlags) apply(c *config.Config, host string) (fixed []string) {
	usual := config.Default().Listeners
	for _, l := range usual {
		if !f.given(l.Name) {
			continue
		}
		value := *f.values[l.Name]
		at := slices.IndexFunc(c.Listeners, func(have config.Listener) bool { return have.Name == l.Name })
		switch {
		case value == "off" && at >= 0:
			c.Listeners = slices.Delete(c.Listeners, at, at+1)
			continue
		case value == "off":
			continue
		case at < 0:
			at = len(c.Listeners)
			c.Listeners = append(c.Listeners, l)
		}
		c.Listeners[at].Addr = address(value, host)
		fixed = append(fixed, l.Name)
	}
	switch f.metrics {
	case "":
	case "off":
		c.Metrics.Addr = ""
	default:
		c.Metrics.Addr = address(f.metrics, "127.0.0.1")
	}
	return fixed
}

// address completes what may be a bare port.
func address(value, host string) string {
	if value != "" && strings.Trim(value, "0123456789") == "" {
		return net.JoinHostPort(host, value)
	}
	return value
}

// portOf is the port of an address, or the address itself.
func portOf(addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return port
}
