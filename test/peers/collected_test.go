//go:build whole && others && linux

package peers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/config"
)

// withTLS is what makes the adapter's Dovecot serve POP3S at its first port, and
// STLS; $1 is a file with certificate and key.
const withTLS = `cat >>"$BENCH_DIR/dovecot.conf" <<EOF
ssl = yes
ssl_cert = <%[1]s
ssl_key = <%[1]s
service pop3-login {
  inet_listener pop3s {
    port = $BENCH_PORT
    ssl = yes
  }
}
EOF
`

// certificate makes one for 127.0.0.1 that is its own issuer, and gives a file
// with it and its key, and the certificate alone.
func certificate(t *testing.T) (file, ca string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	ca = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	file = filepath.Join(t.TempDir(), "dovecot.pem")
	if err := os.WriteFile(file, []byte(ca+string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, ca
}

// lie counts the messages that lie in pepe's Maildir.
func (o *other) lie(t *testing.T) int {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(o.dir, "mail", "pepe", "*", "[0-9]*.x*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// collecting is one entry of posta's, and the world in which it is.
type collecting struct {
	*world
	entry admin.Collected
}

func (w *world) collect(wish admin.CollectWish) *collecting {
	w.t.Helper()
	c := &collecting{world: w}
	wish.Way, wish.User, wish.Password = "pop3", "pepe@bench.test", "benchpass"
	w.call("collect.add", wish, &c.entry)
	return c
}

// run collects, and wants so many messages to come and to stay.
func (c *collecting) run(messages, left int) {
	c.t.Helper()
	c.call("collect.run", admin.ByID{ID: c.entry.ID}, &c.entry)
	if e := c.entry; e.Messages != messages || e.Left != left || e.Failure != "" {
		c.t.Fatalf("%d messages came and %d stayed (%s), want %d and %d: %+v\n%s", e.Messages, e.Left, e.Failure, messages, left, e.Stayed, c.story())
	}
}

// drop ends it: one mailbox is collected into an account once.
func (c *collecting) drop() {
	c.t.Helper()
	c.call("collect.remove", admin.ByID{ID: c.entry.ID}, nil)
}

// posta collects what Dovecot has: by POP3S and by STLS, each message once also
// behind a restart, and what it leaves there is what it says.
func TestDovecotCollected(t *testing.T) {
	file, ca := certificate(t)
	o := otherServer(t, "dovecot-maildir", "root/usr/sbin/dovecot", "MORE="+fmt.Sprintf(withTLS, file))
	data := t.TempDir()
	kept := admin.CollectWish{Host: o.at(0), TLS: "implicit", CA: ca, Account: pepe, Keep: true}
	const first, second = "From: a@x.test\r\nSubject: uno\r\n\r\n.dot\r\n", "From: a@x.test\r\nSubject: dos\r\n\r\nx\r\n"
	o.deliver(t, "1.a.x", strings.ReplaceAll(first, "\r\n", "\n"))
	var entry admin.Collected
	t.Run("POP3S, kept", func(t *testing.T) {
		c := opened(t, data).collect(kept)
		c.run(1, 0)
		if before, _ := prefix(c.arrived(pepe, first)); !strings.HasPrefix(before, "Return-Path: <>\r\n") {
			t.Errorf("a bounce has somewhere to go: %s", before)
		}
		c.run(0, 0)
		entry = c.entry
	})
	t.Run("behind a restart", func(t *testing.T) {
		c := &collecting{opened(t, data), entry}
		o.deliver(t, "2.b.x", strings.ReplaceAll(second, "\r\n", "\n"))
		c.run(1, 0)
		c.arrived(pepe, second)
		if n := o.lie(t); n != 2 {
			t.Errorf("%d messages lie at Dovecot, want 2", n)
		}
		c.drop()
	})
	t.Run("STLS, deleted", func(t *testing.T) {
		c := opened(t, data).collect(admin.CollectWish{Host: o.at(2), TLS: "required", CA: ca, Account: gorka})
		c.run(2, 0)
		if n := o.lie(t); n != 0 || len(c.inbox(gorka)) != 2 {
			t.Errorf("%d messages lie at Dovecot, and %d came", n, len(c.inbox(gorka)))
		}
		c.empty(gorka)
	})
	t.Run("not believed", func(t *testing.T) {
		w := opened(t, data)
		for _, wish := range []admin.CollectWish{{Host: o.at(2)}, {Host: o.at(2), TLS: "required"}, {Host: o.at(0), TLS: "implicit"}} {
			wish.Account = pepe
			c := w.collect(wish)
			c.call("collect.run", admin.ByID{ID: c.entry.ID}, &c.entry)
			if c.entry.Failure != "the certificate is no proof: nobody known has signed it" {
				t.Errorf("%+v: %q", wish, c.entry.Failure)
			}
			c.drop()
		}
		var log []byte
		logins := func() int {
			var err error
			if log, err = os.ReadFile(filepath.Join(o.dir, "dovecot.log")); err != nil {
				t.Fatal(err)
			}
			return strings.Count(string(log), "Login: user=<pepe@bench.test>")
		}
		if soon(func() bool { return logins() >= 4 }); logins() != 4 { // a process of Dovecot's writes it, when it comes to that
			t.Errorf("the password came %d times, want 4\n%s", logins(), log)
		}
	})
	t.Run("what stays", func(t *testing.T) { stay(t, opened(t, data), o, ca) })
}

// opened is a posta on data that may be there.
func opened(t *testing.T, data string) *world {
	return start(t, config.ModeStrict, func(c *config.Config) { c.Data = data })
}

// stay collects what cannot all be filed.
func stay(t *testing.T, w *world, o *other, ca string) {
	most, quota := int64(50_000), int64(35_000)
	w.call("domain.set", admin.DomainChange{Name: "servidor.es", MaxMessage: &most}, nil)
	w.call("account.set", admin.AccountChange{Address: usuario, Quota: &quota}, nil)
	text := func(about string, size int) string {
		return about + "From: Eva <eva@far.test>\n\n" + strings.Repeat(strings.Repeat("x", 70)+"\n", size/71)
	}
	o.deliver(t, "3.fits.x", text("", 20_000))
	o.deliver(t, "4.full.x", text("", 20_000))
	o.deliver(t, "5.large.x", text("", 60_000))
	o.deliver(t, "6.loop.x", text(strings.Repeat("Received: from a by b; Thu, 1 Jan 2026 00:00:00 +0000\n", 200), 0))
	c := w.collect(admin.CollectWish{Host: o.at(2), CA: ca, Account: usuario})
	c.run(1, 3)
	var why []string
	for _, one := range c.entry.Stayed {
		if one.From != "eva@far.test" || one.UIDL == "" || one.Size < 100 {
			t.Errorf("%+v", one)
		}
		why = append(why, one.Why)
	}
	want := []string{"the mailbox here is full", "it is larger than what is taken here", "it goes round in a circle, or came through too many servers"}
	if !slices.Equal(why, want) {
		t.Errorf("%q", why)
	}
	quota = 0
	w.call("account.set", admin.AccountChange{Address: usuario, Quota: &quota}, nil)
	c.run(1, 2)
	if n := o.lie(t); n != 2 || len(w.inbox(usuario)) != 2 {
		t.Errorf("%d messages lie at Dovecot, and %d came", n, len(w.inbox(usuario)))
	}
	if n := w.waiting(); n != 0 {
		t.Errorf("somebody is told: %d messages wait", n)
	}
}

// A password goes in clear only where that is said.
func TestDovecotCollectedInClear(t *testing.T) {
	o := otherServer(t, "dovecot-maildir", "root/usr/sbin/dovecot")
	w := start(t, config.ModeStrict)
	for _, security := range []string{"", "required"} {
		c := w.collect(admin.CollectWish{Host: o.at(2), TLS: security, Account: pepe})
		c.call("collect.run", admin.ByID{ID: c.entry.ID}, &c.entry)
		if !strings.HasPrefix(c.entry.Failure, "the server ") {
			t.Errorf("%q: %q", security, c.entry.Failure)
		}
		c.drop()
	}
	o.deliver(t, "1.a.x", "Subject: uno\n\nx\n")
	w.collect(admin.CollectWish{Host: o.at(2), TLS: "none", Account: pepe}).run(1, 0)
	w.arrived(pepe, "Subject: uno\r\n\r\nx\r\n")
}
