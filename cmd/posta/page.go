package main

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"posta/admin"
	"posta/config"
	"posta/words"
)

// card writes what a person needs to begin: it is the first page of posta that
// anybody sees.
func (a *app) card(r ready) string {
	p := newPage(a, r)
	if r.Mode == config.ModeSink {
		return p.sinkCard()
	}
	p.head()
	p.added()
	p.ports()
	p.people()
	p.putty()
	p.send()
	p.fetch()
	p.login()
	p.foot()
	return p.text.String()
}

// page is a card being written.
type page struct {
	*app
	ready
	host   string // where others, or this machine, reach the lab
	system string // runtime.GOOS
	called string // what a command line begins with
	folder string // where such a command line is typed; "": anywhere
	rights bool   // that Windows' firewall may be opened
	text   strings.Builder
}

func (p *page) line(text string) { p.text.WriteString(strings.TrimRight(text, " ") + "\n") }

// newPage begins a card and finds the address that it names.
func newPage(a *app, r ready) *page {
	p := &page{app: a, ready: r, host: "127.0.0.1", system: runtime.GOOS, rights: mayAskForRights()}
	p.called, p.folder = calling(p.system, a.Program)
	if len(r.LAN) > 0 {
		p.host = r.LAN[0]
	}
	if smtp := p.listener("smtp", "submission"); smtp != nil && !isOpen(smtp.Address) {
		p.host, _, _ = net.SplitHostPort(smtp.Address)
	}
	return p
}

// title begins a section.
func (p *page) title(id string, args words.Args) { p.line("\n" + p.words.Say(id, args)) }

// typed shows lines to be typed, further in.
func (p *page) typed(lines ...string) {
	for _, one := range lines {
		p.line("    " + one)
	}
}

// listener finds the first that there is of some names.
func (p *page) listener(names ...string) *admin.Listener {
	for _, name := range names {
		for i := range p.Listeners {
			if p.Listeners[i].Name == name {
				return &p.Listeners[i]
			}
		}
	}
	return nil
}

func (p *page) isLab() bool { return p.Mode == config.ModeLab }

func (p *page) head() {
	rule := strings.Repeat("=", 72)
	p.line(rule)
	switch {
	case p.Mode == config.ModeSink:
		p.line(p.say("card.sink", words.Args{"Version": p.Version}))
		p.line(p.say("card.sink_means", nil))
	case p.isLab():
		p.line(p.say("card.lab", words.Args{"Version": p.Version, "Domain": p.DefaultDomain}))
		p.line(p.say("card.lab_means", nil))
	default:
		p.line(p.say("card.strict", words.Args{"Version": p.Version, "Domain": p.DefaultDomain}))
		p.line(p.say("card.strict_means", nil))
	}
	p.line(rule)
}

// added says that the data had other domains before.
func (p *page) added() {
	if len(p.Added) > 0 {
		p.line(p.words.Say("card.added", words.Args{"Domain": strings.Join(p.Added, ", ")}))
		p.typed(p.command("domain list"))
	}
	if slices.Contains(p.Added, p.DefaultDomain) {
		p.line(p.words.Say("card.added_default", words.Args{"Domain": p.DefaultDomain}))
	}
}

func (p *page) people() {
	p.title("card.accounts", nil)
	if len(p.Accounts) == 0 {
		p.line("    " + p.say("card.nobody", nil))
		p.typed(p.command("account add ana@" + cmp.Or(p.DefaultDomain, labDomain) + " --generate"))
		return
	}
	t := p.table(&p.text)
	unknown := 0
	for i, one := range p.Accounts {
		if i >= mostAccounts {
			p.rest(t, len(p.Accounts)-i)
			break
		}
		password := one.Password
		if password == "" {
			password = p.say("card.unknown", nil)
			unknown++
		}
		t.row("    "+one.Address, password)
	}
	_ = t.end()
	if unknown > 0 {
		p.line("    " + p.say("card.new_password", words.Args{"Command": p.command("account set " + p.firstUnknown() + " --generate")}))
	}
	for i, domain := range p.Unpeopled {
		if i == mostUnpeopled {
			break
		}
		p.line("  " + p.say("card.unpeopled", words.Args{"Domain": domain}))
		p.typed(p.command("account add ana@" + domain + " --generate"))
	}
}

// mostUnpeopled bounds the domains of which a card says how they get an account.
const mostUnpeopled = 4

func (p *page) rest(t table, n int) {
	t.row("    " + p.words.Say("card.more_accounts", words.Args{"Count": n, "Command": p.command("account list")}))
}

func (p *page) firstUnknown() string {
	i := slices.IndexFunc(p.Accounts, func(one cardAccount) bool { return one.Password == "" })
	return p.Accounts[i].Address
}

// pair gives who writes on the card and who is written to, where there is
// anybody.
func (p *page) pair() (from, to cardAccount) {
	return p.Accounts[0], p.Accounts[min(1, len(p.Accounts)-1)]
}

func (p *page) putty() {
	smtp := p.listener("smtp", "submission")
	if smtp == nil {
		return
	}
	p.title("card.putty", nil)
	kind := "card.putty_type"
	if !p.isLab() {
		kind = "card.putty_raw"
	}
	p.typed(p.say("card.putty_host", words.Args{"Host": p.host, "Port": smtp.Port}), p.say(kind, nil), p.say("card.putty_close", nil),
		p.say("card.putty_log", nil))
	p.line("  " + p.say("card.putty_file", nil))
	p.typed(p.command("putty -o posta.reg"))
	p.line("  " + p.say("card.or_terminal", nil))
	p.typed(p.command("talk smtp"), fmt.Sprintf("putty -raw %s -P %d", p.host, smtp.Port))
	plink := p.isLab() || p.system == "windows" // elsewhere it ends lines in LF, which a strict listener refuses
	if plink {
		p.typed(fmt.Sprintf("plink -raw -P %d %s", smtp.Port, p.host))
	}
	p.typed(fmt.Sprintf("telnet %s %d", p.host, smtp.Port))
	if plink {
		p.line("  " + p.say("card.plink", nil))
	}
}

func (p *page) send() {
	smtp := p.listener("smtp", "submission")
	if smtp == nil || len(p.Accounts) == 0 {
		return
	}
	from, to := p.pair()
	how := "card.send"
	if !p.isLab() { // which wants a wait for each reply
		how = "card.send_strict"
	}
	p.title(how, words.Args{"Port": smtp.Port})
	p.typed("HELO "+p.DefaultDomain, "MAIL FROM:<"+from.Address+">", "RCPT TO:<"+to.Address+">", "DATA",
		"Subject: "+p.say("card.subject", nil), "", p.say("card.body", nil), ".", "QUIT")
}

func (p *page) fetch() {
	if len(p.Accounts) == 0 {
		return
	}
	_, to := p.pair()
	password := to.Password
	if password == "" {
		password = p.say("card.password", nil)
	}
	dialogue := []string{"USER " + p.user(to.Address), "PASS " + password, "STAT", "LIST", "RETR 1", "QUIT"}
	if plain := p.listener("pop3"); plain != nil && plain.Mode == config.ModeLab {
		p.title("card.fetch", words.Args{"Port": p.portAt(plain)})
		p.line("  " + p.say("card.fetch_with", words.Args{"Port": plain.Port, "Command": fmt.Sprintf("plink -raw -P %d %s", plain.Port, p.at(plain))}))
		p.typed(dialogue...)
		return
	}
	if tls := p.listener("pop3s"); tls != nil {
		p.title("card.fetch", words.Args{"Port": p.portAt(tls)})
		p.line("  " + p.say("card.fetch_tls", words.Args{"Command": "openssl s_client -quiet -crlf -connect " + net.JoinHostPort(p.at(tls), strconv.Itoa(tls.Port))}))
		p.typed(dialogue...)
	}
}

// user is the name as one types it: without the domain where that is the usual one.
func (p *page) user(address string) string { return strings.TrimSuffix(address, "@"+p.DefaultDomain) }

// mostLogins bounds the accounts whose log-in is spelled out; `posta card
// ACCOUNT` does it for the others.
const mostLogins = 4

// login shows what AUTH wants in base64, which nobody does in the head.
func (p *page) login() {
	if !p.isLab() || p.listener("smtp", "submission") == nil {
		return
	}
	shown := 0
	for _, one := range p.Accounts {
		if one.Password == "" {
			continue
		}
		if shown++; shown == 1 {
			p.title("card.auth", nil)
		}
		if shown > mostLogins {
			p.line("  " + p.words.Say("card.auth_more", words.Args{"Command": p.command("card " + one.Address)}))
			return
		}
		b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
		p.line("  " + one.Address)
		p.typed("AUTH LOGIN", b64(one.Address), b64(one.Password), "AUTH PLAIN "+b64("\x00"+one.Address+"\x00"+one.Password))
	}
}

func (p *page) foot() {
	p.title("card.watch", nil)
	p.typed(p.command("watch"), p.command("session list"), p.command("session show"))
	if p.isLab() {
		p.line("  " + p.say("card.draw", nil))
		p.typed(p.command("session diagram -o lab.svg"), p.command("report 1 -o lab.pdf"))
		p.line("  " + p.say("card.export", nil))
		p.typed(p.command("session export -o lab.pcapng --as-standard-ports"))
	}
	if p.folder != "" {
		p.line("  " + p.say("card.second_terminal", words.Args{"Folder": p.folder}))
	}
	p.title("card.again", words.Args{"Command": p.command("card")})
	if p.isLab() {
		p.where("card.data")
		p.line(p.say("card.remembered", words.Args{"File": memoryFile}))
	}
	if !p.isLab() {
		p.where("card.data_only")
	}
	p.line(p.say("card.end", nil))
	p.brief()
	p.line("")
}

// brief says the most needed once more: the card is longer than a window, which
// shows its end.
func (p *page) brief() {
	smtp, pop3 := p.listener("smtp", "submission"), p.listener("pop3")
	if !p.isLab() || smtp == nil || pop3 == nil || len(p.Accounts) == 0 || p.Accounts[0].Password == "" {
		return
	}
	fetched := strconv.Itoa(pop3.Port)
	if host := p.at(pop3); host != p.host {
		fetched = net.JoinHostPort(host, fetched)
	}
	p.title("card.brief", words.Args{"Host": p.host, "SMTP": smtp.Port, "POP3": fetched})
	t := p.table(&p.text)
	from, to := p.pair()
	t.row("    "+from.Address, from.Password)
	if to != from && to.Password != "" {
		t.row("    "+to.Address, to.Password)
	}
	_ = t.end()
}

// command is a command line that works in a second terminal.
func (p *page) command(rest string) string {
	text := p.called + " " + rest
	if p.data == "" {
		return text
	}
	return text + " --data " + spaced(p.Data)
}

// where says in which folder something is; one that has no room in the line has its
// own.
func (p *page) where(id string) {
	text := p.say(id, words.Args{"Data": p.Data})
	if utf8.RuneCountInString(text) > cardWide {
		text = strings.Replace(text, " "+p.Data, "\n    "+p.Data, 1)
	}
	p.line(text)
}

// cardWide is how many columns a card's sentences have.
const cardWide = 78

// isOpen says that an address listened on is every interface's.
func isOpen(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "" || ip != nil && ip.IsUnspecified())
}
