// Package gloss says what each line of a mail session means: in plain words,
// with the section of the standard, and with the state of the dialogue before
// and after it. The annotated transcript and the report are written from it.
//
// Which command stands where in the standards the tables of smtp/ and pop3/
// say. It does no I/O. Start reading at Of; state.go has the states, reply.go
// what replies say.
package gloss

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"posta/event"
	"posta/pop3"
	"posta/smtp"
	"posta/story"
	"posta/words"
)

// Gloss is what an act means. Before and After are the state in words; they
// are the same where the act changes nothing, and empty of what is no line.
type Gloss struct {
	Meaning       string
	Cites         []string // "RFC 5321 §4.1.1.2"
	Lines         []Line   // of further lines that mean something by themselves
	Before, After string
}

// Line is a further line, such as a keyword of EHLO's reply.
type Line struct {
	Text    string // as it was sent
	Meaning string // "" where nothing is known of it
	Cites   []string
}

// glosser writes the gloss of one act.
type glosser struct {
	w   *words.Words
	s   *story.Session
	a   *story.Act
	out Gloss
}

// Of says what an act of a session means.
func Of(w *words.Words, s *story.Session, a *story.Act) Gloss {
	g := &glosser{w: w, s: s, a: a}
	switch a.Kind {
	case story.Command:
		g.command()
	case story.Answer:
		g.answer()
	case story.Greeting:
		g.greeting()
	case story.Reply:
		g.reply()
	case story.Challenge:
		g.challenge()
	case story.Mail:
		g.mail()
	case story.List:
		g.list()
	default:
		g.event()
	}
	if g.spoken() {
		g.out.Before, g.out.After = State(w, s.Protocol, a.Before), State(w, s.Protocol, a.After)
	}
	return g.out
}

// spoken says that an act can change the state.
func (g *glosser) spoken() bool {
	switch g.a.Kind {
	case story.Stray, story.Cipher, story.Gap, story.Note, story.Fact, story.Over:
		return false
	}
	return true
}

// say adds a sentence.
func (g *glosser) say(id string, args words.Args) {
	if g.out.Meaning != "" {
		g.out.Meaning += " "
	}
	g.out.Meaning += g.w.Say(id, args)
}

func (g *glosser) cite(sections ...string) {
	for _, one := range sections {
		if one != "" {
			g.out.Cites = append(g.out.Cites, one)
		}
	}
}

func (g *glosser) pop() bool { return g.s.Protocol == "pop3" }

// command says what is asked.
func (g *glosser) command() {
	a := g.a
	if g.pop() {
		g.say(popVerb(a.Verb), nil)
		g.cite(pop3.VerbNamed(a.Verb).Cites())
	} else {
		g.say(smtpVerb(a.Verb), nil)
		g.cite(smtp.VerbNamed(a.Verb).Cites())
	}
	if a.Fault != "" && a.Verb != "" {
		g.say("gloss.fault", words.Args{"Fault": g.w.Syntax(a.Fault)})
	}
	if len(a.Lenient) > 0 {
		g.say("gloss.lenient", nil)
	}
	if a.Grouped {
		g.say("gloss.grouped", nil)
		g.cite("RFC 2920 §3.1")
	}
	if l := a.Login; l != nil {
		g.login(l)
	}
}

// login says what a log-in gives away in the line that does it.
func (g *glosser) login(l *story.Login) {
	if l.At != g.a.At {
		return
	}
	args := words.Args{"User": shown(l.User), "Password": shown(l.Password)}
	switch {
	case l.Masked:
		g.say("gloss.masked", nil)
	case l.Readable && l.Base64:
		g.say("gloss.decoded_login", args)
	case l.Readable:
		g.say("gloss.readable_login", args)
	case l.User != "":
		g.say("gloss.user", words.Args{"User": shown(l.User)})
	}
}

// answer says what the client answers to a challenge.
func (g *glosser) answer() {
	a := g.a
	g.cite(g.authSection())
	switch {
	case a.Text == "*":
		g.say("gloss.answer_cancel", nil)
		return
	case a.Text == event.Masked:
		g.say("gloss.answer", nil)
		g.say("gloss.masked", nil)
		return
	}
	g.say("gloss.answer", nil)
	if clear, ok := decoded(a.Text); ok {
		g.say("gloss.decoded", words.Args{"Text": clear})
	}
}

func (g *glosser) authSection() string {
	if g.pop() {
		return "RFC 5034 §4"
	}
	return "RFC 4954 §4"
}

func (g *glosser) challenge() {
	text := strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(g.a.Text, "334"), "+"))
	g.cite(g.authSection())
	clear, ok := decoded(text)
	if ok && clear != "" {
		g.say("gloss.challenge_text", words.Args{"Text": clear})
		return
	}
	g.say("gloss.challenge", nil)
}

// decoded undoes base64, if what comes out is text; a NUL is shown as ␀.
func decoded(text string) (string, bool) {
	clear, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !utf8.Valid(clear) || text == "" {
		return "", false
	}
	for _, r := range string(clear) {
		if r != 0 && r != 1 && !unicode.IsPrint(r) {
			return "", false
		}
	}
	return strings.NewReplacer("\x00", "␀", "\x01", "␁").Replace(shown(string(clear))), true
}

// shown writes what a peer sent so that no terminal obeys it, NUL apart, and
// cuts what is long.
func shown(text string) string {
	const most = 300
	var b strings.Builder
	for n, r := range []rune(text) {
		switch {
		case n == most:
			b.WriteString("…")
			return b.String()
		case r == 0 || r == 1 || unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// mail says what a message is, and how it ends.
func (g *glosser) mail() {
	a, m := g.a, g.a.Message
	g.say("gloss.message", words.Args{"Size": m.Size})
	if m.Subject != "" || m.From != "" {
		none := g.w.Say("gloss.header_none", nil)
		g.say("gloss.message_header", words.Args{"From": cmp.Or(shown(m.From), none), "To": cmp.Or(shown(m.To), none), "Subject": cmp.Or(shown(m.Subject), none)})
	}
	switch {
	case g.pop():
		g.say("gloss.message_dot", nil)
		g.cite("RFC 1939 §3", "RFC 5322 §2.1")
	case a.Verb == "BDAT":
		g.say("gloss.message_bdat", nil)
		g.cite("RFC 3030 §2", "RFC 5322 §2.1")
	default:
		g.say("gloss.message_dot", nil)
		g.cite("RFC 5321 §4.1.1.4", "RFC 5321 §4.5.2", "RFC 5322 §2.1")
	}
	if len(m.Octets) > 0 && !m.Separated {
		g.say("gloss.message_unseparated", nil)
	}
}

// event says what else happened.
func (g *glosser) event() {
	a := g.a
	switch a.Kind {
	case story.TLS:
		args := words.Args{"Version": "TLS", "Cipher": ""}
		if f, ok := a.Event.(event.Secured); ok {
			args = words.Args{"Version": shown(f.Version), "Cipher": shown(f.Cipher)}
		}
		g.say("gloss.tls", args)
		g.cite(g.tlsSection())
	case story.Cipher:
		g.say("gloss.cipher", words.Args{"Count": a.Octets})
	case story.Gap:
		g.say("gloss.gap", words.Args{"Count": a.Octets})
	case story.Stray:
		g.say("gloss.stray", nil)
	case story.Turned:
		g.say("gloss.turned", nil)
		g.cite("RFC 2645 §5.3")
	case story.Over:
		g.say("gloss.over", nil)
	}
}

func (g *glosser) tlsSection() string {
	switch {
	case g.s.Implicit:
		return "RFC 8314 §3"
	case g.pop():
		return "RFC 2595 §4"
	}
	return "RFC 3207 §4.2"
}
