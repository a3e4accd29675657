package server

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/audit"
	"posta/capture"
	"posta/config"
	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/record"
	"posta/story"
	"posta/tlsview"
	"posta/words"
)

// judged is a Sink that gives the findings of sessions, as text, and the comments
// of packets.
type judged struct {
	d        *dissect.Dissector
	a        *audit.Auditor
	found    []string
	frames   []uint32
	comments map[uint32][]string
}

func newJudged(t *testing.T) *judged {
	t.Helper()
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	j := &judged{comments: map[uint32][]string{}}
	j.a = audit.New(func(f audit.Finding) {
		j.found, j.frames = append(j.found, f.Comment(w)), append(j.frames, f.At.Frame)
	})
	j.d = dissect.New(field.Set{}, func(*dissect.Frame) {})
	j.d.Tell(story.New(story.Options{Out: j.a.Act}))
	return j
}

func (j *judged) Wants(uint64, event.Layer, event.Part) bool { return true }

func (j *judged) Emit(e *event.Event) {
	if s, ok := e.Fact.(*event.Segment); ok && len(s.Comments) > 0 {
		j.comments[e.Packet] = slices.Clone(s.Comments)
	}
	j.d.Feed(e)
}

// speak sends lines, each when the one before is answered.
func speak(t *testing.T, c net.Conn, lines ...string) {
	t.Helper()
	r := textproto.NewConn(c)
	answer := func() {
		if line, err := r.ReadLine(); err != nil {
			t.Fatal(err)
		} else if line != "" && line[0] != '+' && line[0] != '-' {
			for len(line) > 3 && line[3] == '-' {
				if line, err = r.ReadLine(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	answer()
	for _, line := range lines {
		say(t, c, line+"\r\n")
		answer()
	}
	_ = c.Close()
}

// What is found in the server's own recording is what is found in a capture of
// the same sessions, masked or clear, inside TLS or not; and each packet of the
// capture bears what is found about it.
func TestFindingsOfRecordingAndCapture(t *testing.T) {
	h, addrs := served(t)
	speak(t, dialed(t, addrs["smtp"]), "HELO first", "EHLO pc.example", "AUTH PLAIN AGFuYQBnZWhlaW0=", "AUTH PLAIN AGFuYUBwZXBpdG8uZXMAZ2VoZWlt",
		"MAIL FROM: <ana@pepito.es>", "BANANA", "RCPT TO:<ana@pepito.es>", "DATA", "Subject: x\r\n\r\nthe private text\r\n.", "QUIT")
	speak(t, dialed(t, addrs["pop3"]), "CAPA\r\nNOOP", "USER ana", "PASS geheim", "STAT", "QUIT")
	speak(t, dialed(t, addrs["submission"]), "EHLO pc.example", "AUTH PLAIN AGFuYQBnZWhlaW0=", "QUIT")
	inside := tls.Client(dialed(t, addrs["pop3s"]), &tls.Config{InsecureSkipVerify: true})
	speak(t, inside, "USER ana", "PASS geheim", "QUIT")
	for _, s := range settled(t, h, 4) {
		own := newJudged(t)
		if err := h.record.Play(t.Context(), []uint64{s.ID}, own); err != nil {
			t.Fatal(err)
		}
		own.a.End()
		var file bytes.Buffer
		in := admin.SessionExport{IDs: []uint64{s.ID}, Masked: !s.Clear, StandardPorts: true}
		if err := h.export(t.Context(), &file, in); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(file.Bytes(), []byte("geheim")) && !s.Clear {
			t.Errorf("%s: the export of a masked session has the password", s.Opened.Listener)
		}
		captured := newJudged(t)
		keys := tlsview.NewKeyLog()
		keys.Add(h.record.Keys([]uint64{s.ID}))
		captured.d.Secrets(keys)
		r, err := capture.NewReader(bytes.NewReader(file.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if err := capture.Read(t.Context(), r, captured, capture.Limits{}); err != nil {
			t.Fatal(err)
		}
		captured.a.End()
		same(t, s.Opened.Listener, own, captured)
	}
	var ids []uint64
	for _, s := range settled(t, h, 4) {
		ids = append(ids, s.ID)
	}
	var file bytes.Buffer
	if err := h.export(t.Context(), &file, admin.SessionExport{IDs: ids, Masked: true}); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"geheim", "AGFuYQBnZWhlaW0=", "AGFuYUBwZXBpdG8uZXMAZ2VoZWlt", "the private text"} {
		if bytes.Contains(file.Bytes(), []byte(secret)) {
			t.Errorf("a masked capture of clear sessions has %q", secret)
		}
	}
	if !bytes.Contains(file.Bytes(), []byte("posta has left user and password out of its recording")) || !bytes.Contains(file.Bytes(), []byte("message-readable")) {
		t.Error("a masked capture bears no findings")
	}
}

// same holds the findings of both against each other, and the comments against
// the findings.
func same(t *testing.T, name string, own, captured *judged) {
	t.Helper()
	a, b := slices.Sorted(slices.Values(own.found)), slices.Sorted(slices.Values(captured.found))
	if !slices.Equal(a, b) {
		t.Errorf("%s: its own recording has\n%s\nthe capture\n%s", name, strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
	if least := map[string]int{"smtp": 5, "pop3": 3, "submission": 0, "pop3s": 0}[name]; len(a) < least {
		t.Errorf("%s: only %q is found", name, a)
	}
	for i, text := range captured.found {
		if !slices.Contains(captured.comments[captured.frames[i]], text) {
			t.Errorf("%s: frame %d does not bear %q, but %v", name, captured.frames[i], text, captured.comments)
		}
	}
}

// served starts a house whose submission listener is strict.
func served(t *testing.T) (*House, map[string]string) {
	t.Helper()
	cfg := config.Lab()
	cfg.Hostname, cfg.Data = "mail.test", t.TempDir()
	for i := range cfg.Listeners {
		cfg.Listeners[i].Addr = "127.0.0.1:0"
		if cfg.Listeners[i].Name == "submission" {
			cfg.Listeners[i].Mode = config.ModeStrict
		}
	}
	ready := make(chan struct{})
	h, addrs := run(t, cfg, Options{Ready: func() { close(ready) }})
	<-ready
	password := "geheim"
	err := errors.Join(h.Operations().Call(t.Context(), "domain.add", admin.DomainChange{Name: "pepito.es"}, nil),
		h.Operations().Call(t.Context(), "account.add", admin.AccountChange{Address: "ana@pepito.es", Password: &password}, nil))
	if err != nil {
		t.Fatal(err)
	}
	return h, addrs
}

// settled waits until so many sessions have ended.
func settled(t *testing.T, h *House, n int) []record.Session {
	t.Helper()
	for late := time.Now().Add(busy); time.Now().Before(late); time.Sleep(5 * time.Millisecond) {
		all := slices.DeleteFunc(h.record.Sessions(), func(s record.Session) bool { return s.Closed.IsZero() })
		if len(all) == n {
			return all
		}
	}
	t.Fatalf("%d sessions have not ended", n)
	return nil
}
