package audit

import (
	"strings"

	"posta/story"
	"posta/words"
)

// relay finds recipients that a server is to pass on for somebody whom it does
// not know: refused, or taken. Whether a domain is the server's own, octets do not
// say; so what was taken is told where the path names a way, or where one
// unknown client brings mail for several domains that nothing joins to the server.
// Behind ATRN and TURN nobody is a stranger: who is given mail there has asked for it.
func relay(w *watch) func(*story.Act) {
	strangers := map[string]bool{}
	several := once()
	return func(a *story.Act) {
		c := a.Re
		if a.Kind != story.Reply || c == nil || c.Verb != "RCPT" || c.Answered != a || a.Before.User != "" || w.turned {
			return
		}
		args := words.Args{"Path": shown(c.Arg), "Reply": shown(a.Text)}
		switch {
		case a.Refused:
			if refusesRelay(a) {
				w.report(Warning, c.At, story.Client, "audit.relay_refused", args, "RFC 2505 §2.1", "RFC 5321 §3.6.2")
			}
		case routed(c):
			w.report(Danger, c.At, story.Server, "audit.relay_route", args, "RFC 2505 §2.1", "RFC 5321 §F.2")
		default:
			domain := base(domainOf(c.Arg))
			if domain != "" && domain != base(domainOf(a.Before.From)) && domain != base(host(w.banner())) && len(strangers) < maxStrangers {
				strangers[domain] = true
			}
			if len(strangers) > 1 && several() {
				w.report(Warning, c.At, story.Server, "audit.relay_several", args, "RFC 2505 §2.1", "RFC 5321 §3.6.2")
			}
		}
	}
}

const maxStrangers = 10

// refusesRelay says that a reply refuses to pass mail on.
func refusesRelay(a *story.Act) bool {
	text := strings.ToLower(a.Text + " " + strings.Join(a.More, " "))
	return strings.Contains(text, "relay") || strings.Contains(text, "not our domain") || strings.Contains(text, "not local") ||
		strings.Contains(text, "rcpthosts")
}

// routed says that a path names the way on: @one,@two:name@three, name%three@one
// or three!name.
func routed(c *story.Act) bool {
	local := c.Arg
	if at := strings.LastIndexByte(local, '@'); at >= 0 {
		local = local[:at]
	}
	if strings.HasPrefix(local, `"`) {
		return strings.Contains(local, "@")
	}
	return strings.ContainsAny(local, "%!") || strings.Contains(c.Text, "<@")
}

// domainOf is an address's domain in lower case.
func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

// host is the name that a greeting begins with.
func host(banner string) string {
	word, _, _ := strings.Cut(banner, " ")
	return strings.ToLower(word)
}

// base is a domain's last two labels, which those of one house share.
func base(domain string) string {
	if strings.HasPrefix(domain, "[") {
		return domain
	}
	labels := strings.Split(strings.TrimSuffix(domain, "."), ".")
	n := 2
	if last := len(labels) - 1; last > 1 && len(labels[last]) == 2 && len(labels[last-1]) <= 3 { // co.uk, com.ar
		n = 3
	}
	return strings.Join(labels[max(0, len(labels)-n):], ".")
}

// harvested is how many questions about addresses of one session are too many.
const harvested = 5

// harvesting finds who asks which addresses there are.
func harvesting(w *watch) func(*story.Act) {
	asked, unknown := 0, 0
	return func(a *story.Act) {
		c := a.Re
		if a.Kind != story.Reply || c == nil || c.Answered != a {
			return
		}
		switch c.Verb {
		case "VRFY", "EXPN":
			asked++
			if asked == harvested {
				w.found(c.At, story.Client, "audit.harvesting", words.Args{"Count": asked})
			}
			if !a.Refused && a.Code != 252 && a.Before.User == "" {
				w.report(Note, a.At, story.Server, "audit.harvesting_told", words.Args{"Line": shown(c.Text), "Reply": shown(a.Text)})
			}
		case "RCPT":
			if a.Refused && (a.Code == 550 || a.Code == 551 || a.Code == 553) && !refusesRelay(a) {
				unknown++
			}
			if unknown == harvested {
				unknown++ // once is enough
				w.found(c.At, story.Client, "audit.harvesting_recipients", words.Args{"Count": harvested})
			}
		}
	}
}
