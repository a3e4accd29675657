package smtpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"

	"posta/event"
)

// TLS, a log-in behind it, and what the watchers see of both: no secret.
//
// rfc: 3207-4.2-2, 3207-4.2-3
func TestSecretsStay(t *testing.T) {
	const script = `
		S: 220 x
		C: EHLO me.example
		S: 250-x
		S: 250-AUTH CRAM-MD5
		S: 250 STARTTLS
		C: STARTTLS
		S: 220 go
		tls
		C: EHLO me.example
		S: 250-x
		S: 250 AUTH LOGIN PLAIN
		C: AUTH PLAIN AHBlcGUAZ2VoZWlt
		S: 235 in
		C: AUTH LOGIN
		S: 334 VXNlcm5hbWU6
		C: cGVwZQ==
		S: 334 UGFzc3dvcmQ6
		C: Z2VoZWlt
		S: 535 5.7.8 no
		C: AUTH LOGIN
		S: 334 ??
		C: *
		S: 501 cancelled`
	w := &watcher{}
	err := greeted(t, script, Options{ID: 1, Sink: w}, func(ctx context.Context, c *Client) error {
		l := Login{User: "pepe", Password: "geheim"}
		if err := c.Auth(ctx, l); !errors.Is(err, ErrNoMechanism) {
			t.Error(err)
		}
		if err := c.StartTLS(ctx, &tls.Config{InsecureSkipVerify: true}); err != nil {
			return err
		}
		if c.Weak(l) {
			t.Error("nobody sees a password in TLS")
		}
		if err := c.Auth(ctx, l); err != nil {
			t.Error(err)
		}
		l.Mechanism = "login"
		var refusal *Refusal
		if err := c.Auth(ctx, l); !errors.As(err, &refusal) || refusal.Reply.Code != 535 {
			t.Error(err)
		}
		if err := c.Auth(ctx, l); err == nil || errors.As(err, &refusal) {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if s := w.text.String(); strings.Contains(s, "AHBl") || strings.Contains(s, "Z2Vo") || !strings.Contains(s, "C AUTH PLAIN ********\r\n") ||
		!strings.Contains(s, "S 235 in\r\n") {
		t.Error(s)
	}
}

// The watchers learn with which octets the message ends, also where the last of
// it went straight through.
//
// rfc: 5321-4.1.1.4-3
func TestMailEnds(t *testing.T) {
	for _, text := range []string{"", "x\r\n", strings.Repeat("x", 40<<10)} {
		script := "S: 220 x\nC: EHLO me.example\nS: 250 x\nC: MAIL FROM:<a@me.example>\nS: 250 ok\nC: RCPT TO:<b@x.example>\nS: 250 ok\nC: DATA\nS: 354 go\n"
		if text = strings.TrimSuffix(text, "\r\n"); text != "" {
			script += "C: " + text + "\n"
		}
		w := &watcher{}
		err := greeted(t, script+"C: .\nS: 250 ok", Options{ID: 1, Sink: w}, func(ctx context.Context, c *Client) error {
			_, err := c.Send(ctx, message(text, "b@x.example"))
			return err
		})
		if err != nil || len(w.dots) != 1 || !strings.HasSuffix(w.dots[0], ".\r\n") {
			t.Errorf("%.10q: %v, dots %q", text, err, w.dots)
		}
	}
}

// watcher writes down the clear text, secrets masked.
type watcher struct {
	text strings.Builder
	dots []string // that end mail data
}

func (w *watcher) Wants(uint64, event.Layer, event.Part) bool { return true }

func (w *watcher) Emit(e *event.Event) {
	if e.Kind != event.Data || e.Layer != event.Text {
		return
	}
	if s := w.text.String(); s == "" || strings.HasSuffix(s, "\n") {
		w.text.WriteString([]string{"C ", "S "}[e.Dir])
	}
	w.text.Write(event.AppendMasked(nil, e.Data, e.Mask))
	if e.Dot {
		w.dots = append(w.dots, string(e.Data))
	}
}
