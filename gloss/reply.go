package gloss

import (
	"strings"

	"posta/smtp"
	"posta/words"
)

// greeting says what the server begins with.
func (g *glosser) greeting() {
	if g.a.Refused {
		g.say("gloss.greeting_refused", nil)
	} else {
		g.say("gloss.greeting", nil)
	}
	if !g.pop() {
		g.cite("RFC 5321 §3.1")
		return
	}
	g.cite("RFC 1939 §4")
	if at := strings.LastIndexByte(g.a.Text, '<'); at >= 0 && strings.HasSuffix(g.a.Text, ">") {
		g.say("gloss.timestamp", nil)
		g.cite("RFC 1939 §7")
	}
}

// reply says what an answer means.
func (g *glosser) reply() {
	if g.pop() {
		g.response()
		return
	}
	a := g.a
	g.say(g.code(), nil)
	if a.Status.Subject > 0 {
		if id := subject(a.Status.Subject); id != "" {
			g.say("gloss.status", words.Args{"Status": a.Status.String(), "Subject": words.Fail(id, nil)})
			g.cite("RFC 3463 §3." + string(rune('1'+a.Status.Subject)))
		}
	}
	if a.Verb == "EHLO" && !a.Refused {
		for _, line := range a.More {
			g.out.Lines = append(g.out.Lines, g.keyword(line))
		}
	}
}

// code is the sentence for a reply's code, to the command that it answers.
func (g *glosser) code() string {
	a := g.a
	g.cite("RFC 5321 §4.2.3")
	if id := accepted(a.Verb, a.Code); id != "" {
		if id == "gloss.to_message" {
			if a.After.Data || a.Re != nil && a.Before.Data == a.After.Data && a.Verb == "DATA" {
				return "gloss.code_250"
			}
			g.cite("RFC 5321 §4.1.1.4")
		}
		return id
	}
	switch a.Code {
	case 235, 334, 530, 534, 535, 538:
		g.out.Cites = []string{"RFC 4954 §6"}
	}
	if id := codeText(a.Code); id != "" {
		return id
	}
	switch a.Code / 100 {
	case 2:
		return "gloss.class_2"
	case 3:
		return "gloss.class_3"
	case 4:
		return "gloss.class_4"
	}
	return "gloss.class_5"
}

// accepted is what 2yz and 3yz mean to a command.
func accepted(verb string, code int) string {
	switch {
	case code == 220 && verb == "STARTTLS":
		return "gloss.to_starttls"
	case code != 250:
		return ""
	}
	switch verb {
	case "HELO":
		return "gloss.to_helo"
	case "EHLO":
		return "gloss.to_ehlo"
	case "MAIL":
		return "gloss.to_mail"
	case "RCPT":
		return "gloss.to_rcpt"
	case "DATA":
		return "gloss.to_message"
	case "BDAT":
		return "gloss.to_bdat"
	case "RSET":
		return "gloss.to_rset"
	}
	return ""
}

// codeText is the sentence of a code, "" for others.
func codeText(code int) string {
	switch code {
	case 211:
		return "gloss.code_211"
	case 214:
		return "gloss.code_214"
	case 220:
		return "gloss.code_220"
	case 221:
		return "gloss.code_221"
	case 235:
		return "gloss.code_235"
	case 250:
		return "gloss.code_250"
	case 251:
		return "gloss.code_251"
	case 252:
		return "gloss.code_252"
	case 354:
		return "gloss.code_354"
	case 421:
		return "gloss.code_421"
	case 450:
		return "gloss.code_450"
	case 451:
		return "gloss.code_451"
	case 452:
		return "gloss.code_452"
	case 454:
		return "gloss.code_454"
	}
	return permanent(code)
}

// permanent is codeText for refusals that stay.
func permanent(code int) string {
	switch code {
	case 500:
		return "gloss.code_500"
	case 501:
		return "gloss.code_501"
	case 502:
		return "gloss.code_502"
	case 503:
		return "gloss.code_503"
	case 504:
		return "gloss.code_504"
	case 530:
		return "gloss.code_530"
	case 534:
		return "gloss.code_534"
	case 535:
		return "gloss.code_535"
	case 538:
		return "gloss.code_538"
	case 550:
		return "gloss.code_550"
	case 551:
		return "gloss.code_551"
	case 552:
		return "gloss.code_552"
	case 553:
		return "gloss.code_553"
	case 554:
		return "gloss.code_554"
	case 555:
		return "gloss.code_555"
	}
	return ""
}

// subject names what an enhanced code is about (RFC 3463 §3).
func subject(n uint16) string {
	switch n {
	case 1:
		return "gloss.subject_1"
	case 2:
		return "gloss.subject_2"
	case 3:
		return "gloss.subject_3"
	case 4:
		return "gloss.subject_4"
	case 5:
		return "gloss.subject_5"
	case 6:
		return "gloss.subject_6"
	case 7:
		return "gloss.subject_7"
	}
	return ""
}

// keyword says what a line of EHLO's reply offers.
func (g *glosser) keyword(line string) Line {
	out := Line{Text: line}
	text := line
	if len(text) > len("250 ") {
		text = text[len("250 "):]
	}
	word, _, _ := strings.Cut(text, " ")
	e := smtp.ExtensionNamed(word)
	if id := extension(e); id != "" {
		out.Meaning = g.w.Say(id, nil)
	}
	if cite := e.Cites(); cite != "" {
		out.Cites = []string{cite}
	}
	return out
}

// extension is what one offers, "" for others.
func extension(e smtp.Extension) string {
	switch e {
	case smtp.ExtSize:
		return "gloss.ext_size"
	case smtp.ExtPipelining:
		return "gloss.ext_pipelining"
	case smtp.Ext8BitMIME:
		return "gloss.ext_8bitmime"
	case smtp.ExtSMTPUTF8:
		return "gloss.ext_smtputf8"
	case smtp.ExtChunking:
		return "gloss.ext_chunking"
	case smtp.ExtBinaryMIME:
		return "gloss.ext_binarymime"
	case smtp.ExtStatusCodes:
		return "gloss.ext_status"
	case smtp.ExtDSN:
		return "gloss.ext_dsn"
	case smtp.ExtAuth:
		return "gloss.ext_auth"
	case smtp.ExtStartTLS:
		return "gloss.ext_starttls"
	case smtp.ExtExpn:
		return "gloss.ext_expn"
	case smtp.ExtHelp:
		return "gloss.ext_help"
	case smtp.ExtEtrn:
		return "gloss.ext_etrn"
	case smtp.ExtAtrn:
		return "gloss.ext_atrn"
	}
	return ""
}
