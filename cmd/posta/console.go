package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"posta/event"
	"posta/observe"
	"posta/words"
)

// console tells the person at a lab's terminal what happens, a short line
// each. It never holds a session up, however still the terminal stands.
type console struct {
	words *words.Words
	out   observe.Writer
}

// consoleBuffer is how much may wait for a terminal.
const consoleBuffer = 256 << 10

func newConsole(w *words.Words, out io.Writer) *console {
	return &console{w, observe.NewWriter(out, consoleBuffer, func(lines uint64) []byte {
		return []byte(w.Say("console.lost", words.Args{"Count": lines}) + "\n")
	})}
}

// Wants is never true: what happened comes unasked, and octets stay away.
func (c *console) Wants(uint64, event.Layer, event.Part) bool { return false }

// Emit writes the line of an event that has one.
func (c *console) Emit(e *event.Event) {
	text := c.text(e)
	tried, leaves := e.Fact.(event.Attempted)
	if text == "" || e.Conn == 0 && !leaves { // what nobody did is no news to a class
		return
	}
	number := ""
	if id := cmp.Or(e.Conn, tried.Session); id != 0 {
		number = c.words.Say("console.session", words.Args{"ID": id}) + "  "
	}
	_, _ = fmt.Fprintf(c.out, "%s  %s%s\n", e.Time.Local().Format("15:04:05"), number, text)
}

func (c *console) text(e *event.Event) string {
	say := c.words.Say
	switch f := e.Fact.(type) {
	case event.Opened:
		if f.Dialed() {
			return say("console.dialed", words.Args{"Remote": f.Peer().String()})
		}
		return say("console.opened", words.Args{"Listener": strings.ToUpper(f.Listener), "Remote": f.Remote.String()})
	case event.Authenticated:
		if f.OK {
			return say("console.login", words.Args{"User": printable(f.User), "Mechanism": f.Mechanism})
		}
		if f.User == "" {
			return say("console.login_failed_nobody", nil)
		}
		if f.Reason == "maildrop in use" {
			return say("console.login_in_use", words.Args{"User": printable(f.User)})
		}
		return say("console.login_failed", words.Args{"User": printable(f.User)})
	case event.Accepted:
		return say("console.accepted", words.Args{"ID": f.ID, "From": printable(f.From), "Size": f.Size, "Count": f.Recipients})
	case event.Queued:
		return say("console.queued", words.Args{"ID": f.ID, "Count": len(f.To)})
	case event.Missed:
		args := words.Args{"ID": f.ID, "Count": len(f.To), "Reply": ownText(c.words, f.Why)}
		if f.Failed {
			return say("console.missed", args)
		}
		return say("console.unsent", args)
	case event.Attempted:
		return c.attempted(&f)
	case event.Fetched:
		return say("console.fetched", words.Args{"Size": f.Size})
	case event.Deleted:
		if f.Messages > 0 {
			return say("console.deleted", words.Args{"Count": f.Messages})
		}
	case event.Closed:
		return say("console.closed", words.Args{"Reason": ended(c.words, printable(f.Reason))})
	}
	return ""
}

// attempted says what became of a message for somebody elsewhere.
func (c *console) attempted(f *event.Attempted) string {
	args := words.Args{"ID": f.ID, "To": printable(f.Recipient), "Reply": replyText(c.words, f.Reply), "Next": whenListed(f.Next)}
	switch {
	case f.Outcome == event.Relayed:
		return c.words.Say("console.relayed", args)
	case f.Outcome == event.Failed:
		return c.words.Say("console.given_up", args)
	case f.Outcome == event.Filed:
		return c.words.Say("console.filed", args)
	case f.Outcome == event.Held:
		return c.words.Say("console.held", args)
	case f.Next.IsZero():
		return c.words.Say("console.waits", args)
	}
	return c.words.Say("console.delayed", args)
}

// say writes text that is no event.
func (c *console) say(text string) { _, _ = c.out.Write([]byte(text)) }

func (c *console) close() { c.out.Close() }
