package mailroom

import (
	"context"
	"slices"

	"posta/directory"
	"posta/imf"
	"posta/mail"
)

// mailFrom is what the reverse-path is called beside the names of fields.
const mailFrom = "MAIL FROM"

// claim is a field of the header by which a message says whose it is.
type claim struct {
	field string // its name, as the standard spells it
	text  string // its value, unfolded
}

// claims are the kinds of field that name whom a message is from, or who sent
// it again (RFC 5322 §3.6.2, §3.6.6); "" is any other.
func claims(k imf.Kind) string {
	switch k {
	case imf.From:
		return "From"
	case imf.Sender:
		return "Sender"
	case imf.ResentFrom:
		return "Resent-From"
	case imf.ResentSender:
		return "Resent-Sender"
	}
	return ""
}

// mayUse says whether this peer may give this reverse-path, and notes it in l
// where a domain lets one pass that is not the sender's.
func (l *letter) mayUse(ctx context.Context) error {
	path := l.env.From
	if err := checkPath(l.from.Mode, path); err != nil {
		return err
	}
	if l.from.Service != mail.Submission || l.from.Inside != "" {
		return nil
	}
	if !l.from.Login.Known() && !l.from.NoLogin {
		if l.from.Mode == mail.Lab {
			return nil
		}
		return mail.Refuse(530, "5.7.0", "Authentication required")
	}
	if path.IsZero() { // RFC 5321 §4.5.5: receipts and reports have no sender
		return nil
	}
	may, check, err := l.room.cfg.Directory.MaySend(ctx, l.from.Login, path)
	switch {
	case err != nil:
		return failed(err)
	case may:
		l.own = l.from.Login.Known()
		return nil
	case check != directory.Enforce:
		l.pass(check, mail.Foreign{Field: mailFrom, Address: path.String()})
		return nil
	case !l.from.Login.Known():
		return mail.Refuse(553, "5.7.1", "Nobody is logged in; MAIL FROM must be an address of somebody here")
	}
	return mail.Refuse(553, "5.7.1", say("You are logged in as ", l.from.Login.Address, "; MAIL FROM must be an address of yours"))
}

// submitter is the mailbox that the message is known to come from, "" if none
// is (RFC 4954 §5): what AUTH= said, where the account that logged in may use
// that, and without AUTH= the reverse-path, where it may use this. So nobody is
// told which account stands behind an address that it was allowed to use.
func (l *letter) submitter(ctx context.Context) (string, error) {
	switch {
	case !l.from.Login.Known():
		return "", nil
	case l.env.Auth == "" && l.own:
		return vouched(l.env.From), nil
	case l.env.Auth == "", l.env.Auth == "<>":
		return "", nil
	}
	a, err := mail.ParseAddress(l.env.Auth)
	if err != nil {
		return "", nil
	}
	may, _, err := l.room.cfg.Directory.MaySend(ctx, l.from.Login, a)
	if err != nil || !may {
		return "", err
	}
	return vouched(a), nil
}

// vouched is an address as AUTH= can say it: a mailbox of RFC 5321, or none.
func vouched(a mail.Address) string {
	if !a.IsASCII() {
		return ""
	}
	return a.String()
}

// maxForeign bounds what is told of one message.
const maxForeign = 10

// pass lets a message go on under an address that is not its sender's.
func (l *letter) pass(check directory.SenderCheck, f mail.Foreign) {
	if check == directory.LogOnly && len(l.foreign) < maxForeign && !slices.Contains(l.foreign, f) {
		l.foreign = append(l.foreign, f)
	}
}

// checkClaims holds what the header says of the sender against the log-in. A
// strict listener for submission refuses a stranger's name there as the domains
// want it; the lab only remarks on it.
func (l *letter) checkClaims(ctx context.Context) error {
	if l.from.Inside != "" {
		return nil
	}
	for _, c := range l.head.claims {
		list, err := imf.ParseMailboxes(c.text)
		if err != nil {
			if err := l.unreadable(ctx, c, err); err != nil {
				return err
			}
		}
		for _, m := range list {
			if err := l.checkClaim(ctx, c.field, m.Addr); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *letter) strict() bool {
	return l.from.Service == mail.Submission && l.from.Mode == mail.Strict
}

// unreadable deals with a field in which no address can be found.
func (l *letter) unreadable(ctx context.Context, c claim, cause error) error {
	text := c.field + ": holds no address that can be read"
	if !l.strict() {
		l.note(text)
		return nil
	}
	_, check, err := l.room.cfg.Directory.MaySend(ctx, l.from.Login, mail.Address{})
	switch {
	case err != nil:
		return failed(err)
	case check == directory.Enforce:
		return mail.Refuse(550, "5.7.1", text).Because(cause)
	}
	l.pass(check, mail.Foreign{Field: c.field})
	return nil
}

func (l *letter) checkClaim(ctx context.Context, field, address string) error {
	a, err := mail.ParseAddress(address)
	if err != nil {
		a = mail.Address{} // nobody's
	}
	if !l.from.Login.Known() && !l.strict() {
		if a != l.env.From {
			l.note(field + ": is not the address that MAIL FROM gave")
		}
		return nil
	}
	may, check, err := l.room.cfg.Directory.MaySend(ctx, l.from.Login, a)
	switch {
	case err != nil:
		return failed(err)
	case may:
		return nil
	case check != directory.Enforce:
		l.pass(check, mail.Foreign{Field: field, Address: address})
		return nil
	case !l.strict():
		l.note(field + ": is no address of " + l.from.Login.Address + "; a strict listener refuses that")
		return nil
	case !l.from.Login.Known():
		return mail.Refuse(550, "5.7.1", "Nobody is logged in; "+field+": must be an address of somebody here")
	}
	return mail.Refuse(550, "5.7.1", say(field+": must be an address of yours; you are logged in as ", l.from.Login.Address, ""))
}
