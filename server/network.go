package server

import (
	"net/netip"

	"posta/admin"
	"posta/config"
	"posta/smtp/smtpserver"
)

// bareLF says whether an address belongs to a network of old devices whose
// bare LF is read as CRLF.
func (h *House) bareLF(remote netip.Addr) bool {
	n := h.cfg.NetworkOf(remote)
	return n != nil && n.BareLF == config.BareNormalise
}

// leave is what a peer of a submission port is let off.
func (h *House) leave(remote netip.Addr) smtpserver.Leave {
	n := h.cfg.NetworkOf(remote)
	if n == nil {
		return smtpserver.Leave{}
	}
	return smtpserver.Leave{Network: n.String(), TLS: n.TLS == config.Optional, Login: n.Auth == config.Optional, Relay: n.Relay}
}

// clear names the network that lets a peer fetch its mail in clear text.
func (h *House) clear(remote netip.Addr) string {
	if n := h.cfg.NetworkOf(remote); n != nil && n.TLS == config.Optional {
		return n.String()
	}
	return ""
}

// networks are the configured ones, as operations show them.
func (h *House) networks() []admin.Network {
	var out []admin.Network
	for _, n := range h.cfg.Networks {
		out = append(out, admin.Network{CIDR: n.CIDR.String(), Name: n.Name, Auth: n.Auth, TLS: n.TLS, BareLF: n.BareLF, Relay: n.Relay})
	}
	return out
}
