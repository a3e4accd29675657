package mailroom

import (
	"bytes"
	"context"
	"testing"

	"posta/mail"
	"posta/store"
)

// sink is a store.Mail that only counts, for measuring and fuzzing.
type sink struct {
	body   bytes.Buffer // of the last draft
	traits store.Traits
	keep   bool
}

func (s *sink) Write(p []byte) (int, error) {
	if s.keep {
		s.body.Write(p)
	}
	return len(p), nil
}
func (s *sink) Size() int64             { return int64(s.body.Len()) }
func (s *sink) Discard()                {}
func (s *sink) Draft(int64) store.Draft { s.body.Reset(); return s }
func (s *sink) File(_ context.Context, f ...store.Filing) error {
	s.traits = f[0].Traits
	return nil
}
func (s *sink) Usage(context.Context, int64) (store.Usage, error) { return store.Usage{}, nil }
func (s *sink) Expansions(context.Context, int) ([]store.Expansion, error) {
	return nil, nil
}

// What is stored does not depend on how the message is cut, and differs from
// what came only by fields taken out and one empty line put in.
func FuzzLetter(f *testing.F) {
	for _, s := range []string{"", "a", "\r\n", "A: b\r\n\r\nx", "luis\r\n", "Return-Path: x\r\nA:b\r\n c\r\nx\r\n.\r\n", "Return-Path:x", ".\r\n"} {
		f.Add([]byte(s), uint8(3))
	}
	h := newHouse(f)
	to := mail.Recipient{To: addr("ana@pepito.es")}
	out := &sink{keep: true}
	h.room.cfg.Store = out
	pass := func(t *testing.T, msg []byte, n int) (string, store.Traits, int) {
		l, err := h.room.Begin(t.Context(), mx(), mail.Envelope{})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Rcpt(t.Context(), to); err != nil {
			t.Fatal(err)
		}
		for p := bytes.Clone(msg); len(p) > 0; {
			k := min(n, len(p))
			l.Write(p[:k])
			p = p[k:]
		}
		r, err := l.Commit(t.Context())
		if err != nil {
			return reply(err), store.Traits{}, 0
		}
		return out.body.String(), out.traits, len(r.Notes)
	}
	f.Fuzz(func(t *testing.T, msg []byte, n uint8) {
		whole, traits, notes := pass(t, msg, len(msg)+1)
		cut, cutTraits, _ := pass(t, msg, int(n)+1)
		if whole != cut || traits != cutTraits {
			t.Fatalf("%q: whole %q %+v, cut %q %+v", msg, whole, traits, cut, cutTraits)
		}
		if notes == 0 && whole != string(msg) {
			t.Fatalf("changed without a word: %q → %q", msg, whole)
		}
		w := []byte(whole)
		want := store.Traits{UTF8: traits.UTF8,
			Stuffed: bytes.HasPrefix(w, []byte(".")) || bytes.Contains(w, []byte("\n.")),
			NoEOL:   len(w) > 0 && !bytes.HasSuffix(w, []byte("\r\n"))}
		if traits != want {
			t.Fatalf("%q: traits %+v, want %+v", whole, traits, want)
		}
	})
}

func BenchmarkLetter(b *testing.B) {
	h := newHouse(b)
	h.room.cfg.Store = &sink{}
	h.room.cfg.NewID = newIDs(h.room.cfg.Now).next
	msg := append([]byte("From: <x@example.net>\r\nTo: <ana@pepito.es>\r\nSubject: hello\r\nDate: Mon, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <a@b>\r\n\r\n"),
		bytes.Repeat([]byte("All work and no play makes Jack a dull boy, as they say; so it goes.\r\n"), 57)...)
	o, env, to := mx(), mail.Envelope{From: addr("x@example.net")}, mail.Recipient{To: addr("ana@pepito.es")}
	ctx := b.Context()
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	for b.Loop() {
		l, err := h.room.Begin(ctx, o, env)
		if err == nil {
			err = l.Rcpt(ctx, to)
		}
		if err == nil {
			_, err = l.Write(msg)
		}
		if err == nil {
			_, err = l.Commit(ctx)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
