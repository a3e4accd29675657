package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"posta/talk"
	"posta/words"
)

// scripted is what `posta talk --script --json` says.
type scripted struct {
	File     string `json:"file"`
	OK       bool   `json:"ok"`
	Line     int    `json:"line,omitempty"`
	Expected string `json:"expected,omitempty"`
	Got      string `json:"got,omitempty"`
}

// playScript plays a transcript against servers, one of each protocol at most.
func (a *app) playScript(ctx context.Context, o *talkOptions, targets []target) error {
	f, err := readScript(o.script, a.In)
	if err != nil {
		return err
	}
	if _, err := a.tlsConfig(target{}, o.trust, nil); err != nil {
		return err
	}
	for i := range targets {
		if targets[i].StartTLS && !turnsTLSOn(f) {
			return words.Fail("talk.script_clear", words.Args{"File": o.script})
		}
		a.complete(ctx, &targets[i])
	}
	rec := newRecording()
	defer rec.ring.Close()
	far := &remote{ctx: ctx, a: a, targets: targets, by: o.trust, rec: rec}
	runner := &talk.Runner{
		Build:    func(context.Context, talk.Fixture) (talk.Host, error) { return far, nil },
		Files:    os.DirFS(filepath.Dir(o.script)),
		Patience: o.patience,
		Quiet:    500 * time.Millisecond,
	}
	err = runner.Play(ctx, f, f.Ways()[0])
	if o.record != "" {
		err = errors.Join(err, rec.write(context.WithoutCancel(ctx), o.record))
	}
	return a.scriptEnded(f, o.script, err)
}

// turnsTLSOn says that a transcript does what --starttls asks for: what is said
// comes from it alone.
func turnsTLSOn(f *talk.File) bool {
	return slices.ContainsFunc(f.Steps, func(s talk.Step) bool { return s.Op == talk.Do && s.Text == "tls" })
}

func readScript(name string, stdin io.Reader) (*talk.File, error) {
	var src []byte
	var err error
	if name == "-" {
		src, err = io.ReadAll(io.LimitReader(stdin, talk.MaxFile+1))
	} else {
		src, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, words.FailOf(err, "fail.unreadable", words.Args{"File": name})
	}
	f, err := talk.Parse(src)
	if err != nil {
		return nil, words.FailOf(err, "talk.script_wrong", words.Args{"File": name})
	}
	return f, nil
}

// scriptEnded says whether it held: where it did not, which line, what was
// expected and what came.
func (a *app) scriptEnded(f *talk.File, name string, err error) error {
	var failed *talk.Error
	switch {
	case err == nil && a.json:
		return writeJSON(a.Out, scripted{File: name, OK: true})
	case err == nil:
		return a.done("talk.script_held", words.Args{"File": name})
	case !errors.As(err, &failed):
		return err
	}
	expected, got := stepText(f, failed.Line), a.gotText(failed)
	if a.json {
		if err := writeJSON(a.Out, scripted{File: name, Line: failed.Line, Expected: expected, Got: got}); err != nil {
			return err
		}
	}
	return words.Fail("talk.script_failed", words.Args{"File": name, "Line": failed.Line, "Expected": expected, "Got": printable(got)})
}

// gotText says what a server did instead.
func (a *app) gotText(failed *talk.Error) string {
	g := failed.Got
	switch {
	case g == nil:
		return failed.Text
	case g.Closed:
		return a.say("talk.got_closed", nil)
	case g.Open:
		return a.say("talk.got_open", nil)
	case g.Silent > 0:
		return a.say("talk.got_silence", words.Args{"Wait": g.Silent})
	}
	return "S: " + g.Said
}

// stepText is a line of a transcript as it is written.
func stepText(f *talk.File, line int) string {
	for _, s := range f.Steps {
		if s.Line == line {
			one := talk.Format(&talk.File{Steps: []talk.Step{s}})
			return strings.TrimSpace(string(one))
		}
	}
	return ""
}

// remote is the Host of servers that others run.
type remote struct {
	ctx     context.Context
	a       *app
	targets []target
	by      trust
	rec     *recording
	last    target // that was dialed last
}

// Dial implements talk.Host.
func (r *remote) Dial(kind string) (net.Conn, error) {
	protocol := protoSMTP
	if strings.HasPrefix(kind, protoPOP3) {
		protocol = protoPOP3
	}
	for _, t := range r.targets {
		if t.Protocol != protocol {
			continue
		}
		nc, err := r.a.dial(r.ctx, t)
		if err != nil {
			return nil, errors.New(r.a.words.Error(err))
		}
		r.last = t
		tap := talk.NewTap(nc, r.rec.sink(), r.rec.number(), opened(t))
		if t.TLS && kind != "submissions" && kind != "pop3s" { // those begin it by themselves
			if err := tap.StartTLS(r.ctx, r.TLS()); err != nil {
				return nil, errors.Join(errors.New(r.a.words.Error(r.a.whyNoTLS(err, t))), tap.Close())
			}
		}
		return tap, nil
	}
	return nil, errors.New(r.a.say("talk.script_target", words.Args{"Protocol": protocol}))
}

// TLS implements talk.Host.
func (r *remote) TLS() *tls.Config {
	cfg, err := r.a.tlsConfig(r.last, r.by, r.rec.ring.KeyLog())
	if err != nil { // of a file that could be read before: no certificate is believed then
		why := errors.New(r.a.words.Error(err))
		cfg = &tls.Config{ServerName: r.last.Host, MinVersion: tls.VersionTLS12, KeyLogWriter: r.rec.ring.KeyLog(),
			InsecureSkipVerify: true, // VerifyConnection believes nobody
			VerifyConnection:   func(tls.ConnectionState) error { return why }}
	}
	return cfg
}

// Mailbox implements talk.Host.
func (r *remote) Mailbox(string) ([][]byte, error) {
	return nil, errors.New(r.a.say("talk.script_mailbox", nil))
}

// Stop implements talk.Host: somebody else's server is not stopped, and the
// transcript says what it misses.
func (r *remote) Stop() {}

// Close implements talk.Host.
func (r *remote) Close() error { return nil }
