package main

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"

	"posta/config"
	"posta/words"
)

// quickSink is what `posta quickstart --mode sink` may be told besides.
type quickSink struct {
	maxMessages int
	ephemeral   bool
}

// checkSink refuses flags that mean nothing in the mode.
func (q *quick) checkSink(given func(flag string) bool) error {
	if q.mode == config.ModeSink {
		for _, flag := range []string{"account", "domain", "persona", "ports"} {
			if given(flag) {
				return words.Fail("fail.not_in_sink", words.Args{"Flag": "--" + flag})
			}
		}
		return nil
	}
	for _, flag := range []string{"max-messages", "ephemeral"} {
		if given(flag) {
			return words.Fail("fail.only_in_sink", words.Args{"Flag": "--" + flag})
		}
	}
	return nil
}

// sinkConfig is the configuration of a sink: SMTP and POP3, and what else was
// asked for.
func (q *quick) sinkConfig(data string) *config.Config {
	c := config.Sink()
	c.Listeners = slices.DeleteFunc(c.Listeners, func(l config.Listener) bool {
		return l.Name != "smtp" && l.Name != "pop3" && !q.listeners.given(l.Name)
	})
	for i := range c.Listeners {
		l := &c.Listeners[i]
		l.Addr = net.JoinHostPort(hostOf(q.lan), portOf(l.Addr))
	}
	c.Data, c.DefaultDomain, c.Hostname = data, q.domain, q.hostname
	if c.Hostname == "" {
		c.Hostname = "localhost"
		if q.domain != "" && isASCII(q.domain) {
			c.Hostname = "mail." + q.domain
		}
	}
	c.Sink.MaxMessages = q.sink.maxMessages
	c.Lab.Networks = append(c.Lab.Networks, q.networks...)
	c.Log.File = filepath.Join(data, "posta.log")
	return c
}

// sinkCard is the card of a sink: what a developer copies.
func (p *page) sinkCard() string {
	p.head()
	p.ports()
	host, port := "", ""
	p.title("card.sink_env", nil)
	if smtp := p.listener("smtp", "submission", "submissions"); smtp != nil {
		host, port = p.at(smtp), fmt.Sprint(smtp.Port)
		p.typed("SMTP_HOST="+host, "SMTP_PORT="+port)
	}
	if pop3 := p.listener("pop3", "pop3s"); pop3 != nil {
		p.typed("POP3_HOST="+p.at(pop3), fmt.Sprint("POP3_PORT=", pop3.Port))
	}
	p.line("  " + p.say("card.sink_login", nil))
	if port != "" {
		at := net.JoinHostPort(host, port)
		p.title("card.sink_send", nil)
		p.typed("swaks --server "+at+" --to ana@example.net",
			"curl --crlf smtp://"+at+" --mail-from app@example.org \\",
			"     --mail-rcpt ana@example.net -T message.txt")
	}
	p.title("card.sink_wait", nil)
	p.typed(p.command("message wait --to ana@example.net --json"), p.command("message list"),
		p.command("message show --to ana@example.net 1"), p.command("message delete --all"))
	if pop3 := p.listener("pop3"); pop3 != nil {
		p.title("card.sink_fetch", nil)
		p.typed(fmt.Sprintf("curl pop3://%s/1 -u ana@example.net:x", net.JoinHostPort(p.at(pop3), fmt.Sprint(pop3.Port))))
	}
	p.title("card.watch", nil)
	p.typed(p.command("session list"), p.command("session show"))
	p.title("card.again", words.Args{"Command": p.command("card")})
	if p.Ephemeral {
		p.line(p.say("card.sink_ephemeral", nil))
	} else {
		p.line(p.say("card.sink_data", words.Args{"Data": p.Data}))
	}
	p.line(p.words.Say("card.sink_end", words.Args{"Count": p.MaxMessages}))
	p.line(p.say("card.sink_stop", nil))
	p.line("")
	return p.text.String()
}
