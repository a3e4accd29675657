package cert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/words"
)

// pair writes a new pair for a name.
func pair(t *testing.T, dir, file, name string) Pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, err := sign(key, []string{name}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := Pair{filepath.Join(dir, file+".crt"), filepath.Join(dir, file+".key")}
	put(t, p.Cert, text)
	put(t, p.Key, text)
	return p
}

func put(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// name is whose certificate the Source gives for a name.
func name(t *testing.T, s *Source, asked string) string {
	t.Helper()
	hello := &tls.ClientHelloInfo{ServerName: asked, SupportedVersions: []uint16{tls.VersionTLS13},
		SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256}}
	c, err := s.Certificate(hello)
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf.DNSNames[0]
}

func TestReload(t *testing.T) {
	dir := t.TempDir()
	p := pair(t, dir, "a", "one.example")
	synctest.Test(t, func(t *testing.T) {
		var reports []string
		s, err := New(Options{Pairs: []Pair{p}, Every: 5 * time.Second, Report: func(err error) { reports = append(reports, err.Error()) }})
		if err != nil {
			t.Fatal(err)
		}
		expect := func(want string, reported int) {
			t.Helper()
			if got := name(t, s, ""); got != want || len(reports) != reported {
				t.Fatalf("got %s and %d reports %v, want %s and %d", got, len(reports), reports, want, reported)
			}
		}
		expect("one.example", 0)
		pair(t, dir, "a", "second.example")
		expect("one.example", 0) // not looked at yet
		time.Sleep(5 * time.Second)
		expect("second.example", 0)

		put(t, p.Cert, []byte("half written"))
		for range 3 {
			time.Sleep(5 * time.Second)
			expect("second.example", 1)
		}
		put(t, p.Cert, []byte("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"))
		time.Sleep(5 * time.Second)
		expect("second.example", 2)
		if err := os.Remove(p.Key); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		expect("second.example", 3)
		pair(t, dir, "a", "third.example.net")
		time.Sleep(5 * time.Second)
		expect("third.example.net", 3)
		if strings.Contains(strings.Join(reports, " "), "PRIVATE") {
			t.Error("a report shows a key")
		}
	})
}

func TestChoosesByName(t *testing.T) {
	dir := t.TempDir()
	s, err := New(Options{Pairs: []Pair{pair(t, dir, "a", "one.example"), pair(t, dir, "b", "two.example")}})
	if err != nil {
		t.Fatal(err)
	}
	for asked, want := range map[string]string{"one.example": "one.example", "two.example": "two.example", "": "one.example", "other.example": "one.example"} {
		if got := name(t, s, asked); got != want {
			t.Errorf("%q got %s, want %s", asked, got, want)
		}
	}
	if s.SelfSigned() {
		t.Error("files are called self-signed")
	}
}

func TestBrokenAtStart(t *testing.T) {
	dir := t.TempDir()
	one, two := pair(t, dir, "one", "one.example"), pair(t, dir, "two", "two.example")
	other := filepath.Join(dir, "other.txt")
	put(t, other, []byte("no certificate"))
	es, err := words.New("es")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		pair   Pair
		en, es string
	}{
		{Pair{"nowhere.crt", "nowhere.key"}, "there is no file nowhere.crt, which should hold a certificate or its key",
			"no hay ningún archivo nowhere.crt, que debería contener un certificado o su clave"},
		{Pair{one.Cert, dir}, "cannot read " + dir + ": ", "no se puede leer " + dir + ": "},
		{Pair{other, one.Key}, other + " is not in the PEM format", other + " no está en el formato PEM"},
		{Pair{one.Cert, two.Key}, one.Cert + " and " + two.Key + " are not a certificate and its key: ",
			one.Cert + " y " + two.Key + " no son un certificado y su clave: "},
	} {
		_, err := New(Options{Pairs: []Pair{one, tt.pair}})
		if err == nil || !strings.HasPrefix(err.Error(), tt.en) || !strings.HasPrefix(es.Error(err), tt.es) {
			t.Errorf("got %v, want %s", err, tt.en)
		}
	}
	if _, err := New(Options{Pairs: []Pair{{"nowhere.crt", ""}}}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	put(t, file, nil)
	if _, err := New(Options{Dir: file}); err == nil {
		t.Error("a folder that is a file was accepted")
	}
}

func TestSelfSigned(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	o := Options{Dir: dir, Hostname: "mx.example.net", Addresses: []netip.Addr{netip.MustParseAddr("192.168.7.9")}}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if !s.SelfSigned() {
		t.Error("it is not called self-signed")
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Leaf())
	for _, who := range []string{"mx.example.net", "localhost", "127.0.0.1", "::1", "192.168.7.9"} {
		if _, err := s.Leaf().Verify(x509.VerifyOptions{Roots: roots, DNSName: who}); err != nil {
			t.Errorf("%s: %v", who, err)
		}
	}
	info, err := os.Stat(filepath.Join(dir, selfSignedFile))
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v", info.Mode())
	}
	again, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if !again.Leaf().Equal(s.Leaf()) {
		t.Error("a second start made a new certificate")
	}
	o.Hostname = "other.example.net"
	renamed, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if renamed.Leaf().Equal(s.Leaf()) || !renamed.Leaf().PublicKey.(*ecdsa.PublicKey).Equal(s.Leaf().PublicKey) {
		t.Error("a new name needs a new certificate over the same key")
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v, %v", files, err)
	}
}

func TestSelfSignedIsRenewed(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		first := s.Leaf()
		time.Sleep(validity - renewBefore - time.Hour)
		name(t, s, "")
		if !s.Leaf().Equal(first) {
			t.Error("renewed too early")
		}
		time.Sleep(2 * time.Hour)
		name(t, s, "")
		if s.Leaf().Equal(first) || time.Until(s.Leaf().NotAfter) < validity-time.Hour {
			t.Error("not renewed")
		}
	})
}

func TestDamagedSelfSignedIsReplaced(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, selfSignedFile), []byte("rubbish"))
	if _, err := New(Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
}

func TestHandshake(t *testing.T) {
	s, err := New(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Leaf())
	for version, want := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		a, b := net.Pipe()
		served := make(chan error, 1)
		go func() {
			served <- tls.Server(a, s.TLSConfig()).Handshake()
			_ = a.Close()
		}()
		err := tls.Client(b, &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: version, MaxVersion: version}).Handshake()
		_ = b.Close()
		if serverErr := <-served; (err == nil && serverErr == nil) != want {
			t.Errorf("%s: %v, %v", tls.VersionName(version), err, serverErr)
		}
	}
}
