package smtpserver

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/event"
	"posta/mail"
	"posta/smtp"
)

// strictly skips EHLO's answer.
func (r *rig) greet() {
	r.t.Helper()
	r.play("S: 220…\nC: EHLO a.example\n")
	for {
		l := r.line()
		if strings.HasPrefix(l, "250 ") {
			return
		}
		if !strings.HasPrefix(l, "250-") {
			r.t.Fatalf("EHLO: %q", l)
		}
	}
}

func TestWhatTheHouseHears(t *testing.T) {
	h := talk(t, lab, `
		S: 220…
		C: EHLO a.example
		S: 250-…
		S: 250-…
		S: 250-…
		S: 250-…
		S: 250-…
		S: 250-…
		S: 250-…
		S: 250-…
		S: 250-AUTH…
		S: 250-…
		S: 250 …
		C: MAIL FROM: luis@jaramillo.edu.ec SIZE=5 AUTH=x@y RET=FULL ENVID=e
		S: 250…
		C: RCPT TO:<Gorka@B> NOTIFY=DELAY
		S: 250…
		C: RCPT TO:<nadie@b>
		S: 550…
		C: DATA
		S: 354…
		C: ..x
		C: .
		S: 250…
		C: QUIT
		S: 221…`)
	if len(h.got) != 1 {
		t.Fatalf("%d letters", len(h.got))
	}
	l := h.got[0]
	if l.content.String() != ".x\r\n" || len(l.rcpts) != 1 || l.rcpts[0] != (mail.Recipient{To: mail.Address{Local: "Gorka", Domain: "B"}, Notify: mail.NotifyDelay}) {
		t.Errorf("content %q, rcpts %+v", &l.content, l.rcpts)
	}
	if want := (mail.Envelope{From: mail.Address{Local: "luis", Domain: "jaramillo.edu.ec"}, Size: 5, Auth: "<>", Ret: mail.RetFull, EnvID: "e"}); l.env != want {
		t.Errorf("envelope %+v", l.env)
	}
	o := l.origin
	if o.Session != 9 || o.Listener != "smtp" || o.Mode != mail.Lab || o.Remote.String() != "192.0.2.1:40000" ||
		o.Local.String() != "192.0.2.2:25" || o.Helo != "a.example" || !o.ESMTP || o.TLS != "" || o.Login.Known() {
		t.Errorf("origin %+v", o)
	}
	if h.ctx.Done() != nil {
		t.Error("Commit got a context that ends")
	}
	want := []any{
		event.Named{Helo: "a.example"}, event.Enveloped{From: "luis@jaramillo.edu.ec"},
		event.Note{Text: "MAIL with a path that is not in the form of RFC 5321"}, event.Addressed{To: "Gorka@B"},
		event.Refused{Verb: "RCPT", Reply: "550 5.1.1 No such user", Path: "nadie@b"},
		event.Accepted{ID: "Q1", From: "luis@jaramillo.edu.ec", Recipients: 1, Size: 4}, event.Note{Text: "noted"},
		event.Closed{Reason: "quit"},
	}
	if !reflect.DeepEqual(h.facts, want) {
		t.Errorf("facts\n%+v\nwant\n%+v", h.facts, want)
	}
}

// What only the lab lets pass is told.
func TestLenient(t *testing.T) {
	h := talk(t, lab, `
		S: 220…
		C: HELO a.example
		S: 250…
		C: AUTH PLAIN AHBlcGUAc2VjcmV0bw==
		S: 235…
		C: MAIL FROM:<pepe@pepito.es> SIZE=5
		S: 250…
		C: QUIT
		S: 221…`)
	want := []any{
		event.Named{Helo: "a.example"}, event.Note{Text: "AUTH after HELO; RFC 4954 wants EHLO before it"},
		event.Note{Text: "a log-in without TLS; a strict listener refuses that"},
		event.Authenticated{Mechanism: "PLAIN", User: "pepe@pepito.es", OK: true},
		event.Note{Text: "MAIL with parameters after HELO; RFC 5321 wants EHLO before them"},
		event.Enveloped{From: "pepe@pepito.es"}, event.Closed{Reason: "quit"},
	}
	if !reflect.DeepEqual(h.facts, want) {
		t.Errorf("facts\n%+v\nwant\n%+v", h.facts, want)
	}
}

// Whoever writes under another's address and is let pass is told of.
func TestForeign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.greet()
		r.play("C: MAIL FROM:<a@b>\nS: 250…\nC: RCPT TO:<a@b>\nS: 250…\nC: DATA\nS: 354…\nC: FOREIGN\nC: .\nS: 250…")
		r.finish()
		want := event.Foreign{ID: "Q1", Field: "Sender", Address: "x?@y.example"}
		if !slices.Contains(r.h.facts, any(want)) {
			t.Errorf("facts %+v", r.h.facts)
		}
	})
}

// What became of a message is told behind its acceptance, and a refusal names
// its path even where it cannot be understood.
func TestDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, lab)
		r.play(labHelo + "C: MAIL FROM:<a@b\x07>\nS: 5…\nC: MAIL FROM:<a@b>\nS: 250…\nC: RCPT TO:<" + strings.Repeat("x", 400) + "\nS: 5…\n" +
			"C: RCPT TO:<pepe@b>\nS: 250…\nC: DATA\nS: 354…\nC: FILED\nC: .\nS: 250…")
		r.finish()
		var refused []event.Refused
		at := 0
		for i, fact := range r.h.facts {
			switch f := fact.(type) {
			case event.Refused:
				refused = append(refused, f)
			case event.Accepted:
				if at = i; f.MessageID != "m@x" {
					t.Errorf("%+v", f)
				}
			}
		}
		want := event.Delivered{ID: "Q1", To: []event.Delivery{{Recipient: "pepe@b", Mailbox: "pepe@pepito.es", Account: 7, UID: 3}}}
		if at == 0 || !reflect.DeepEqual(r.h.facts[at+1], want) {
			t.Errorf("facts %+v", r.h.facts)
		}
		if missed := (event.Missed{ID: "Q1", Failed: true, Why: "no way", To: []event.Onward{{Recipient: "pepe@b", To: "x@y"}}}); !reflect.DeepEqual(r.h.facts[at+2], missed) {
			t.Errorf("facts %+v", r.h.facts)
		}
		if len(refused) != 2 || !strings.Contains(refused[0].Path, "a@b") || strings.Contains(refused[0].Path, "\x07") || len(refused[1].Path) != 323 {
			t.Errorf("refused %+v", refused)
		}
	})
}

// Letters that were begun and not committed are aborted, once.
func TestAbort(t *testing.T) {
	for _, script := range []string{
		"C: RSET\nS: 250…", "C: EHLO b\nS: 250-…", "C: QUIT\nS: 221…", "", "C: DATA\nC: x", "C: BDAT 9\nC: x",
	} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, nil)
			r.greet()
			r.play("C: MAIL FROM:<a@b>\nS: 250…\nC: RCPT TO:<a@b>\nS: 250…")
			r.play(script)
			r.finish()
			if r.h.lost != 1 || len(r.h.got) != 0 {
				t.Errorf("%q: %d aborted, %d committed", script, r.h.lost, len(r.h.got))
			}
		})
	}
}

func TestRecipientLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(c *Config) { c.MaxRecipients = 3 }) // raised to 100
		r.greet()
		r.play("C: MAIL FROM:<a@b>\nS: 250…\n")
		for range 100 {
			r.play("C: RCPT TO:<a@b>\nS: 250…")
		}
		r.play("C: RCPT TO:<a@b>\nS: 452 4.5.3…\nC: DATA\nS: 354…\nC: x\nC: .\nS: 250…")
		r.finish()
		if n := len(r.h.got[0].rcpts); n != 100 {
			t.Errorf("%d recipients", n)
		}
	})
}

func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.greet()
		from := time.Now()
		r.play("C: MAIL FROM:<a@b>\nS: 250…\nS: 421 4.4.2…\nS: <closed>")
		if d := time.Since(from); d < 5*time.Minute || d > 6*time.Minute {
			t.Errorf("after %v", d)
		}
		r.finish()
	})
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.greet()
		r.play("C: MAIL FROM:<a@b>\nS: 250…\nC: RCPT TO:<a@b>\nS: 250…\nC: DATA\nS: 354…\nC: x\nS: 421 4.4.2…\nS: <closed>")
		r.finish()
		if r.h.lost != 1 {
			t.Error("the letter was not aborted")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.greet()
		synctest.Wait()
		r.wire.Interrupt()
		r.play("S: 421 4.3.2…\nS: <closed>")
		r.finish()
		if got := facts[event.Closed](r.h); len(got) != 1 || got[0].Reason != "shutdown" {
			t.Errorf("closed: %+v", got)
		}
	})
}

// Nothing that is advertised is answered with 500 or 502, and HELP lists no
// command that is (RFC 5321 §4.2.4).
func TestAdvertisedIsServed(t *testing.T) {
	for _, mode := range []func(*Config){nil, lab, labSubmission, submission, hmail, withTLS(t, nil), withTLS(t, labSubmission),
		func(c *Config) { c.Addresses, c.Auth = nil, nil }} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, mode)
			r.play("S: 220…\nC: EHLO a")
			var words []string
			for l := "-"; !strings.HasPrefix(l, "250 "); {
				l = r.line()
				words = append(words, strings.Fields(l[4:])[0])
			}
			r.send("HELP\r\n")
			for l := "-"; !strings.HasPrefix(l, "214 "); {
				l = r.line()
				words = append(words, strings.Fields(strings.TrimPrefix(l[4:], "2.0.0 "))...)
			}
			for _, w := range words {
				if v := smtp.VerbNamed(w); v != smtp.Unknown && v != smtp.QUIT && v != smtp.DATA {
					r.send(w + " @\r\n")
					got := r.line()
					for got[3] == '-' {
						got = r.line()
					}
					if strings.HasPrefix(got, "500") || strings.HasPrefix(got, "502") {
						t.Errorf("%s is advertised and answered %q", w, got)
					}
				}
			}
			r.finish()
		})
	}
}

func TestTexts(t *testing.T) {
	for i, w := range wordings() {
		if w.code == 0 || w.posta == "" || strings.ContainsFunc(w.posta+w.hmail, func(r rune) bool { return r > '~' || r < ' ' }) {
			t.Errorf("text %d: %+v", i, w)
		}
		if w.status != "" && w.status[0] != byte('0'+w.code/100) {
			t.Errorf("text %d: code %d with status %s", i, w.code, w.status)
		}
	}
}

// The budget is 0.03 CPU-seconds for a thousand messages, wire included.
func BenchmarkMessage(b *testing.B) {
	h := &house{}
	message := "MAIL FROM:<luis@jaramillo.edu.ec> SIZE=4096\r\nRCPT TO:<gorka@jaramillo.edu.ec>\r\nDATA\r\n"
	body := strings.Repeat(strings.Repeat("x", 62)+"\r\n", 64) + ".\r\n"
	benchmark(b, Config{Hostname: "mx.example", Door: discard{h}}, message, body)
}

// discard is a Door that keeps nothing.
type discard struct{ h *house }

func (d discard) Begin(context.Context, mail.Origin, mail.Envelope) (mail.Letter, error) {
	return d, nil
}
func (discard) Rcpt(context.Context, mail.Recipient) error { return nil }
func (discard) Write(p []byte) (int, error)                { return len(p), nil }
func (discard) Commit(context.Context) (mail.Receipt, error) {
	return mail.Receipt{ID: "Q1"}, nil
}
func (discard) Abort() {}

// What the machine lacks is not the peer's business, but the administrator's:
// the watchers hear why.
func TestOwnTroubleIsNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		r.greet()
		r.play(`
		C: MAIL FROM:<malo@b>
		S: 550 5.7.1 Not from you
		C: MAIL FROM:<a@b>
		S: 250 2.1.0 OK
		C: RCPT TO:<a@b>
		S: 250 2.1.5 OK
		C: DATA
		S: 354…
		C: DISKFULL
		C: .
		S: 452 4.3.1 Insufficient system storage`)
		r.finish()
		seen := fmt.Sprintf("%+v", r.h.facts)
		if !strings.Contains(seen, "a fault inside: 2 octets are free") || strings.Contains(seen, "secret") {
			t.Errorf("watchers heard %s", seen)
		}
	})
}
