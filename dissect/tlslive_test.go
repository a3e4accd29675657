package dissect

import (
	"os"
	"strings"
	"testing"

	"posta/event"
	"posta/field"
)

var liveTLS = []field.ID{field.TLSHandshakeType, field.TLSHandshakeCiphersuite, field.TLSRecordContentType, field.SMTPReqCommand}

// Of a live session that is kept as it came the handshake is told, as of a
// capture, and of text inside TLS that it lay in a record.
func TestLiveHandshake(t *testing.T) {
	_, pieces := tape(t, "aes256")
	file, err := os.ReadFile("../tlsview/testdata/aes256.tape")
	if err != nil {
		t.Fatal(err)
	}
	var keys strings.Builder
	for line := range strings.Lines(string(file)) {
		if key, ok := strings.CutPrefix(line, "key "); ok {
			keys.WriteString(key)
		}
	}
	s := newSession(t, opened("smtp"), liveTLS...)
	s.say(client, inside, "STARTTLS\r\n")
	s.say(server, inside, "220 go\r\n")
	s.d.Feed(&event.Event{Conn: 1, Kind: event.Keys, Data: []byte(keys.String())})
	s.play(pieces[:6])
	s.d.Feed(&event.Event{Conn: 1, Kind: event.Secure, Fact: event.Secured{Version: "TLSv1.3", Cipher: "TLS_AES_256_GCM_SHA384"}})
	s.play(pieces[6:]) // application data, which is told as text
	s.say(client, inside, "NOOP\r\n")
	told := s.lines()
	for _, want := range []string{"smtp.req.command=STARTTLS \n", "tls.handshake.type=1 ", "tls.handshake.type=2 ", "tls.handshake.ciphersuite=4866 ",
		"tls.handshake.type=11 ", "tls.record.content_type=23 smtp.req.command=NOOP"} {
		if !strings.Contains(told, want) {
			t.Errorf("no %q in\n%s", want, told)
		}
	}
	if n := strings.Count(told, "tls.handshake.type=1 "); n != 1 || strings.Count(told, "NOOP") != 1 {
		t.Errorf("told twice:\n%s", told)
	}
	s.d.Feed(&event.Event{Conn: 1, Kind: event.Close})
	if s.d.secured != 0 {
		t.Errorf("%d octets are kept", s.d.secured)
	}
}

// Of a masked one, whose ciphertext is not kept, it is told what is known.
func TestLiveHandshakeMasked(t *testing.T) {
	s := newSession(t, opened("smtp"), append(liveTLS, field.TLSHandshakeVersion, field.TLSHandshakeExtensionsSupportedVersion, field.TLSHandshakeExtensionsServerName)...)
	s.say(client, inside, "STARTTLS\r\n")
	s.d.Feed(&event.Event{Conn: 1, Kind: event.Secure, Fact: event.Secured{Version: "TLSv1.3", Cipher: "TLS_AES_128_GCM_SHA256", ServerName: "mail.example"}})
	s.say(client, inside, "NOOP\r\n")
	s.wantLines(`
smtp.req.command=STARTTLS 
tls.handshake.type=1 tls.handshake.type=2 tls.handshake.version=771 tls.handshake.extensions.supported_version=772 tls.handshake.ciphersuite=4865 tls.handshake.extensions_server_name=mail.example 
tls.record.content_type=23 smtp.req.command=NOOP`)
	s = newSession(t, opened("smtp"), liveTLS...)
	s.d.Feed(&event.Event{Conn: 1, Kind: event.Secure, Fact: event.Secured{Version: "TLSv1.2", Cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"}})
	s.wantLines("tls.handshake.type=1 tls.handshake.type=2 tls.handshake.ciphersuite=49199")
}

// Nobody who asks for nothing of TLS pays for it, and a loss of ciphertext is
// none of the text.
func TestLiveCiphertextLost(t *testing.T) {
	_, pieces := tape(t, "aes256")
	s := newSession(t, opened("smtp"), field.SMTPReqCommand)
	s.play(pieces)
	s.say(client, inside, "EHLO x\r\nMA")
	s.d.Feed(&event.Event{Conn: 1, Kind: event.Gap, Layer: event.Wire, Dir: client, Len: 1000})
	s.say(client, inside, "IL FROM:<>\r\n")
	if s.d.conns[1].secure != nil {
		t.Error("it is followed")
	}
	s.wantLines("smtp.req.command=EHLO \nsmtp.req.command=MAIL")
}
