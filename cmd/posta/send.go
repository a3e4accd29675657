package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"posta/imf"
	"posta/mail"
	"posta/smtp"
	"posta/smtp/smtpclient"
	"posta/words"
)

// sendOptions are the flags of `posta send`.
type sendOptions struct {
	client    *clientFlags
	from      string
	to        []string
	subject   string
	body      string
	file      string
	message   string
	attach    []string
	headers   []string
	helo      string
	quitAfter string
	notify    string
	ret       string
	chunking  bool
}

// The stages that --quit-after knows, in their order.
func stages() []string { return []string{"connect", "hello", "tls", "auth", "mail", "rcpt"} }

// sendCommand sends one message from the command line, to any server.
func (a *app) sendCommand() *cobra.Command {
	o := &sendOptions{}
	c := a.command("send", "help.send", func(ctx context.Context, _ []string) error { return a.send(ctx, o) })
	c.Long = a.say("help.send_long", words.Args{"Variable": passwordVariable})
	o.client = a.clientFlags(c)
	flags := c.Flags()
	flags.StringVar(&o.from, "from", "", a.say("help.flag_send_from", nil))
	flags.StringSliceVar(&o.to, "to", nil, a.say("help.flag_send_to", nil))
	flags.StringVar(&o.subject, "subject", "", a.say("help.flag_send_subject", nil))
	flags.StringVar(&o.body, "body", "", a.say("help.flag_body", nil))
	flags.StringVar(&o.file, "file", "", a.say("help.flag_body_file", nil))
	flags.StringVar(&o.message, "message", "", a.say("help.flag_message", nil))
	flags.StringArrayVar(&o.attach, "attach", nil, a.say("help.flag_attach", nil))
	flags.StringArrayVar(&o.headers, "header", nil, a.say("help.flag_header", nil))
	flags.StringVar(&o.helo, "helo", "", a.say("help.flag_helo", nil))
	flags.StringVar(&o.quitAfter, "quit-after", "", a.say("help.flag_quit_after", words.Args{"Stages": strings.Join(stages(), ", ")}))
	flags.StringVar(&o.notify, "notify", "", a.say("help.flag_notify", nil))
	flags.StringVar(&o.ret, "ret", "", a.say("help.flag_ret", nil))
	flags.BoolVar(&o.chunking, "chunking", false, a.say("help.flag_chunking", nil))
	texts(c, "subject", "body")
	choices(c, "quit-after", stages()...)
	c.Example = "posta send --to ana@pepito.es --from luis@pepito.es --subject Hola --body Hola\n" +
		"posta send --to ana@pepito.es --from luis@pepito.es --message message.eml\n" +
		"posta send --server mail.example.net --to ana@pepito.es --quit-after rcpt"
	return c
}

// sentRecipient is what one recipient was told.
type sentRecipient struct {
	Address string `json:"address"`
	Code    int    `json:"code"`
	Reply   string `json:"reply"`
}

// sent is what `posta send --json` says.
type sent struct {
	Server     string          `json:"server"`
	TLS        bool            `json:"tls"`
	User       string          `json:"user,omitempty"`
	From       string          `json:"from"`
	Recipients []sentRecipient `json:"recipients"`
	Size       int64           `json:"size,omitempty"`
	Code       int             `json:"code,omitempty"`
	Reply      string          `json:"reply,omitempty"`
	NoDSN      bool            `json:"no_dsn,omitempty"` // the server has no DSN: what --notify asked for was left out
}

// checkHelo refuses a name that EHLO could not say as one word, and brings one
// beyond ASCII into A-labels (RFC 6531 §3.7.1).
func checkHelo(name *string) error {
	if strings.ContainsFunc(*name, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return words.Fail("send.bad_helo", nil)
	}
	if mail.IsASCII(*name) {
		return nil
	}
	var err error
	if *name, err = lookupName(*name); err != nil {
		return words.FailOf(err, "send.bad_helo", nil)
	}
	return nil
}

func (a *app) send(ctx context.Context, o *sendOptions) error {
	t, err := o.client.target(protoSMTP)
	if err != nil {
		return err
	}
	if o.quitAfter != "" {
		if err := oneOf("--quit-after", o.quitAfter, stages()...); err != nil {
			return usage(err)
		}
	}
	if err := checkHelo(&o.helo); err != nil {
		return usage(err)
	}
	m, err := a.outgoing(o)
	if err != nil {
		return err
	}
	password := ""
	if o.client.user != "" && o.reaches("auth") {
		if password, err = a.authPassword(ctx, o.client); err != nil {
			return err
		}
	}
	a.complete(ctx, &t)
	sink, rec := a.watched(o.client)
	nc, err := a.dial(ctx, t)
	if err != nil {
		return err
	}
	so := smtpclient.Options{Name: cmp.Or(o.helo, smtpclient.Called(a.ownName(), nc)), ID: 1, Sink: sink, Opened: opened(t), Times: smtpclient.All(o.client.patience), Chunks: o.chunking}
	if rec != nil {
		rec.number()
	}
	s := &sending{a: a, o: o, t: t, m: m, c: smtpclient.New(nc, so), rec: rec, result: sent{Server: t.address(), From: m.Envelope.From.String(), User: o.client.user, Recipients: []sentRecipient{}}}
	s.remote = nc.RemoteAddr()
	err = s.run(ctx, password)
	return a.recorded(ctx, o.client, rec, s.report(err))
}

// reaches says that the dialogue goes as far as a stage.
func (o *sendOptions) reaches(stage string) bool {
	last := slices.Index(stages(), o.quitAfter)
	return o.quitAfter == "" || slices.Index(stages(), stage) <= last
}

// outgoing is the message that the flags name or describe.
func (a *app) outgoing(o *sendOptions) (*smtpclient.Message, error) {
	m := &smtpclient.Message{Size: -1}
	var err error
	if o.from != "" && o.from != "<>" {
		if m.Envelope.From, err = mail.ParseAddress(o.from); err != nil {
			return nil, usage(words.FailOf(err, "send.bad_address", words.Args{"Address": o.from}))
		}
	}
	for _, one := range o.to {
		to, err := mail.ParseAddress(strings.TrimSpace(one))
		if err != nil {
			return nil, usage(words.FailOf(err, "send.bad_address", words.Args{"Address": one}))
		}
		m.To = append(m.To, mail.Recipient{To: to})
	}
	switch {
	case o.quitAfter == "mail":
		m.Upto = smtp.MAIL
	case o.quitAfter == "rcpt":
		m.Upto = smtp.RCPT
	}
	if len(m.To) == 0 && o.reaches("rcpt") {
		return nil, usage(words.Fail("send.nobody", nil))
	}
	if err := o.reports(m); err != nil || o.quitAfter != "" {
		return m, err
	}
	return m, a.content(o, m)
}

// reports reads --notify and --ret (RFC 3461 §4), by the grammar of the
// commands.
func (o *sendOptions) reports(m *smtpclient.Message) error {
	if o.ret != "" {
		c, f := smtp.ParseCommand([]byte("MAIL FROM:<> RET="+o.ret), mail.Strict)
		env, also := c.Envelope(smtp.ExtDSN)
		if f != nil || also != nil {
			return usage(words.Fail("fail.one_of", words.Args{"Flag": "--ret", "Value": o.ret, "Allowed": "hdrs, full"}))
		}
		m.Envelope.Ret = env.Ret
	}
	if o.notify == "" {
		return nil
	}
	c, f := smtp.ParseCommand([]byte("RCPT TO:<a@b.example> NOTIFY="+o.notify), mail.Strict)
	r, also := c.Recipient(smtp.ExtDSN)
	if all := strings.Split(strings.ToLower(o.notify), ","); len(all) > 1 && slices.Contains(all, "never") {
		return usage(words.Fail("send.notify_never", words.Args{"Flag": "--notify"}))
	}
	if f != nil || also != nil {
		return usage(words.Fail("fail.one_of", words.Args{"Flag": "--notify", "Value": o.notify, "Allowed": "never, success, failure, delay"}))
	}
	for i := range m.To {
		m.To[i].Notify = r.Notify
	}
	return nil
}

// content fills in what is sent.
func (a *app) content(o *sendOptions, m *smtpclient.Message) error {
	if o.message != "" {
		if o.body != "" || o.file != "" || o.subject != "" || len(o.attach)+len(o.headers) > 0 {
			return usage(words.Fail("send.message_alone", nil))
		}
		return a.wholeMessage(o.message, m)
	}
	d := draft{from: o.from, to: o.to, subject: o.subject, headers: o.headers, attach: o.attach, host: a.ownName(), body: []byte(o.body)}
	if o.file != "" {
		if o.body != "" {
			return usage(words.Fail("fail.flags_exclude", words.Args{"One": "--body", "Other": "--file"}))
		}
		in, end, err := a.open(o.file)
		if err != nil {
			return err
		}
		defer end()
		if d.body, err = io.ReadAll(io.LimitReader(in, spoolMost+1)); err != nil {
			return words.FailOf(err, "fail.unreadable", words.Args{"File": o.file})
		}
		if len(d.body) > spoolMost {
			return words.Fail("send.too_large", words.Args{"Most": spoolMost >> 20})
		}
	}
	text, err := d.compose(time.Now())
	if err != nil {
		return err
	}
	m.Content, m.Size = bytes.NewReader(text), int64(len(text))
	return nil
}

// open opens a file, or standard input for "-".
func (a *app) open(name string) (io.Reader, func(), error) {
	if name == "-" {
		return a.In, func() {}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, words.FailOf(err, "fail.unreadable", words.Args{"File": name})
	}
	return f, func() { _ = f.Close() }, nil // it was only read
}

// wholeMessage takes a message as it is, but for its line ends, and for what has 8
// bits without MIME, that nobody may ask 8BITMIME for (RFC 5321 §2.4).
func (a *app) wholeMessage(name string, m *smtpclient.Message) error {
	in, end, err := a.open(name)
	if err != nil {
		return err
	}
	defer end()
	letter, err := spool(in, true)
	if err != nil {
		return err
	}
	defer letter.discard()
	octets, err := letter.reader()
	if err != nil {
		return err
	}
	text, err := io.ReadAll(octets)
	if err != nil {
		return err
	}
	if text, err = withMIME(text); err != nil {
		return err
	}
	head, _, _ := bytes.Cut(text, []byte("\r\n\r\n"))
	m.Envelope.UTF8 = !mail.IsASCII(string(head))
	if !mail.IsASCII(string(text)) {
		m.Envelope.Body = mail.Body8BitMIME
	}
	m.Content, m.Size = bytes.NewReader(text), int64(len(text))
	return nil
}

// withMIME puts a message that has 8 bits, and says nothing of MIME, into seven, as
// a server would for one without 8BITMIME. What that would harm stays as it is.
func withMIME(text []byte) ([]byte, error) {
	scanner := imf.Scanner{Max: len(text) + 1}
	if scanner.Scan(text) == imf.More {
		scanner.Finish()
	}
	if mail.IsASCII(string(text)) || scanner.Has(imf.MIMEVersion) {
		return text, nil
	}
	s, err := imf.LookSevenBit(bytes.NewReader(text), imf.Usual())
	switch {
	case errors.Is(err, imf.ErrWide), err == nil && s.Signatures > 0:
		return text, nil
	case err != nil:
		return nil, err
	}
	return io.ReadAll(s.Reader(bytes.NewReader(text)))
}
