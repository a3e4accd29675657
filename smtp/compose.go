package smtp

import (
	"strconv"
	"strings"

	"posta/mail"
)

// Mail is the MAIL command that says an envelope to a server with these
// extensions; what is said with an extension that it lacks is left out.
// Whether the mail may go without that, is the caller's question.
func Mail(env mail.Envelope, offered Extension) Command {
	c := Command{Verb: MAIL, Path: Path{Address: env.From}}
	add := c.adding(offered)
	if env.Size > 0 {
		add(ExtSize, "SIZE", strconv.FormatInt(env.Size, 10))
	}
	if env.Body == mail.Body8BitMIME {
		add(Ext8BitMIME, "BODY", "8BITMIME")
	}
	if env.UTF8 {
		add(ExtSMTPUTF8, "SMTPUTF8", "")
	}
	if env.Auth != "" {
		add(ExtAuth, "AUTH", EncodeXtext(env.Auth))
	}
	switch env.Ret {
	case mail.RetFull:
		add(ExtDSN, "RET", "FULL")
	case mail.RetHdrs:
		add(ExtDSN, "RET", "HDRS")
	}
	if env.EnvID != "" {
		add(ExtDSN, "ENVID", EncodeXtext(env.EnvID))
	}
	return c
}

// Rcpt is the RCPT command that names a recipient, as Mail is MAIL.
func Rcpt(to mail.Recipient, offered Extension) Command {
	c := Command{Verb: RCPT, Path: Path{Address: to.To}}
	add := c.adding(offered)
	if words := notifyWords(to.Notify); words != "" {
		add(ExtDSN, "NOTIFY", words)
	}
	if kind, address, ok := strings.Cut(to.Orcpt, ";"); ok {
		encode := EncodeXtext
		if strings.EqualFold(kind, "utf-8") {
			encode = encodeUnitext
		}
		add(ExtDSN, "ORCPT", kind+";"+encode(address))
	}
	return c
}

// adding gives what adds a parameter where its extension is offered.
func (c *Command) adding(offered Extension) func(Extension, string, string) {
	return func(e Extension, key, value string) {
		if offered.Has(e) {
			c.Params = append(c.Params, Param{Key: key, Value: value})
		}
	}
}

func notifyWords(n mail.Notify) string {
	if n&mail.NotifyNever != 0 {
		return "NEVER"
	}
	var words []string
	for _, one := range []struct {
		bit  mail.Notify
		word string
	}{{mail.NotifySuccess, "SUCCESS"}, {mail.NotifyFailure, "FAILURE"}, {mail.NotifyDelay, "DELAY"}} {
		if n&one.bit != 0 {
			words = append(words, one.word)
		}
	}
	return strings.Join(words, ",")
}
