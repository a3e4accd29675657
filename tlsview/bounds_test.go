package tlsview

import (
	"crypto/tls"
	"encoding/hex"
	"strings"
	"testing"
)

func TestBegins(t *testing.T) {
	for _, one := range []struct {
		octets string
		begins bool
	}{
		{"", false}, {"16", true}, {"13", false}, {"18", true}, {"19", false}, {"1603", true}, {"1602", false}, {"160304", true}, {"160305", false},
		{"1603034800", true}, {"1603034801", false}, {"1603030000", false}, {"1703030000", true}, {"323230", false},
	} {
		octets, err := hex.DecodeString(one.octets)
		if err != nil || Begins(octets) != one.begins {
			t.Errorf("%s: %v %v", one.octets, !one.begins, err)
		}
	}
	_, pieces := readTape(t, "dhe")
	hello, answer := pieces[0].octets, pieces[1].octets
	if !BeginsHello(hello) || BeginsHello(answer) || BeginsHello(hello[:5]) || !BeginsHello(hello[:20]) {
		t.Error("a ClientHello is not told from a ServerHello")
	}
}

// Sequence numbers count on beyond what one octet holds.
func TestManyRecords(t *testing.T) {
	for _, client := range []*tls.Config{{}, {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256}}} {
		var all []said
		for range 300 {
			all = append(all, said{0, "NOOP\r\n"})
		}
		tp := taped(t, client, &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}, all...)
		s := look(NewView(keysOf(tp.keys.Bytes())), tp.pieces, 0)
		s.want(t, all)
	}
}

// Of a message that is too long nothing is kept but what it takes to pass over it.
func TestLongMessage(t *testing.T) {
	v := NewView(nil)
	_, pieces := readTape(t, "dhe")
	look(v, pieces[:1], 0)
	record := append([]byte{byte(Handshake), 3, 3, 0x40, 0}, make([]byte, 1<<14)...)
	s := &seen{view: v}
	for i := range 100 {
		copy(record[HeaderLen:], []byte{0, 0, 0, 0})
		if i == 0 {
			copy(record[HeaderLen:], []byte{byte(TypeCertificate), 0x10, 0, 0})
		}
		s.look(piece{1, record}, 0)
		if v.Held() > maxMessage {
			t.Fatalf("%d octets are kept", v.Held())
		}
	}
	const behind = (100<<14 - (1<<20 + MessageHeader)) / MessageHeader // empty ones, of type 0
	if len(s.messages[1]) != behind {
		t.Errorf("%d messages behind it, not %d", len(s.messages[1]), behind)
	}
}

// Numbers that nothing fits are not looked for without end.
func TestEffortsAreBounded(t *testing.T) {
	tp := taped(t, &tls.Config{}, &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}, talk()...)
	var wrong []string
	for line := range strings.Lines(tp.keys.String()) {
		words := strings.Fields(line)
		wrong = append(wrong, words[0]+" "+words[1]+" "+strings.Repeat("0a", len(words[2])/2)+"\n")
	}
	v := NewView(keysOf([]byte(strings.Join(wrong, ""))))
	look(v, tp.pieces, 0)
	for range 4 {
		v.Lost(1, 0)
		look(v, tp.pieces[len(tp.pieces)-4:], 0)
	}
	if e := v.ends[1].efforts; e < maxEfforts || e > maxEfforts+100*(tryCost+maxFragment) {
		t.Errorf("%d octets were tried", e)
	}
}
