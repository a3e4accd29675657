package main

import (
	"cmp"
	_ "embed"
	"html/template"
	"io"
	"net"
	"strconv"
	"strings"

	"posta/config"
)

//go:embed cards.html
var cardsPage string

// handout is the page of cards to cut, one a person.
type handout struct {
	Lang, Title, Hint string
	Cards             []handoutCard
}

type handoutCard struct {
	Domain, Name string // Name: whose it is, else the address
	Rows         []handoutRow
	Foot         string
}

// handoutRow is a line of a card; only before Rest a narrow one breaks.
type handoutRow struct{ Label, Value, Rest string }

// hasCard says that a person's password is known.
func (one imported) hasCard() bool { return one.Password != "" }

// writeCards writes the page: everybody whose password is known.
func (i *importer) writeCards(w io.Writer, done []imported) error {
	page, err := template.New("cards").Parse(cardsPage)
	if err != nil {
		return err
	}
	h := handout{Lang: i.words.Lang(), Title: i.say("handout.title", nil), Hint: i.say("handout.hint", nil)}
	server, foot := i.whereAndHow()
	for _, one := range done {
		if !one.hasCard() {
			continue
		}
		at := max(strings.LastIndexByte(one.Address, '@'), 0)
		rows := []handoutRow{
			{i.say("field.address", nil), one.Address[:at], one.Address[at:]},
			{Label: i.say("field.password", nil), Value: one.Password},
		}
		h.Cards = append(h.Cards, handoutCard{Domain: one.Domain, Name: cmp.Or(one.Name, one.Address), Rows: append(rows, server...), Foot: foot})
	}
	return page.Execute(w, h)
}

// alone says that the running server is reached from its own computer only.
func (i *importer) alone() bool {
	r := ready{Status: i.status}
	return len(i.status.Listeners) > 0 && !r.isOpen() && isLoopbackHost(newPage(i.app, r).host)
}

// whereAndHow is what every card says of the server, if one runs, and of PuTTY.
func (i *importer) whereAndHow() ([]handoutRow, string) {
	if len(i.status.Listeners) == 0 {
		return nil, ""
	}
	r := ready{Status: i.status, Mode: modeOf(i.status.Listeners)}
	r.seeLAN()
	var ports []string
	p := newPage(i.app, r)
	for _, l := range r.Listeners {
		if p.isLab() && (l.TLS == config.TLSImplicit || l.Name == "submission" && p.listener("smtp") != nil) {
			continue // where nobody types by hand
		}
		at := strconv.Itoa(l.Port)
		if host := p.at(&l); host != p.host {
			at = net.JoinHostPort(host, at)
		}
		ports = append(ports, strings.ToUpper(l.Name)+"\u00a0"+at)
	}
	rows := []handoutRow{
		{Label: i.say("handout.server", nil), Value: p.host},
		{Label: i.say("handout.ports", nil), Value: strings.Join(ports, " · ")},
	}
	if p.isLab() {
		return rows, i.say("handout.putty", nil)
	}
	return rows, ""
}
