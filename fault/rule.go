package fault

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"posta/words"
)

// Points of a dialogue.
const (
	Connect = "connect" // before the greeting; matched: the client's address
	Ehlo    = "ehlo"    // HELO and EHLO; the name
	Auth    = "auth"    // SMTP's AUTH; the user name
	Mail    = "mail"    // the sender's address
	Rcpt    = "rcpt"    // the recipient's address
	Data    = "data"    // DATA, or a message's first BDAT; the sender's address, or a recipient's
	Dot     = "dot"     // the end of a message; as at Data
	User    = "user"    // POP3's USER; the user name
	Pass    = "pass"    // POP3's PASS, APOP and AUTH; the user name
	Retr    = "retr"    // the message's number
	Quit    = "quit"    // the client's address
)

// Protocols.
const (
	SMTP = "smtp"
	POP3 = "pop3"
)

// Points lists the points in order of a dialogue.
func Points() []string {
	return []string{Connect, Ehlo, Auth, Mail, Rcpt, Data, Dot, User, Pass, Retr, Quit}
}

// protocolOf is the protocol of a point; "" is both.
func protocolOf(at string) string {
	switch at {
	case Ehlo, Auth, Mail, Rcpt, Data, Dot:
		return SMTP
	case User, Pass, Retr:
		return POP3
	}
	return ""
}

// Rule is one fault.
type Rule struct {
	ID    int    `json:"id"`
	At    string `json:"at"`
	Match string `json:"match,omitempty"` // with * and ?, or /regexp/; "" is everything
	Reply string `json:"reply,omitempty"` // in place of the server's own
	Close bool   `json:"close,omitempty"` // the connection, behind the reply if there is one
	Delay int64  `json:"delay_ms,omitempty"`
	Times int    `json:"times,omitempty"` // 0: always
	Met   int    `json:"met"`             // how often it was
}

// Bounds of a rule.
const (
	MaxDelay = time.Hour
	maxReply = 500 // octets; with its end a line is at most 512 (RFC 5321 §4.5.3.1.5)
	maxMatch = 500
)

// Check says what is wrong with a rule, and what would be right.
func (r *Rule) Check() error {
	_, err := r.compile()
	return err
}

// compile checks a rule and makes its pattern.
func (r *Rule) compile() (*regexp.Regexp, error) {
	switch {
	case !slices.Contains(Points(), r.At):
		return nil, words.Fail("fault.point", words.Args{"At": r.At, "Points": strings.Join(Points(), ", ")})
	case r.Reply == "" && !r.Close && r.Delay == 0:
		return nil, words.Fail("fault.nothing", nil)
	case r.Delay < 0 || r.Delay > MaxDelay.Milliseconds():
		return nil, words.Fail("fault.delay", words.Args{"Most": MaxDelay})
	case r.Times < 0:
		return nil, words.Fail("fault.times", nil)
	case len(r.Match) > maxMatch:
		return nil, words.Fail("fault.match_long", words.Args{"Most": maxMatch})
	}
	if r.Reply != "" {
		if err := r.checkReply(); err != nil {
			return nil, err
		}
	}
	pattern, err := regexp.Compile(expression(r.Match))
	if err != nil {
		return nil, words.Fail("fault.match", words.Args{"Match": r.Match, "Error": err})
	}
	return pattern, nil
}

// expression makes a regular expression of what was to match.
func expression(match string) string {
	if n := len(match); n > 1 && match[0] == '/' && match[n-1] == '/' {
		return match[1 : n-1]
	}
	if match == "" {
		return ""
	}
	glob := regexp.QuoteMeta(match)
	glob = strings.ReplaceAll(strings.ReplaceAll(glob, `\*`, ".*"), `\?`, ".")
	return "(?is)^" + glob + "$"
}

// checkReply wants a reply of the point's protocol, on one line, that leaves
// the dialogue where both sides know how it goes on.
func (r *Rule) checkReply() error {
	smtp := regexp.MustCompile(`^([2-5])[0-5][0-9](?:$| (?:([0-9]+)\.[0-9]{1,3}\.[0-9]{1,3}(?:$| ))?)`)
	pop3 := regexp.MustCompile(`^(\+OK|-ERR)(?:$| )`)
	form := smtp.FindStringSubmatch(r.Reply)
	args := words.Args{"Reply": r.Reply, "At": r.At}
	switch {
	case strings.ContainsFunc(r.Reply, func(c rune) bool { return c < ' ' || c > '~' }):
		return words.Fail("fault.reply_characters", args)
	case len(r.Reply) > maxReply:
		return words.Fail("fault.reply_long", words.Args{"Most": maxReply})
	case form == nil && !pop3.MatchString(r.Reply):
		return words.Fail("fault.reply_form", args)
	case protocolOf(r.At) == SMTP && form == nil:
		return words.Fail("fault.reply_smtp", args)
	case protocolOf(r.At) == POP3 && form != nil:
		return words.Fail("fault.reply_pop3", args)
	case form != nil && form[2] != "" && form[2] != form[1]:
		return words.Fail("fault.reply_class", words.Args{"Reply": r.Reply, "Class": form[1]})
	case form != nil && form[1] == "3":
		return words.Fail("fault.reply_more", args)
	case r.At == Retr && strings.HasPrefix(r.Reply, "+OK"):
		return words.Fail("fault.reply_retr", args)
	}
	return nil
}

// protocol is the one that a rule is for, by its point or else by its reply;
// "" is both.
func (r *Rule) protocol() string {
	if p := protocolOf(r.At); p != "" || r.Reply == "" {
		return p
	}
	if r.Reply[0] == '+' || r.Reply[0] == '-' {
		return POP3
	}
	return SMTP
}

// String is what a recording says of a rule that was met.
func (r *Rule) String() string {
	var all []string
	if r.Delay > 0 {
		all = append(all, "delay "+(time.Duration(r.Delay)*time.Millisecond).String())
	}
	if r.Reply != "" {
		all = append(all, r.Reply)
	}
	if r.Close {
		all = append(all, "close")
	}
	return strings.Join(all, ", ")
}
