package main

import (
	"fmt"
	"strings"

	"posta/field"
	"posta/tlsview"
)

// tlsInfo is what the records of TLS in a frame hold, as Wireshark's list has it.
func (o *overview) tlsInfo() string {
	var parts []string
	hidden := false // of a record or a message nothing more is known so far
	close := func(name string) {
		if hidden {
			parts = append(parts, name)
		}
		hidden = false
	}
	pending := ""
	for i := range o.f.Tree.Nodes {
		n := &o.f.Tree.Nodes[i]
		switch n.Def.ID {
		case field.TLSRecord:
			close(pending)
		case field.TLSRecordOpaqueType:
			hidden, pending = true, recordName(tlsview.ApplicationData)
		case field.TLSRecordContentType:
			hidden = false
			if kind := tlsview.ContentType(n.Val.Uint()); kind != tlsview.Handshake && kind != tlsview.Alert {
				parts = append(parts, recordName(kind))
			}
		case field.TLSHandshake:
			close(pending)
			hidden, pending = true, "Handshake" // encrypted, or a part of a message
		case field.TLSHandshakeType:
			hidden = false
			parts = append(parts, messageName(tlsview.MessageType(n.Val.Uint())))
		case field.TLSHandshakeExtensionsServerName:
			if last := len(parts) - 1; last >= 0 {
				parts[last] += fmt.Sprintf(" (%s)", n.Val.Octets())
			}
		case field.TLSAlertMessage:
			close(pending)
			hidden, pending = true, "Encrypted Alert"
		case field.TLSAlertMessageDesc:
			hidden = false
			parts = append(parts, "Alert: "+alertName(n.Val.Uint()))
		}
	}
	close(pending)
	return short(strings.Join(parts, ", "))
}

// carried is how many octets of mail lie inside of TLS.
func (o *overview) carried() (n int) {
	for i := range o.f.Tree.Nodes {
		if id := o.f.Tree.Nodes[i].Def.ID; id == field.SMTP || id == field.POP {
			n += int(o.f.Tree.Nodes[i].Len)
		}
	}
	return n
}

// recordName is what RFC 8446 §5.1 calls a record's content.
func recordName(kind tlsview.ContentType) string {
	switch kind {
	case tlsview.ChangeCipherSpec:
		return "Change Cipher Spec"
	case tlsview.ApplicationData:
		return "Application Data"
	case tlsview.Heartbeat:
		return "Heartbeat"
	}
	return fmt.Sprint(kind)
}

// messageName is what RFC 8446 §4 and RFC 5246 §7.4 call a message.
func messageName(kind tlsview.MessageType) string {
	names := map[tlsview.MessageType]string{0: "Hello Request", 1: "Client Hello", 2: "Server Hello", 4: "New Session Ticket", 5: "End of Early Data",
		8: "Encrypted Extensions", 11: "Certificate", 12: "Server Key Exchange", 13: "Certificate Request", 14: "Server Hello Done",
		15: "Certificate Verify", 16: "Client Key Exchange", 20: "Finished", 22: "Certificate Status", 24: "Key Update"}
	if name := names[kind]; name != "" {
		return name
	}
	return fmt.Sprint(kind)
}

// alertName is what RFC 8446 §6 and RFC 5246 §7.2 call an alert.
func alertName(kind uint64) string {
	names := map[uint64]string{0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure",
		42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
		47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error", 70: "protocol_version",
		71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation",
		109: "missing_extension", 110: "unsupported_extension", 112: "unrecognized_name", 113: "bad_certificate_status_response",
		115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol"}
	if name := names[kind]; name != "" {
		return name
	}
	return fmt.Sprint(kind)
}
