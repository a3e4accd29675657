package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/server"
	"posta/words"
)

func (a *app) statusCommand() *cobra.Command {
	c := a.command("status", "help.status", func(ctx context.Context, _ []string) error {
		var s admin.Status
		if err := a.askServer(ctx, "status", admin.None{}, &s); err != nil {
			return err
		}
		return a.print(s, func(w io.Writer) error {
			head := a.facts(fact{"field.version", s.Version}, fact{"field.process", strconv.Itoa(s.PID)},
				fact{"field.hostname", s.Hostname}, fact{"field.data", s.Data}, fact{"field.default_domain", s.DefaultDomain}, fact{"field.metrics", s.Metrics},
				fact{"field.sendmail", s.Sendmail}, fact{"field.outgoing", a.leaves(&s)})
			if err := head(w); err != nil {
				return err
			}
			_, _ = fmt.Fprintln(w)
			if err := a.listeners(w, s.Listeners); err != nil {
				return err
			}
			if err := a.networks(w, s.Rules); err != nil {
				return err
			}
			if err := a.certificates(w, s.Certificates); err != nil {
				return err
			}
			for _, c := range s.Certificates {
				if warning := a.ending(c); warning != "" {
					a.warn(w, warning)
				}
			}
			for _, c := range s.Denied {
				a.warn(w, a.denied(c))
			}
			for _, r := range s.ShutOut {
				a.warn(w, a.shutOut(r))
			}
			return nil
		})
	})
	c.Example = "posta status\nposta status --json"
	return c
}

// denied says whose log-in is refused elsewhere.
func (a *app) denied(c admin.Collected) string {
	return a.say("status.denied", words.Args{"Number": c.ID, "Host": c.Host, "User": printable(c.User),
		"Why": words.Within(collectFailure(a.words, c.Failure)), "Next": when(c.Next)})
}

// shutOut says whose route's log-in is refused, and what to do.
func (a *app) shutOut(r admin.ShutOut) string {
	return a.say("status.shut_out", words.Args{"Route": r.Route, "Host": r.Host, "User": printable(r.User),
		"Why": words.Within(replied(a.words, r.Code, r.Status, r.Text)), "Since": when(r.Since), "Last": when(r.Last)})
}

// listeners is the table of ports, each with why it is not where it should be.
func (a *app) listeners(w io.Writer, all []admin.Listener) error {
	t := a.table(w)
	for _, l := range all {
		t.row("  "+l.Name, l.Address, l.Mode, a.tls(l.TLS), a.why(l))
	}
	return t.end()
}

// networks is the table of networks with rules of their own; nothing where
// there are none.
func (a *app) networks(w io.Writer, all []admin.Network) error {
	if len(all) == 0 {
		return nil
	}
	_, _ = fmt.Fprintln(w)
	t := a.table(w)
	for _, n := range all {
		t.row("  "+n.CIDR, n.Name, "auth "+n.Auth, "tls "+n.TLS, "bare_lf "+n.BareLF)
	}
	if err := t.end(); err != nil {
		return err
	}
	var relays strings.Builder // a column more would not fit the screen
	for _, n := range all {
		if n.Relay {
			wrapFew(&relays, "  ", a.say("status.relay", words.Args{"Network": n.CIDR}))
		}
	}
	_, err := io.WriteString(w, relays.String())
	return err
}

func (a *app) tls(kind string) string {
	switch kind {
	case "implicit":
		return a.say("card.tls_implicit", nil)
	case "none":
		return a.say("card.tls_none", nil)
	}
	return a.say("card.tls_start", nil)
}

// why says why a listener fell back.
func (a *app) why(l admin.Listener) string {
	args := words.Args{"Port": portOf(l.Wanted), "Program": l.Program, "PID": l.PID}
	switch {
	case l.Why == "":
		return ""
	case l.Why == server.Denied:
		return a.say("card.denied", args)
	case l.Why == server.Used && l.Program != "":
		return a.say("card.used_by", args)
	case l.Why == server.Used && l.PID != 0:
		return a.say("card.used_pid", args)
	case l.Why == server.Used:
		return a.say("card.used", args)
	case l.Why == server.Reserved:
		return a.say("card.reserved", args)
	}
	return a.say("card.moved", args)
}

// leaves is what becomes of mail for others, and how much of it waits.
func (a *app) leaves(s *admin.Status) string {
	q := &s.Queue
	text := s.Outgoing
	if q.Recipients == 0 {
		return text
	}
	text += "; " + a.say("status.queue", words.Args{"Count": q.Recipients, "Age": shortSpan(time.Since(q.Oldest))})
	if q.Held > 0 {
		text += ", " + a.say("status.queue_held", words.Args{"Count": q.Held})
	}
	return text
}
