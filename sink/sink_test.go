package sink_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"posta/directory"
	"posta/mail"
	"posta/mailroom"
	"posta/sasl"
	"posta/sink"
	"posta/store"
	"posta/store/sqldb"
)

// world is a sink over a store in a folder.
type world struct {
	*testing.T
	*sink.Sink
	db   *sqldb.DB
	room *mailroom.Room
}

func open(t *testing.T, dir string, o sink.Options) *world {
	t.Helper()
	db, err := sqldb.Open(t.Context(), dir, sqldb.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	d, err := directory.New(db.Directory(), directory.Options{Cost: directory.Cost{Memory: 8, Time: 1, Iterations: 4096}})
	if err != nil {
		t.Fatal(err)
	}
	o.Store, o.Canonical = db, d.Canonical
	s, err := sink.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, s, db, mailroom.New(mailroom.Config{Hostname: "localhost", Directory: s.People(), Store: s})}
}

// send files a message to some recipients.
func (w *world) send(subject string, to ...string) {
	w.Helper()
	letter, err := w.room.Begin(context.Background(), mail.Origin{Mode: mail.Lab}, mail.Envelope{From: address(w.T, "app@example.org")})
	if err != nil {
		w.Fatal(err)
	}
	for _, one := range to {
		if err := letter.Rcpt(context.Background(), mail.Recipient{To: address(w.T, one)}); err != nil {
			w.Fatal(one, err)
		}
	}
	if _, err := io.WriteString(letter, "Subject: "+subject+"\r\n\r\nx\r\n"); err != nil {
		w.Fatal(err)
	}
	r, err := letter.Commit(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	for _, d := range r.To {
		if d.UID == 0 || d.Account != w.view(d.Recipient) {
			w.Errorf("the receipt says %+v", d)
		}
	}
}

func address(t *testing.T, s string) mail.Address {
	t.Helper()
	if !strings.Contains(s, "@") {
		return mail.Address{Local: s}
	}
	a, err := mail.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// subjects are those of a recipient's messages, or of all with "".
func (w *world) subjects(who string) []string {
	w.Helper()
	account := w.view(who)
	entries, err := w.List(w.Context(), account)
	if err != nil {
		w.Fatal(err)
	}
	r := w.Reader(account)
	defer r.Close()
	out := []string{}
	for i, e := range entries {
		var text strings.Builder
		if err := r.WriteTo(w.Context(), &text, e, entries[i+1:]); err != nil {
			w.Fatal(err)
		}
		_, rest, _ := strings.Cut(text.String(), "Subject: ")
		subject, _, _ := strings.Cut(rest, "\r\n")
		out = append(out, subject)
	}
	return out
}

func (w *world) view(who string) int64 {
	w.Helper()
	if who == "" {
		return sink.Everyone
	}
	account, _, err := w.Mailbox(who)
	if err != nil {
		w.Fatal(err)
	}
	return account
}

func (w *world) has(who string, want ...string) {
	w.Helper()
	if got := w.subjects(who); !slices.Equal(got, want) {
		w.Errorf("%q has %q, want %q", who, got, want)
	}
}

func TestViews(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, sink.Options{})
	w.send("one", "Ana@Example.NET", "bob@x.org", "ANA@example.net")
	w.send("two", "bob@x.org", "root", "ñandú@españa.es")
	w.has("ana@EXAMPLE.net", "one")
	w.has("bob@x.org", "one", "two")
	w.has("root@localhost", "two")
	w.has("root", "two")
	w.has("Ñandú@xn--espaa-rta.es", "two")
	w.has("nobody@x.org")
	w.has("", "one", "one", "two", "two", "two")
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}

	w = open(t, dir, sink.Options{Home: "example.net"}) // again, with what there was
	w.send("three", "ana")
	w.has("ana@example.net", "one", "three")
	if u, err := w.Usage(t.Context(), w.view("ana")); err != nil || u.Messages != 2 || u.Bytes == 0 {
		t.Errorf("usage %+v, %v", u, err)
	}
	if _, _, err := w.Mailbox("two words@x.org"); err == nil {
		t.Error("that is no address")
	}
	if _, err := w.db.Usage(t.Context(), 1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an account was made: %v", err)
	}
}

// The oldest go first, and nothing beyond the bound is shown, whatever still
// lies in the store; that is bounded too.
func TestBound(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, sink.Options{Max: 16})
	for i := range 40 {
		w.send(fmt.Sprint(i), "a@x.org", "b@x.org")
		all := w.subjects("")
		if len(all) != min(2*i+2, 16) {
			t.Fatalf("after %d: %q", i, all)
		}
		lies, err := w.db.List(t.Context(), 1<<62)
		if err != nil || len(lies) > 18 {
			t.Fatalf("%d lie in the store, %v", len(lies), err)
		}
	}
	w.send("40", "c@x.org")
	w.has("c@x.org", "40")
	if err := w.Remove(t.Context(), store.Lease{}, []uint32{81}); err != nil { // what has gone stays gone
		t.Error(err)
	}
	if all := w.subjects(""); len(all) != 15 || all[0] != "32" {
		t.Errorf("%q", all)
	}
	w.has("b@x.org", "32", "33", "34", "35", "36", "37", "38", "39")
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	w = open(t, dir, sink.Options{Max: 3}) // fewer from now on
	w.has("", "38", "39", "39")
	w.send("40", "c@x.org")
	w.has("", "39", "39", "40")
}

func TestManyAtOnce(t *testing.T) {
	w := open(t, t.TempDir(), sink.Options{Max: 50})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				w.send("x", "a@x.org")
			}
		})
	}
	all.Wait()
	if n := len(w.subjects("a@x.org")); n != 50 {
		t.Errorf("%d messages", n)
	}
	if wrong, err := w.db.Check(t.Context(), func(store.Progress) {}); err != nil || len(wrong) > 0 {
		t.Error(wrong, err)
	}
}

func TestLeases(t *testing.T) {
	w := open(t, t.TempDir(), sink.Options{Max: 3})
	ctx, ana := t.Context(), w.view("ana@x.org")
	w.send("one", "ana@x.org", "bob@x.org")
	lease, err := w.Lock(ctx, ana, "first", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Lock(ctx, ana, "second", time.Hour); !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), "first") {
		t.Error(err)
	}
	bob, err := w.Lock(ctx, w.view("bob@x.org"), "second", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Renew(ctx, lease, time.Hour); err != nil {
		t.Error(err)
	}
	// Of three messages one is bob's, one has gone by itself, one is hers.
	w.send("two", "ana@x.org")
	w.send("three", "bob@x.org")
	if err := w.Remove(ctx, lease, []uint32{1, 2, 3}); err != nil {
		t.Error(err)
	}
	w.has("", "one", "three")
	if err := w.Remove(ctx, store.Lease{}, []uint32{2, 3}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an administrator is not told: %v", err)
	}
	for _, l := range []store.Lease{lease, bob} {
		if err := w.Unlock(ctx, l); err != nil {
			t.Error(err)
		}
		if err := w.Unlock(ctx, l); !errors.Is(err, store.ErrLost) {
			t.Error(err)
		}
		if err := w.Renew(ctx, l, time.Hour); !errors.Is(err, store.ErrLost) {
			t.Error(err)
		}
		if err := w.Remove(ctx, l, []uint32{2}); !errors.Is(err, store.ErrLost) {
			t.Error(err)
		}
	}
	short, err := w.Lock(ctx, ana, "third", -time.Second) // ran out
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Lock(ctx, ana, "fourth", time.Hour); err != nil {
		t.Error(err)
	}
	if err := w.Renew(ctx, short, time.Hour); !errors.Is(err, store.ErrLost) {
		t.Error(err)
	}
	w.send("four", "bob@x.org")
	w.send("five", "bob@x.org")
	w.send("six", "bob@x.org")
	w.has("", "four", "five", "six")
}

// What is removed may be named in any order, and the order is the caller's.
func TestRemoveMany(t *testing.T) {
	w := open(t, t.TempDir(), sink.Options{})
	for i := range 7 {
		w.send(strconv.Itoa(i), "a@x.org")
	}
	uids := []uint32{7, 2, 5, 1}
	if err := w.Remove(t.Context(), store.Lease{Account: w.view("a@x.org")}, uids); err != nil {
		t.Error(err)
	}
	w.has("", "2", "3", "5")
	if !slices.Equal(uids, []uint32{7, 2, 5, 1}) {
		t.Errorf("the caller has %v now", uids)
	}
}

// Without a sink's listener only what lies there is looked at.
func TestLook(t *testing.T) {
	dir := t.TempDir()
	db, err := sqldb.Open(t.Context(), dir, sqldb.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sink.New(t.Context(), sink.Options{Store: db, Look: true}); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	w := open(t, dir, sink.Options{})
	w.send("one", "ana@x.org")
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, sink.Options{Look: true, Max: 1}).has("ana@x.org", "one")
}

func TestAnyone(t *testing.T) {
	w := open(t, t.TempDir(), sink.Options{})
	anyone, ctx := w.Anyone(), t.Context()
	if names := anyone.Names(nil); !slices.Equal(names, []string{"PLAIN", "LOGIN"}) {
		t.Error(names)
	}
	if _, err := anyone.New("SCRAM-SHA-256", anyone, nil); !errors.Is(err, sasl.ErrMechanism) {
		t.Error(err)
	}
	for _, c := range []struct {
		mechanism string
		said      []string
		address   string // "" where the exchange fails
	}{
		{"PLAIN", []string{"\x00Ana@X.org\x00any"}, "ana@x.org"},
		{"PLAIN", []string{"someone\x00apikey\x00"}, "apikey@localhost"},
		{"PLAIN", []string{"\x00\x00"}, "anonymous@localhost"},
		{"PLAIN", []string{"\x00two words\x00x"}, "two words"},
		{"PLAIN", []string{"\x00\x1b[2J\x00x"}, "?[2J"},
		{"PLAIN", []string{"ana"}, ""},
		{"PLAIN", []string{"\x00" + strings.Repeat("x", 513) + "\x00x"}, ""},
		{"PLAIN", []string{strings.Repeat("x", 4097)}, ""},
		{"login", []string{"ana@x.org", ""}, "ana@x.org"},
		{"LOGIN", []string{"ana@x.org\x00", "x\x00"}, "ana@x.org"},
	} {
		for _, begins := range []bool{true, false} { // with an initial response, and without
			x, err := anyone.New(c.mechanism, anyone, nil)
			if err != nil {
				t.Fatal(err)
			}
			var done bool
			if !begins {
				if _, done, err = x.Next(ctx, nil); done || err != nil {
					t.Fatalf("%q: %v %v", c.said, done, err)
				}
			}
			for _, said := range c.said {
				if done || err != nil {
					break
				}
				_, done, err = x.Next(ctx, []byte(said))
			}
			if c.address == "" {
				if !errors.Is(err, sasl.ErrSyntax) {
					t.Errorf("%q: %v %v", c.said, done, err)
				}
				continue
			}
			if id := x.Identity(); !done || err != nil || id.Address != c.address || id.Account == 0 || x.User() == "" && c.address[0] != 'a' {
				t.Errorf("%q: %v %v %+v, want %q", c.said, done, err, id, c.address)
			}
			if _, _, err := x.Next(ctx, []byte("x")); !errors.Is(err, sasl.ErrSyntax) {
				t.Errorf("%q goes on after its end: %v", c.said, err)
			}
		}
	}
	if _, _, err := anyone.Secret(ctx, "ana"); !errors.Is(err, sasl.ErrCredentials) {
		t.Error(err)
	}
}
