package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strconv"

	"github.com/spf13/cobra"

	"posta/event"
	"posta/imf"
	"posta/mail"
	"posta/pop3"
	"posta/pop3/pop3client"
	"posta/words"
)

// popCommand fetches mail from any server.
func (a *app) popCommand() *cobra.Command {
	c := a.group("pop", "help.pop", a.popListCommand(), a.popFetchCommand())
	c.Long = a.say("help.pop_long", words.Args{"Variable": passwordVariable})
	return c
}

func (a *app) popListCommand() *cobra.Command {
	var f *clientFlags
	c := a.command("list", "help.pop_list", func(ctx context.Context, _ []string) error {
		return a.maildrop(ctx, f, func(ctx context.Context, m *maildrop) error { return m.list(ctx) })
	})
	c.Long = a.say("help.pop_list_long", words.Args{"Variable": passwordVariable})
	f = a.clientFlags(c)
	c.Example = "posta pop list --auth pepe@pepito.es\nposta pop list --server mail.example.net --starttls --auth pepe --json"
	return c
}

// maildrop is a mailbox on a server that was logged in to.
type maildrop struct {
	a *app
	f *clientFlags
	t target
	c *pop3client.Client
}

// maildrop connects, logs in, does something and takes leave. What was marked
// as deleted is deleted only if it was done without an error.
func (a *app) maildrop(ctx context.Context, f *clientFlags, do func(context.Context, *maildrop) error) error {
	t, err := f.target(protoPOP3)
	if err != nil {
		return err
	}
	if f.user == "" {
		return usage(words.Fail("pop.who", nil))
	}
	password, err := a.authPassword(ctx, f)
	if err != nil {
		return err
	}
	a.complete(ctx, &t)
	sink, rec := a.watched(f)
	nc, err := a.dial(ctx, t)
	if err != nil {
		return err
	}
	if rec != nil {
		rec.number()
	}
	m := &maildrop{a: a, f: f, t: t, c: newPOP3(nc, t, f, sink)}
	err = m.logIn(ctx, nc.RemoteAddr(), password, rec)
	if err == nil {
		err = do(ctx, m)
	}
	switch {
	case err == nil:
		err = m.explain(m.c.Quit(ctx))
	default:
		err = errors.Join(m.explain(err), m.c.Close("failed")) // without QUIT nothing is deleted
	}
	return a.recorded(ctx, f, rec, err)
}

func newPOP3(nc net.Conn, t target, f *clientFlags, sink event.Sink) *pop3client.Client {
	return pop3client.New(nc, pop3client.Options{ID: 1, Sink: sink, Opened: opened(t), Wait: f.patience})
}

// logIn begins TLS as it was wanted, or as it is offered, and logs in.
func (m *maildrop) logIn(ctx context.Context, remote net.Addr, password string, rec *recording) error {
	cfg, err := m.a.tlsConfig(m.t, m.f.trust, rec.keys())
	if err != nil {
		return err
	}
	if m.t.TLS {
		if err := m.c.DialTLS(ctx, cfg); err != nil {
			return m.a.whyNoTLS(err, m.t)
		}
	}
	if err := m.c.Greeting(ctx); err != nil {
		return err
	}
	can, err := m.c.Capabilities(ctx)
	if err != nil {
		return err
	}
	_, offered := can.Find(pop3.STLS.String())
	if m.t.StartTLS || offered && !m.t.TLS && !m.f.noTLS {
		var refused *pop3client.Refusal
		switch err := m.c.StartTLS(ctx, cfg); {
		case errors.Is(err, pop3client.ErrNoTLS):
			return words.Fail("dial.no_starttls", words.Args{"Address": m.t.address()})
		case errors.As(err, &refused):
			return err
		case err != nil:
			return m.a.whyNoTLS(err, m.t)
		}
	}
	account := pop3client.Account{User: m.f.user, Password: password, Way: m.f.mechanism}
	weak, err := m.c.Weak(ctx, account)
	if err == nil && weak && !m.f.noTLS && !nearby(remote) {
		return words.Fail("dial.weak", words.Args{"Address": m.t.address()})
	}
	if err == nil {
		err = m.c.Login(ctx, account)
	}
	if errors.Is(err, pop3client.ErrNoMechanism) {
		return words.Fail("dial.no_mechanism", words.Args{"Address": m.t.address()})
	}
	return err
}

// explain puts an error into words.
func (m *maildrop) explain(err error) error {
	var refused *pop3client.Refusal
	var said *words.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		what := refused.Verb.String()
		if refused.Verb == pop3.NoVerb {
			what = m.a.say("send.the_connection", nil)
		}
		return words.Fail("send.refused", words.Args{"What": what, "Reply": mail.Shown(refused.Text)})
	case errors.As(err, &said):
		return err
	}
	return m.a.whyEnded(err, m.t)
}

// waiting is a message on the server.
type waiting struct {
	Number  int    `json:"number"`
	UIDL    string `json:"uidl,omitempty"`
	Size    int64  `json:"size"`
	From    string `json:"from,omitempty"`
	Subject string `json:"subject,omitempty"`
}

// messages are all that wait, with their unique-ids where the server has some.
func (m *maildrop) messages(ctx context.Context) ([]waiting, error) {
	sizes, err := m.c.List(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]waiting, len(sizes))
	place := map[int]int{}
	for i, s := range sizes {
		out[i] = waiting{Number: s.Message, Size: s.Octets}
		place[s.Message] = i
	}
	ids, err := m.c.UIDL(ctx)
	var refused *pop3client.Refusal
	if errors.As(err, &refused) {
		return out, nil // it has no unique-ids: all is fetched each time
	}
	for _, u := range ids {
		if i, ok := place[u.Message]; ok {
			out[i].UIDL = u.ID
		}
	}
	return out, err
}

// maxHead is how much of a message is looked through for its header, in octets.
const maxHead = 64 << 10

func (m *maildrop) list(ctx context.Context) error {
	all, err := m.messages(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		head := &headBuffer{}
		if _, err := m.c.Top(ctx, all[i].Number, 0, head); err != nil {
			var refused *pop3client.Refusal
			if errors.As(err, &refused) {
				break // TOP is one that a server need not have
			}
			return err
		}
		all[i].From, all[i].Subject = headFields(head.Bytes())
	}
	return printAll(m.a, all, lister(m.a, all, []string{"field.number", "field.size", "field.from", "field.subject", "field.uidl"}, func(w waiting) []string {
		return []string{strconv.Itoa(w.Number), strconv.FormatInt(w.Size, 10), w.From, w.Subject, w.UIDL}
	}))
}

// headBuffer keeps the beginning of a message, and lets the rest pass.
type headBuffer struct{ bytes.Buffer }

// Write implements io.Writer.
func (b *headBuffer) Write(p []byte) (int, error) {
	if room := maxHead - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

// headFields are From and Subject, to be shown.
func headFields(head []byte) (from, subject string) {
	s := imf.Scanner{Max: maxHead}
	if s.Scan(head) == imf.More {
		s.Finish()
	}
	for _, f := range s.Fields() {
		switch text := mail.Shown(imf.DecodeWords(f.Text(head))); {
		case f.Kind == imf.From && from == "":
			from = text
		case f.Kind == imf.Subject && subject == "":
			subject = text
		}
	}
	return from, subject
}
