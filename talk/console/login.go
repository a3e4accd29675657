package console

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"posta/pop3"
	"posta/sasl"
	"posta/talk"
	"posta/words"
)

// login is a log-in under way: what is typed for it is encoded, and passwords
// are typed unseen.
type login struct {
	mechanism string
	waiting   bool   // nothing is asked yet
	prompt    string // the server's, decoded
	challenge []byte // base64, as it came
	client    sasl.Client
	user      string
	named     bool   // user is known
	stamp     string // of APOP, or "pass" for PASS: what the password is for
}

// question is what the person is asked next.
func (l *login) question(c *Console) question {
	switch {
	case l.stamp != "", l.byItself() && l.named:
		return question{prompt: c.say("talk.ask_password", nil), secret: true}
	case l.byItself():
		return question{prompt: c.say("talk.ask_user", nil)}
	case strings.Contains(strings.ToLower(l.prompt), "pass"):
		return question{prompt: c.say("talk.ask_answer_unseen", nil), secret: true}
	}
	return question{prompt: c.say("talk.ask_answer", nil)}
}

// byItself says that posta makes the answers of a name and a password.
func (l *login) byItself() bool {
	return l.mechanism == sasl.Plain || strings.HasPrefix(l.mechanism, "SCRAM-SHA-256")
}

// challenged is the server's question.
func (c *Console) challenged(challenge []byte) {
	text, readable := decoded(challenge)
	if readable && text != "" {
		c.tell("talk.decoded", words.Args{"Text": text})
	}
	if c.login == nil { // AUTH with an initial response goes on
		c.login = &login{mechanism: ""}
	}
	l := c.login
	l.waiting, l.prompt, l.challenge = false, text, challenge
	_, ok := pop3.DecodeSASL(challenge)
	switch {
	case l.client != nil:
		c.respond()
	case l.byItself() && !ok: // nobody else is there to see that (RFC 4954 §4, RFC 5034 §4)
		c.strange()
	}
}

// strange ends an exchange whose challenge nobody can read.
func (c *Console) strange() {
	c.tell("talk.no_base64", nil)
	c.answer("*", "")
}

// cancel ends an exchange that can't go on.
func (c *Console) cancel(why error) {
	c.print(c.dim("   " + why.Error()))
	c.answer("*", "")
}

// take does what was typed for a log-in.
func (l *login) take(c *Console, line string) {
	switch {
	case l.stamp != "":
		c.login = nil
		c.passTyped(l, line)
	case line == "*":
		c.answer("*", "")
	case !l.byItself():
		l.encode(c, line)
	case !l.named:
		l.user, l.named = line, true
	default:
		c.begin(l, line)
	}
}

// encode sends an answer in base64. What is base64 of something readable
// already, as by who did it by hand, goes as it is; so does what stands behind
// "=", with which no base64 begins.
func (l *login) encode(c *Console, line string) {
	if own, ok := strings.CutPrefix(line, "="); ok {
		c.answer(own, "")
		return
	}
	if text, ok := already(line); ok {
		c.tell("talk.is_base64", words.Args{"Text": text})
		c.answer(line, "")
		return
	}
	c.answer(base64.StdEncoding.EncodeToString([]byte(line)), "")
}

// already says what base64 stands for that a person has made himself.
func already(line string) (string, bool) {
	if len(line) < 8 && !strings.HasSuffix(line, "=") || len(line)%4 != 0 {
		return "", false
	}
	octets, err := base64.StdEncoding.DecodeString(line)
	if err != nil || len(octets) == 0 || !utf8.Valid(octets) {
		return "", false
	}
	for _, r := range string(octets) {
		if r < ' ' || r == 0x7f {
			return "", false
		}
	}
	return string(octets), true
}

// begin makes the answers of PLAIN and SCRAM from here on.
func (c *Console) begin(l *login, password string) {
	wish := sasl.Wish{User: l.user, Password: password, Offered: c.speaker.mechanisms()}
	if s, ok := c.tap.TLS(); ok {
		wish.TLS = &s
	}
	client, err := sasl.NewClient(l.mechanism, wish)
	var first []byte
	if err == nil {
		first, err = client.Start()
	}
	if err != nil {
		c.cancel(err)
		return
	}
	args := talk.Argument(l.user) + "," + talk.Argument(password)
	call := "$scram(" + args + ")"
	switch l.mechanism {
	case sasl.Plain:
		call = "$plain(" + args + ")"
	case sasl.ScramPlus256:
		call = "$scramplus(" + args + ")"
	}
	if l.mechanism != sasl.Plain {
		l.client = client
	}
	c.answer(base64.StdEncoding.EncodeToString(first), call)
}

// respond answers a further challenge of SCRAM.
func (c *Console) respond() {
	octets, ok := pop3.DecodeSASL(c.login.challenge)
	if !ok {
		c.strange()
		return
	}
	out, err := c.login.client.Next(octets)
	if err != nil {
		c.cancel(err)
		return
	}
	c.answer(base64.StdEncoding.EncodeToString(out), fmt.Sprintf("$scramnext($c%d)", c.asking))
}

// answer sends a line of an exchange. call is how a transcript makes it anew;
// "": it is the same each time.
func (c *Console) answer(line, call string) {
	if line != "*" {
		c.secrets = true
	}
	c.print("C: " + line)
	c.speaker.sent([]byte(line))
	if call != "" {
		c.scribe.Call(nil, call)
	} else {
		c.scribe.Line([]byte(line))
	}
	if c.login != nil {
		c.login.waiting = true
	}
	c.send([]byte(line + "\r\n"))
}

// passAsked begins to ask for the password of a POP3 command that came without
// it: PASS, and APOP with a name.
func (c *Console) passAsked(line string) bool {
	p, ok := c.speaker.(*pop3Speaker)
	if !ok {
		return false
	}
	words := strings.Fields(strings.ToUpper(line))
	switch {
	case len(words) == 1 && words[0] == "PASS":
		c.login = &login{stamp: "PASS"}
	case len(words) == 2 && words[0] == "APOP" && p.stamp != "":
		c.login = &login{stamp: p.stamp, user: strings.Fields(line)[1]}
	default:
		return false
	}
	return true
}

// passTyped sends PASS, or APOP with the digest.
func (c *Console) passTyped(l *login, password string) {
	c.secrets = true
	if l.user == "" {
		c.verb = "PASS"
		if !c.o.Editor.Echoes() {
			c.print("C: PASS ********")
		}
		c.speaker.sent([]byte("PASS " + password))
		c.scribe.Line([]byte("PASS " + password))
		c.send([]byte("PASS " + password + "\r\n"))
		return
	}
	c.verb = "APOP"
	line := "APOP " + l.user + " " + pop3.Digest(l.stamp, []byte(password))
	c.tell("talk.apop", words.Args{"Stamp": l.stamp})
	c.print("C: " + line)
	c.speaker.sent([]byte(line))
	c.scribe.Call([]byte("APOP "+l.user+" "), "$apop($stamp,"+talk.Argument(password)+")")
	c.send([]byte(line + "\r\n"))
}
