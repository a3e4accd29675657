package admin

import (
	"context"
	"errors"
	"io"
	"strings"

	"posta/directory"
	"posta/imf"
	"posta/mail"
)

// Submission is a message that a user of this machine hands in, as sendmail
// takes it.
type Submission struct {
	User    string   `json:"user"`              // who hands it in; a socket open to all asks the system instead
	From    string   `json:"from,omitempty"`    // reverse-path; without a domain it is at this host; "": User
	Null    bool     `json:"null,omitempty"`    // the null reverse-path instead
	To      []string `json:"to,omitempty"`      // without a domain at the default one
	Extract bool     `json:"extract,omitempty"` // those of To, Cc and Bcc too, or of the last resending
	Name    string   `json:"name,omitempty"`    // full name, for a From: that is missing
	Size    int64    `json:"size,omitempty"`    // octets of the message, if known
	Notify  string   `json:"notify,omitempty"`  // never, or success, failure and delay with commas between (RFC 3461 §4.1)
	Ret     string   `json:"ret,omitempty"`     // full, hdrs (RFC 3461 §4.3)
	EnvID   string   `json:"envid,omitempty"`   // RFC 3461 §4.4
}

// Submitted is a message that was taken for all of its recipients.
type Submitted struct {
	ID         string `json:"id"` // queue id
	Recipients int    `json:"recipients"`
}

// Bounds of a Submission.
const (
	maxSubmitted    = 1000      // recipients
	maxSubmitHeader = 256 << 10 // octets
)

func (h House) submissions() []Operation {
	return []Operation{taking("mail.submit", h.submit)}
}

// submit takes a message for all recipients or for none, so that who tries
// again gives nobody two.
func (h House) submit(ctx context.Context, in Submission, octets io.Reader) (Submitted, error) {
	if octets == nil {
		return Submitted{}, refusal("invalid", "submit.nothing")
	}
	if user, ok := ctx.Value(userKey{}).(string); ok {
		in.User = user
	}
	if in.User == "" {
		in.User = nobody
	}
	env, err := h.envelope(in)
	if err != nil {
		return Submitted{}, err
	}
	octets = &asLines{from: octets}
	head, err := readHead(octets)
	if err != nil {
		return Submitted{}, err
	}
	to, err := h.recipients(ctx, in, head)
	if err != nil {
		return Submitted{}, err
	}
	for _, one := range to {
		env.UTF8 = env.UTF8 || !one.To.IsASCII()
	}
	origin := mail.Origin{Listener: "sendmail", Service: mail.Submission, Mode: mail.Strict, ESMTP: true, Inside: in.User}
	letter, err := h.Door.Begin(ctx, origin, env)
	if err != nil {
		return Submitted{}, refuseLetter(err)
	}
	defer letter.Abort()
	if err := h.offer(ctx, letter, to); err != nil {
		return Submitted{}, err
	}
	body := io.MultiReader(strings.NewReader(h.missingFrom(in, head)), strings.NewReader(head.text), octets)
	if err := pour(letter, body, h.MaxSize); err != nil {
		return Submitted{}, err
	}
	receipt, err := letter.Commit(ctx)
	if err != nil {
		return Submitted{}, refuseLetter(err)
	}
	return Submitted{receipt.ID, len(to)}, nil
}

// envelope is what MAIL would have said.
func (h House) envelope(in Submission) (mail.Envelope, error) {
	env := mail.Envelope{Size: in.Size, EnvID: in.EnvID}
	switch in.Ret {
	case "":
	case "full":
		env.Ret = mail.RetFull
	case "hdrs":
		env.Ret = mail.RetHdrs
	default:
		return env, refusal("usage", "submit.ret", "Value", in.Ret)
	}
	if in.Null {
		return env, nil
	}
	from, err := mail.ParseAddress(h.sender(in))
	if err != nil {
		return env, refusal("usage", "submit.address", "Address", in.From, "Why", err)
	}
	env.From, env.UTF8 = from, !from.IsASCII()
	return env, nil
}

// sender is the reverse-path in words; a user name is at this host.
func (h House) sender(in Submission) string {
	from := in.From
	if from == "" {
		from = in.User
	}
	if !strings.Contains(from, "@") {
		from += "@" + h.Hostname
	}
	return from
}

// missingFrom is the From: of a message that has none (RFC 5322 §3.6).
func (h House) missingFrom(in Submission, head head) string {
	for _, f := range head.fields {
		if f.Kind == imf.From {
			return ""
		}
	}
	if in.Null {
		in.From = ""
	}
	return string(imf.AppendField(nil, "From", imf.Mailbox{Name: in.Name, Addr: h.sender(in)}.String()))
}

// offer names the recipients to a letter; one that is refused refuses all.
func (h House) offer(ctx context.Context, letter mail.Letter, to []mail.Recipient) error {
	var refused []string
	code := "temporary"
	for _, one := range to {
		err := letter.Rcpt(ctx, one)
		if err == nil {
			continue
		}
		e := refuseLetter(err)
		if h.outOfReach(ctx, one.To, e.Code) {
			e.Code = "unavailable"
		}
		if e.Code != "temporary" && code == "temporary" {
			code = e.Code
		}
		if len(refused) < 10 {
			refused = append(refused, one.To.String()+": "+e.Text)
		}
	}
	if len(refused) == 0 {
		return nil
	}
	return refusal(code, "submit.refused", "List", strings.Join(refused, "; "))
}

// outOfReach says that what was refused for good is elsewhere, by its own domain or
// behind an alias: no mistake in the message, nor of who handed it in.
func (h House) outOfReach(ctx context.Context, to mail.Address, code string) bool {
	if code == "temporary" || code == "internal" {
		return false
	}
	res, err := h.Directory.Resolve(ctx, to, mail.Address{}, mail.Login{})
	behind := len(res.Outside) > 0 && len(res.Targets)+len(res.Large) == 0 && code != "not_found"
	return err == nil && (res.Outcome == directory.NonLocal || behind)
}

// pour writes the message into the letter, at most max octets of it; 0: any.
func pour(letter mail.Letter, from io.Reader, max int64) error {
	limit := from
	if max > 0 {
		limit = io.LimitReader(from, max+1)
	}
	out := &written{letter: letter}
	n, err := io.Copy(out, limit)
	switch {
	case out.err != nil:
		return refuseLetter(out.err)
	case err != nil:
		return refusal("invalid", "submit.cut", "Why", err)
	case max > 0 && n > max:
		return refusal("invalid", "submit.large", "Most", max)
	}
	return nil
}

// written tells a letter's error from one of the reader.
type written struct {
	letter mail.Letter
	err    error
}

func (w *written) Write(p []byte) (n int, err error) {
	n, w.err = w.letter.Write(p)
	return n, w.err
}

// refuseLetter makes a refusal of what the door said. Only a mail.Error is for
// others' eyes.
func refuseLetter(err error) *Error {
	var e *mail.Error
	if !errors.As(err, &e) {
		return &Error{Code: "internal", Text: err.Error()}
	}
	out := &Error{Code: "invalid", Text: (&mail.Error{Code: e.Code, Status: e.Status, Text: e.Text}).Error()}
	switch {
	case e.Temporary():
		out.Code = "temporary"
	case e.Status == mail.Status{Class: 5, Subject: 1, Detail: 1}:
		out.Code = "not_found"
	case e.Status.Subject == 7:
		out.Code = "forbidden"
	}
	return out
}

// userKey is a context's value: who hands a message in, as the system says.
type userKey struct{}
