package sasl

import (
	"crypto/tls"

	"github.com/xdg-go/scram"
)

// exporter gives the tls-exporter binding of a connection (RFC 9266 §3), and
// whether it has one. crypto/tls itself refuses the exporter below TLS 1.3
// without the extended master secret, as RFC 9266 §4.2 asks.
func exporter(state *tls.ConnectionState) (scram.ChannelBinding, bool) {
	if state == nil || !state.HandshakeComplete || state.Version < tls.VersionTLS12 {
		return scram.ChannelBinding{}, false
	}
	cb, err := scram.NewTLSExporterBinding(state)
	return cb, err == nil && cb.IsSupported()
}
