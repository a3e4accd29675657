package mailroom

import (
	"net/netip"
	"slices"
	"time"

	"posta/directory"
	"posta/imf"
	"posta/mail"
	"posta/store"
)

// trace makes the lines that stand before the untouched message.
type trace struct {
	id     string // the queue id
	from   string // the reverse-path
	common []byte // Received: and what was missing, the same for all recipients
	utf8   bool   // some line has UTF-8
	has    listFields
}

// trace makes the trace lines of this message (RFC 5321 §4.4).
func (l *letter) trace(id string, now time.Time) trace {
	t := trace{id: id, from: l.env.From.String(), has: l.head.lists}
	b := make([]byte, 0, 512)
	b = l.received(b, id, now)
	b = append(b, l.signed...)
	b = l.added(b)
	t.common = b
	t.utf8 = !mail.IsASCII(string(b)) || !mail.IsASCII(t.from) || t.wide(l.targets)
	for i := range l.large {
		t.utf8 = t.utf8 || !mail.IsASCII(l.large[i].Owner)
	}
	return t
}

// wide says that the mailboxes' own lines have UTF-8.
func (t *trace) wide(targets []target) bool {
	for i := range targets {
		if !mail.IsASCII(shown(&targets[i].Target)) || !mail.IsASCII(t.path(targets[i].List)) {
			return true
		}
	}
	return false
}

// received appends the time stamp line. FOR is there for a single recipient
// only, or it would tell of others (RFC 5321 §7.2).
func (l *letter) received(b []byte, id string, now time.Time) []byte {
	o, wide := &l.from, l.tracesUTF8()
	b = append(b, "Received: "...)
	if ip := o.Remote.Addr(); ip.IsValid() {
		b = append(b, "from "...)
		b = appendSource(b, o.Helo, ip, wide)
		b = append(b, "\r\n\t"...)
	}
	b = append(append(b, "by "...), l.room.cfg.Hostname...)
	if o.Inside != "" {
		b = append(append(append(b, " (handed in by "...), harmless(o.Inside)...), ')')
	}
	b = l.marked(b, id)
	if o.Remote.IsValid() {
		b = append(append(b, " with "...), o.With(l.env.UTF8)...)
		if o.TLS != "" {
			b = append(append(append(b, " ("...), o.TLS...), ')')
		}
	}
	b = append(append(b, "\r\n\tid "...), id...)
	if to := l.only(); to != "" && (wide || mail.IsASCII(to)) {
		b = append(append(append(b, " for <"...), to...), '>')
	}
	b = append(b, ";\r\n\t"...)
	b = imf.AppendDate(b, now)
	return append(b, "\r\n"...)
}

// only gives the one recipient, if there is but one.
func (l *letter) only() string {
	if len(l.rcpts) != 1 {
		return ""
	}
	to := l.rcpts[0].To.String()
	if l.rcpts[0].To.Domain == "" { // <postmaster>
		to = l.rcpts[0].canonical
	}
	return to
}

// tracesUTF8 says that the time stamp may have UTF-8 (RFC 6531 §3.7.3). Of what
// leaves only where the message needs SMTPUTF8 anyhow: the next host may not have it.
func (l *letter) tracesUTF8() bool { return l.env.UTF8 && (l.head.utf8 || !l.goesOn()) }

// appendSource appends Extended-Domain: the name said in HELO and the address
// seen. A name that is no domain becomes a comment.
func appendSource(b []byte, helo string, ip netip.Addr, utf8 bool) []byte {
	ip = ip.Unmap().WithZone("")
	if mail.CheckDomain(helo) == nil && (utf8 || mail.IsASCII(helo)) {
		return append(appendLiteral(append(append(b, helo...), " ("...), ip), ')')
	}
	b = appendLiteral(b, ip)
	b = append(appendLiteral(append(b, " ("...), ip), ')')
	if helo != "" {
		b = append(append(append(b, " (HELO "...), harmless(helo)...), ')')
	}
	return b
}

// appendLiteral appends an address literal (RFC 5321 §4.1.3).
func appendLiteral(b []byte, ip netip.Addr) []byte {
	b = append(b, '[')
	if ip.Is6() {
		b = append(b, "IPv6:"...)
	}
	return append(ip.AppendTo(b), ']')
}

// harmless makes a short comment's text of what a peer said.
func harmless(s string) string {
	const most = 64
	b := []byte(s[:min(len(s), most)])
	for i, c := range b {
		if c < ' ' || c > '~' || c == '(' || c == ')' || c == '\\' {
			b[i] = '?'
		}
	}
	return string(b)
}

// path is the reverse-path for a mailbox: a list's owner gets what goes wrong
// with his list (RFC 5321 §3.9.2).
func (t *trace) path(list *directory.List) string {
	if owned(list) {
		return list.Owner
	}
	return t.from
}

// shown is the address that Delivered-To names.
func shown(t *directory.Target) string {
	if t.Via != "" {
		return t.Via
	}
	return t.Address
}

// deliveries puts the message into each mailbox.
func (t *trace) deliveries(targets []target) []store.Delivery {
	const lines = len("Return-Path: <>\r\nDelivered-To: \r\n")
	size := 0
	marks := t.marks(targets)
	for i := range targets {
		tg := &targets[i].Target
		size += lines + len(t.path(tg.List)) + len(shown(tg)) + len(t.common)
	}
	for _, mark := range marks {
		size += len(mark)
	}
	buf := make([]byte, 0, size) // one for all
	out := make([]store.Delivery, len(targets))
	for i := range targets {
		tg := &targets[i].Target
		start := len(buf)
		buf = appendOwn(buf, t.path(tg.List), shown(tg))
		buf = append(buf, t.common...)
		if marks != nil {
			buf = append(buf, marks[i]...)
		}
		out[i] = store.Delivery{Account: tg.Account, Prefix: buf[start:len(buf):len(buf)]}
	}
	return out
}

// marks are the lines of the lists that each mailbox's copy came through; nil
// where none came through any.
func (t *trace) marks(targets []target) [][]byte {
	if !slices.ContainsFunc(targets, func(tg target) bool { return tg.List != nil }) {
		return nil
	}
	out := make([][]byte, len(targets))
	for i := range targets {
		list := targets[i].List
		switch {
		case list == nil:
		case i > 0 && targets[i-1].List != nil && targets[i-1].List.ID == list.ID:
			out[i] = out[i-1]
		default:
			out[i] = t.listLines(list)
		}
	}
	return out
}

// appendOwn appends the lines that are one mailbox's own.
func appendOwn(b []byte, path, to string) []byte {
	b = append(append(append(b, "Return-Path: <"...), path...), ">\r\n"...)
	return append(append(append(b, "Delivered-To: "...), to...), "\r\n"...)
}

// expansion leaves a large list for Run. Its own lines are made now, while it
// is known which of them the message has.
func (l *letter) expansion(t *trace, list *large) store.Expansion {
	e := store.Expansion{List: list.ID, From: t.path(&list.List), Queue: t.id, UTF8: l.wide(), Lab: l.from.Mode == mail.Lab}
	e.Notify, e.Orcpt = l.rcpts[list.rcpt].wishes(&list.List)
	if !owned(&list.List) {
		e.EnvID, e.Ret = l.env.EnvID, l.env.Ret
	}
	e.Prefix = slices.Concat(t.common, t.listLines(&list.List))
	e.Traits = l.body.traits(l.head.utf8)
	if l.body.eight || l.head.eightBit {
		e.Body = mail.Body8BitMIME
	}
	return e
}
