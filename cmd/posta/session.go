package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/observe"
	"posta/words"
)

func (a *app) sessionCommand() *cobra.Command {
	var f showFlags
	show := a.command("show", "help.session_show", func(ctx context.Context, args []string) error {
		id, err := a.sessionID(ctx, first(args))
		if err != nil {
			return err
		}
		if len(f.lists()) > 0 {
			return a.showTold(ctx, id, f)
		}
		var t observe.Transcript
		if err := a.askServer(ctx, "session.show", admin.SessionID{ID: id}, &t); err != nil {
			return err
		}
		return a.print(t, func(w io.Writer) error { return a.transcript(w, &t) })
	})
	a.addShowFlags(show, &f)
	show.Example = "posta session show\nposta session show 1\nposta session show 1 --annotated\nposta session show --findings\nposta session show --eavesdrop --json"
	return a.group("session", "help.session", a.sessionListCommand(), a.taking(show, 0, 1, "help.word_id"), a.sessionExportCommand(), a.sessionDiagramCommand())
}

func (a *app) sessionListCommand() *cobra.Command {
	f := observe.Filter{Limit: 20}
	var remote string
	c := a.command("list", "help.session_list", func(ctx context.Context, _ []string) error {
		if remote != "" {
			var err error
			if f.Remote, err = network(remote); err != nil {
				return err
			}
		}
		if f.Protocol != "" {
			if err := oneOf("--protocol", f.Protocol, "smtp", "pop3", "sendmail"); err != nil {
				return usage(err)
			}
		}
		var all []observe.Session
		if err := a.askServer(ctx, "session.list", f, &all); err != nil {
			return err
		}
		return printAll(a, all, func(w io.Writer) error { return a.sessionTable(w, all) })
	})
	flags := c.Flags()
	flags.BoolVar(&f.Open, "open", false, a.say("help.flag_open", nil))
	flags.StringVar(&f.Protocol, "protocol", "", a.say("help.flag_protocol", nil))
	flags.StringVar(&f.Listener, "listener", "", a.say("help.flag_listener", nil))
	flags.StringVar(&f.User, "user", "", a.say("help.flag_user", nil))
	flags.StringVar(&remote, "remote", "", a.say("help.flag_remote", nil))
	choices(c, "protocol", "smtp", "pop3", "sendmail")
	flags.Var(count{&f.Limit, true}, "limit", a.say("help.flag_limit", nil))
	c.Example = "posta session list\nposta session list --open --protocol pop3\nposta session list --user pepe --json"
	return c
}

// sessionID reads a session's number, which is never 0; without one it is the
// newest session. One that said nothing and went, as who only looks whether a port
// is open, counts where there is no other.
func (a *app) sessionID(ctx context.Context, text string) (uint64, error) {
	if text != "" {
		id, err := strconv.ParseUint(text, 10, 64)
		if err != nil || id == 0 { // asked of the server, 0 would be all of them
			return 0, usage(words.Fail("fail.session_id", words.Args{"Value": text}))
		}
		return id, nil
	}
	var newest []observe.Session
	if err := a.askServer(ctx, "session.list", observe.Filter{Limit: newestLooked}, &newest); err != nil {
		return 0, err
	}
	if len(newest) == 0 {
		return 0, words.Fail("fail.no_session_yet", nil)
	}
	spoke := slices.IndexFunc(newest, func(s observe.Session) bool { return !s.Silent || s.Closed.IsZero() })
	return newest[max(spoke, 0)].ID, nil
}

// newestLooked is how far back the newest session that said something is looked for.
const newestLooked = 100

// network reads an address or a network.
func network(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, usage(words.Fail("fail.network", words.Args{"Value": text}))
	}
	return p, nil
}

// sessionTable lists sessions, a line each. Where the screen is too narrow for
// that, what happened stands beneath, and if need be how the session ended.
func (a *app) sessionTable(w io.Writer, all []observe.Session) error {
	headings := []string{"field.number", "field.opened", "field.listener", "field.remote", "field.user", "field.state", "field.what"}
	width := a.width(w)
	for most := len(headings); ; most-- {
		var text strings.Builder
		row := func(s observe.Session) []string {
			cells := a.sessionRow(s)
			if short, _ := parted(cells[stateColumn]); width > 0 {
				cells[stateColumn] = short
			}
			cells[stateColumn] = cut(cells[stateColumn], stateWidth)
			return cells[:most]
		}
		if err := lister(a, all, slices.Clone(headings[:most]), row)(&text); err != nil {
			return err
		}
		lines := slices.Collect(strings.Lines(text.String()))
		tooLong := func(line string) bool { return utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > width }
		if width > 0 && most > len(headings)-2 && slices.ContainsFunc(lines, tooLong) {
			continue
		}
		for i, line := range lines {
			if i > 0 && i <= len(all) {
				cells := a.sessionRow(all[i-1])
				rest := cells[most:]
				if _, more := parted(cells[stateColumn]); most > stateColumn && width > 0 {
					rest = append([]string{more}, rest...)
				}
				rest = slices.DeleteFunc(rest, func(cell string) bool { return cell == "" })
				if len(rest) > 0 {
					var beneath strings.Builder
					wrapFew(&beneath, "        ", strings.Join(rest, "; "))
					line += beneath.String()
				}
			}
			if _, err := io.WriteString(w, line); err != nil {
				return err
			}
		}
		return nil
	}
}

// parted parts a reason that a column has no room for: what it comes to, and the
// rest, which stands beneath.
func parted(reason string) (short, more string) {
	if utf8.RuneCountInString(reason) <= stateWidth {
		return reason, ""
	}
	if short, more, ok := strings.Cut(reason, ": "); ok && utf8.RuneCountInString(short) <= stateWidth {
		return short, more
	}
	return cut(reason, stateWidth), reason
}

func (a *app) sessionRow(s observe.Session) []string {
	state := a.say("session.open", nil)
	if !s.Closed.IsZero() {
		state = ended(a.words, s.Reason)
		if strings.HasPrefix(s.Reason, "collect: ") { // session show says why
			state = a.say("session.collect_failed", nil)
		}
	}
	return []string{strconv.FormatUint(s.ID, 10), whenListed(s.Opened), s.Listener, s.Remote.Addr().String(), s.User, state, a.happened(&s)}
}

// stateWidth is what a column has for why a session ended; the rest of a long
// reason is in `posta session show`.
const (
	stateWidth  = 28
	stateColumn = 5
)

// happened sums a session up.
func (a *app) happened(s *observe.Session) string {
	text := ""
	add := func(n int, id string) {
		if n == 0 {
			return
		}
		if text != "" {
			text += ", "
		}
		text += a.words.Say(id, words.Args{"Count": n})
	}
	add(s.Accepted, "session.accepted")
	add(s.Relayed, "session.relayed")
	add(s.Delayed, "session.delayed")
	add(s.GivenUp, "session.given_up")
	add(s.Fetched, "session.fetched")
	add(s.Deleted, "session.deleted")
	add(s.Failed, "session.failed")
	add(s.Refused, "session.refused")
	if text == "" && s.Silent && !s.Closed.IsZero() && s.Protocol != "sendmail" { // which hands over, and says nothing
		return a.say("session.silent", nil)
	}
	return text
}

// remoteOf is an address with its port, which what was handed in has not.
func remoteOf(a netip.AddrPort) string {
	if a.Port() == 0 {
		return a.Addr().String()
	}
	return a.String()
}

func (a *app) transcript(w io.Writer, t *observe.Transcript) error {
	head := a.facts(fact{"field.number", strconv.FormatUint(t.ID, 10)}, fact{"field.listener", t.Listener + " (" + t.Mode + ")"},
		fact{"field.remote", remoteOf(t.Remote)}, fact{"field.opened", when(t.Opened)}, fact{"field.tls", t.TLS},
		fact{"field.helo", t.Helo}, fact{"field.user", t.User}, fact{"field.what", a.happened(&t.Session)},
		fact{"field.closed", when(t.Closed)}, fact{"field.reason", ended(a.words, t.Reason)})
	if err := head(w); err != nil {
		return err
	}
	notes, err := newRemarker(a.words)
	if err != nil {
		return err
	}
	for i := range t.Lines {
		l := &t.Lines[i]
		l.Time = l.Time.Local()
		if l.Kind == observe.LineNote || l.Kind == observe.LineGap || l.Kind == observe.LineBody {
			l.Text = notes.say(l.Text)
		}
	}
	_, err = fmt.Fprintf(w, "\n%s", t)
	return err
}
