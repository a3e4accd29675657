package tlsview

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// talk is what most tests let the ends say.
func talk() []said {
	return []said{{1, "220 here\r\n"}, {0, "EHLO x\r\n"}, {1, strings.Repeat("250 long\r\n", 5000)}, {0, "QUIT\r\n"}, {1, "221 bye\r\n"}}
}

func (s *seen) want(t *testing.T, all []said) {
	t.Helper()
	var want [2]string
	for _, one := range all {
		want[one.from] += one.text
	}
	for from := range want {
		if s.text[from] != want[from] {
			t.Errorf("end %d said %.80q (%d), not %.80q (%d)", from, s.text[from], len(s.text[from]), want[from], len(want[from]))
		}
	}
}

// Every suite that can be opened is, at every way to cut the stream.
func TestSuites(t *testing.T) {
	for _, one := range []struct {
		suite uint16
		rsa   bool
	}{
		{tls.TLS_AES_128_GCM_SHA256, false}, {tls.TLS_RSA_WITH_AES_128_GCM_SHA256, true}, {tls.TLS_RSA_WITH_AES_256_GCM_SHA384, true},
		{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, false}, {tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, false},
		{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, true}, {tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, true},
		{tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305, true}, {tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305, false},
	} {
		t.Run(tls.CipherSuiteName(one.suite), func(t *testing.T) {
			client := &tls.Config{ServerName: "mail.example.net", NextProtos: []string{"smtp", "x"}}
			version := TLS13
			if one.suite != tls.TLS_AES_128_GCM_SHA256 {
				client.MaxVersion, client.CipherSuites, version = tls.VersionTLS12, []uint16{one.suite}, TLS12
			}
			server := &tls.Config{Certificates: []tls.Certificate{certificate(t, one.rsa)}, NextProtos: []string{"smtp"}}
			if version == TLS12 {
				server.CipherSuites = client.CipherSuites
			}
			tp := taped(t, client, server, talk()...)
			for _, cut := range []int{0, 1, 7, 1460} {
				s := look(NewView(keysOf(tp.keys.Bytes())), tp.pieces, cut)
				s.want(t, talk())
				got := s.view.Session()
				if got.Version != version || got.Suite != one.suite || got.ServerName != "mail.example.net" || got.ALPN != "smtp" ||
					got.Client != 0 || got.Offered != version || got.Hidden != 0 || got.Resumed || got.Retry {
					t.Errorf("cut at %d: %+v", cut, got)
				}
				if !got.Alerted || got.Alert != 0 {
					t.Errorf("cut at %d: no close_notify: %+v", cut, got)
				}
				if s.view.Held() != 0 {
					t.Errorf("cut at %d: %d octets are kept", cut, s.view.Held())
				}
			}
			none := look(NewView(nil), tp.pieces, 0)
			if got := none.view.Session(); none.text != [2]string{} || got.Opened != 0 || got.Obstacle != NoKeys || none.hidden == 0 {
				t.Errorf("without keys: %+v", got)
			}
		})
	}
}

// Messages of the handshake are whole, also where their records are not.
func TestMessages(t *testing.T) {
	var names []string
	for i := range 900 {
		names = append(names, fmt.Sprintf("host%03d.some.where.example.net", i))
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		server := &tls.Config{Certificates: []tls.Certificate{certificate(t, false, names...)}, MaxVersion: version}
		tp := taped(t, &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(4)}, server)
		s := look(NewView(keysOf(tp.keys.Bytes())), tp.pieces, 100)
		want := []MessageType{TypeServerHello, TypeCertificate, TypeServerKeyExchange, 14, TypeFinished}
		if version == tls.VersionTLS13 {
			want = []MessageType{TypeServerHello, TypeEncryptedExtensions, TypeCertificate, TypeCertificateVerify, TypeFinished, TypeNewSessionTicket}
		}
		if got := slices.DeleteFunc(s.messages[1], func(m MessageType) bool { return m == TypeNewSessionTicket && version == tls.VersionTLS12 }); !slices.Equal(got, want) {
			t.Errorf("%x: the server says %d, not %d", version, got, want)
		}
	}
}

// A server that wants another group asks for another hello.
func TestRetry(t *testing.T) {
	client := &tls.Config{CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP384}}
	server := &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP384}, Certificates: []tls.Certificate{certificate(t, false)}}
	tp := taped(t, client, server, talk()...)
	s := look(NewView(keysOf(tp.keys.Bytes())), tp.pieces, 0)
	s.want(t, talk())
	if !s.view.Session().Retry || s.hidden != 0 {
		t.Errorf("%+v", s.view.Session())
	}
}

// An earlier session goes on, in both versions. Go logs no key of the later one
// in TLS 1.2: it is opened where the earlier one was seen.
func TestResumed(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client := &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(4), ServerName: "mail.example.net"}
		server := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}, MaxVersion: version}
		k := NewKeyLog()
		for i := range 3 {
			tp := taped(t, client, server, talk()...)
			k.Add(tp.keys.Bytes())
			s := look(NewView(k), tp.pieces, 0)
			s.want(t, talk())
			if s.view.Session().Resumed != (i > 0) {
				t.Errorf("%x, %d: %+v", version, i, s.view.Session())
			}
		}
	}
}

// The client may be either end.
func TestClientIsEitherEnd(t *testing.T) {
	tp := taped(t, &tls.Config{}, &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}, talk()...)
	for i := range tp.pieces {
		tp.pieces[i].from = 1 - tp.pieces[i].from
	}
	s := look(NewView(keysOf(tp.keys.Bytes())), tp.pieces, 0)
	if s.view.Session().Client != 1 || !strings.HasPrefix(s.text[1], "EHLO x") || s.hidden != 0 {
		t.Errorf("%+v %.80q", s.view.Session(), s.text)
	}
}

// Wherever octets are lost, what comes behind is opened: all of it but for the
// record that was cut.
func TestLoss(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		all := []said{{1, "220 here\r\n"}, {0, "EHLO x\r\n"}, {1, strings.Repeat("250 long\r\n", 500)}, {0, "NOOP\r\n"}, {1, "250 ok\r\n"}, {0, "QUIT\r\n"}, {1, "221 bye\r\n"}}
		tp := taped(t, &tls.Config{MaxVersion: version}, &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}, all...)
		for lost := range tp.pieces {
			for _, kept := range []int{0, 3, 5, 20} {
				p := tp.pieces[lost]
				if kept >= len(p.octets) {
					continue
				}
				s := look(NewView(keysOf(tp.keys.Bytes())), tp.pieces[:lost], 0)
				s.look(piece{p.from, p.octets[:kept]}, 0)
				s.view.Lost(p.from, int64(len(p.octets)-kept))
				hello := s.view.Session().Version == 0 // without both hellos nothing can be opened
				for _, one := range tp.pieces[lost+1:] {
					s.look(one, 0)
				}
				if !hello && !strings.HasSuffix(s.text[1], "221 bye\r\n") && lost < len(tp.pieces)-3 {
					t.Errorf("%x: piece %d of %d from octet %d: the server said %.80q", version, lost, len(tp.pieces), kept, s.text[1])
				}
				if hello && s.text != [2]string{} {
					t.Errorf("%x: piece %d: opened without a hello: %.80q", version, lost, s.text)
				}
			}
		}
	}
}

// Keys that come late open what follows.
func TestLateKeys(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		tp := taped(t, &tls.Config{MaxVersion: version}, &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}, talk()...)
		k := NewKeyLog()
		s := &seen{view: NewView(k)}
		for i, p := range tp.pieces {
			if i == len(tp.pieces)-4 {
				k.Add(tp.keys.Bytes())
			}
			s.look(p, 0)
		}
		if !strings.HasSuffix(s.text[0], "QUIT\r\n") || !strings.HasSuffix(s.text[1], "221 bye\r\n") || strings.Contains(s.text[0], "EHLO") {
			t.Errorf("%x: %.80q", version, s.text)
		}
	}
}

// Without the handshake's secrets application data is opened all the same.
func TestTrafficSecretsAlone(t *testing.T) {
	tp := taped(t, &tls.Config{}, &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}, talk()...)
	var kept strings.Builder
	for line := range strings.Lines(tp.keys.String()) {
		if !strings.Contains(line, "HANDSHAKE") {
			kept.WriteString(line)
		}
	}
	s := look(NewView(keysOf([]byte(kept.String()))), tp.pieces, 0)
	s.want(t, talk())
	if s.hidden == 0 {
		t.Error("the handshake was opened")
	}
}

// Of what begins in the middle there are records, and nothing is made up.
func TestMiddle(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		tp := taped(t, &tls.Config{MaxVersion: version}, &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}, talk()...)
		s := look(NewView(keysOf(tp.keys.Bytes())), tp.pieces[len(tp.pieces)-6:], 0)
		if got := s.view.Session(); got.Obstacle != NoHello || s.records < 4 || s.text != [2]string{} || got.Opened > 0 {
			t.Errorf("%x: %+v, %d records", version, got, s.records)
		}
	}
}

// A wrong key opens nothing, and says so.
func TestWrongKeys(t *testing.T) {
	tp := taped(t, &tls.Config{}, &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}, talk()...)
	wrong := strings.NewReplacer("a", "b", "1", "2").Replace
	var lines []string
	for line := range strings.Lines(tp.keys.String()) {
		words := strings.Fields(line)
		lines = append(lines, words[0]+" "+words[1]+" "+wrong(words[2])+"\n")
	}
	s := look(NewView(keysOf([]byte(strings.Join(lines, "")))), tp.pieces, 0)
	if got := s.view.Session(); s.text != [2]string{} || got.Obstacle != Misfit {
		t.Errorf("%+v", got)
	}
}
