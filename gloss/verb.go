package gloss

import "posta/pop3"

// smtpVerb is what a command of SMTP asks.
func smtpVerb(name string) string {
	switch name {
	case "HELO":
		return "gloss.helo"
	case "EHLO":
		return "gloss.ehlo"
	case "MAIL":
		return "gloss.mail"
	case "RCPT":
		return "gloss.rcpt"
	case "DATA":
		return "gloss.data"
	case "BDAT":
		return "gloss.bdat"
	case "RSET":
		return "gloss.rset"
	case "NOOP":
		return "gloss.noop"
	case "VRFY":
		return "gloss.vrfy"
	case "EXPN":
		return "gloss.expn"
	case "HELP":
		return "gloss.help"
	case "QUIT":
		return "gloss.quit"
	case "AUTH":
		return "gloss.auth"
	case "STARTTLS":
		return "gloss.starttls"
	case "ETRN":
		return "gloss.etrn"
	case "ATRN":
		return "gloss.atrn"
	case "TURN":
		return "gloss.turn"
	case "SEND", "SOML", "SAML":
		return "gloss.send"
	}
	return "gloss.unknown"
}

// popVerb is what a command of POP3 asks.
func popVerb(name string) string {
	switch name {
	case "USER":
		return "gloss.user_command"
	case "PASS":
		return "gloss.pass"
	case "APOP":
		return "gloss.apop"
	case "AUTH":
		return "gloss.auth"
	case "CAPA":
		return "gloss.capa"
	case "STAT":
		return "gloss.stat"
	case "LIST":
		return "gloss.list"
	case "RETR":
		return "gloss.retr"
	case "DELE":
		return "gloss.dele"
	case "NOOP":
		return "gloss.noop"
	case "RSET":
		return "gloss.rset_pop"
	case "QUIT":
		return "gloss.quit_pop"
	case "TOP":
		return "gloss.top"
	case "UIDL":
		return "gloss.uidl"
	case "STLS":
		return "gloss.starttls"
	case "LANG":
		return "gloss.lang"
	case "UTF8":
		return "gloss.utf8"
	}
	return "gloss.unknown"
}

// response says what a response of POP3 means.
func (g *glosser) response() {
	a := g.a
	g.cite("RFC 1939 §3")
	if cite := pop3.VerbNamed(a.Verb).Cites(); cite != "" && cite != "RFC 1939 §3" {
		g.cite(cite)
	}
	if a.Refused {
		switch a.Verb {
		case "PASS", "APOP", "AUTH":
			g.say("gloss.err_login", nil)
		default:
			g.say("gloss.err", nil)
		}
		return
	}
	switch a.Verb {
	case "USER":
		g.say("gloss.ok_user", nil)
	case "PASS", "APOP", "AUTH":
		g.say("gloss.ok_login", nil)
	case "STAT":
		g.say("gloss.ok_stat", nil)
	case "LIST", "UIDL", "CAPA":
		g.say("gloss.ok_list", nil)
	case "RETR", "TOP":
		g.say("gloss.ok_retr", nil)
	case "DELE":
		g.say("gloss.ok_dele", nil)
	case "STLS":
		g.say("gloss.to_starttls", nil)
	case "QUIT":
		if a.Before.User == "" {
			g.say("gloss.code_221", nil)
		} else {
			g.say("gloss.ok_quit", nil)
		}
	default:
		g.say("gloss.ok", nil)
	}
}

// list says what the lines of a list are.
func (g *glosser) list() {
	g.cite(pop3.VerbNamed(g.a.Verb).Cites(), "RFC 1939 §3")
	switch g.a.Verb {
	case "LIST":
		g.say("gloss.lines_list", nil)
	case "UIDL":
		g.say("gloss.lines_uidl", nil)
	case "CAPA":
		g.say("gloss.lines_capa", nil)
	default:
		g.say("gloss.lines", nil)
	}
}
