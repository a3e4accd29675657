package main

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"posta/admin"
	"posta/config"
	"posta/words"
)

// The protocols of targets.
const (
	protoSMTP = "smtp"
	protoPOP3 = "pop3"
)

// target is a server that a person wants to speak to, and how.
type target struct {
	Protocol string `json:"protocol"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
	TLS      bool   `json:"tls,omitempty"`      // from the first octet
	StartTLS bool   `json:"starttls,omitempty"` // after the greeting
}

// address is HOST:PORT, as net.Dial takes it.
func (t target) address() string { return net.JoinHostPort(t.Host, strconv.Itoa(t.Port)) }

// parseHost takes "HOST", "HOST:PORT", "::1", "[::1]" and "[::1]:PORT" apart. No
// port is 0.
func parseHost(text string) (host string, port int, err error) {
	wrong := usage(words.Fail("dial.target", words.Args{"Target": text}))
	if _, err := netip.ParseAddr(text); err == nil {
		return text, 0, nil
	}
	if inner, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inner, "]") {
		text = strings.TrimSuffix(inner, "]")
		if _, err := netip.ParseAddr(text); err != nil {
			return "", 0, wrong
		}
		return text, 0, nil
	}
	if !strings.Contains(text, ":") {
		if text == "" || strings.ContainsAny(text, " /@") {
			return "", 0, wrong
		}
		return text, 0, nil
	}
	host, digits, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return "", 0, wrong
	}
	if port, err = strconv.Atoi(digits); err != nil || port < 1 || port > 65535 {
		return "", 0, wrong
	}
	return host, port, nil
}

// isOwnHost says that a host is this computer by its usual names.
func isOwnHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// complete fills in what was left open: the host is this computer, and there
// host and port are those at which this user's server listens, if one runs.
func (a *app) complete(ctx context.Context, t *target) {
	if t.Host == "" {
		t.Host = "localhost"
	}
	if t.Port != 0 {
		return
	}
	if isOwnHost(t.Host) {
		if l, ok := a.ownListener(ctx, *t); ok {
			t.Port = l.Port
			if t.Host == "localhost" {
				t.Host = reachedAt(l)
			}
			return
		}
	}
	t.Port = usualPort(t.Protocol, t.TLS)
}

// reachedAt is the host at which this computer reaches a listener of its own:
// its name, wherever that leads there.
func reachedAt(l admin.Listener) string {
	at, err := netip.ParseAddrPort(l.Address)
	if err != nil {
		return "localhost"
	}
	switch ip := at.Addr().Unmap(); ip {
	case netip.IPv4Unspecified(), netip.IPv6Unspecified(), netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback():
		return "localhost"
	default:
		return ip.String()
	}
}

func usualPort(protocol string, implicit bool) int {
	switch {
	case protocol == protoPOP3 && implicit:
		return 995
	case protocol == protoPOP3:
		return 110
	case implicit:
		return 465
	}
	return 25
}

// ownPorts are those of the running server at which a target's protocol is
// spoken, where it is this computer.
func (a *app) ownPorts(ctx context.Context, t target) (ports []int) {
	if !isOwnHost(t.Host) {
		return nil
	}
	for _, l := range a.ownListeners(context.WithoutCancel(ctx)) {
		if (l.Service == config.POP3) == (t.Protocol == protoPOP3) && !slices.Contains(ports, l.Port) {
			ports = append(ports, l.Port)
		}
	}
	return ports
}

// ownListeners are those of this user's running server; none where none runs.
func (a *app) ownListeners(ctx context.Context) []admin.Listener {
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	client, err := a.server(ctx)
	if err != nil {
		return nil
	}
	var status admin.Status
	if err := client.Call(ctx, "status", admin.None{}, &status); err != nil {
		return nil
	}
	return status.Listeners
}

// ownListener is the one of the running server that a target means.
func (a *app) ownListener(ctx context.Context, t target) (admin.Listener, bool) {
	for _, l := range a.ownListeners(ctx) {
		if l.Service == config.ODMR { // not what anybody means who names no port
			continue
		}
		pop := l.Service == config.POP3
		if pop == (t.Protocol == protoPOP3) && (l.TLS == config.TLSImplicit) == t.TLS {
			return l, true
		}
	}
	return admin.Listener{}, false
}
