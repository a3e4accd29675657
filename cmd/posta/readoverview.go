package main

import (
	"fmt"
	"strconv"
	"strings"

	"posta/dissect"
	"posta/field"
	"posta/imf"
	"posta/words"
)

// overview says in a line what a frame is about, as Wireshark's list does.
type overview struct {
	a *app
	f *dissect.Frame
}

// overviewFields are those that an overview is made of.
func overviewFields() []field.ID {
	return []field.ID{
		field.FrameNumber, field.FrameTimeRelative, field.EthType, field.IPSrc, field.IPDst, field.IPProto, field.IPv6Src, field.IPv6Dst, field.IPv6Nxt,
		field.TCP, field.TCPSrcport, field.TCPDstport, field.TCPFlags, field.TCPSeq, field.TCPAck, field.TCPLen,
		field.SMTP, field.SMTPCommandLine, field.SMTPResponse, field.SMTPRspParameter, field.SMTPAuthUsername,
		field.SMTPAuthPassword, field.IMF, field.IMFFrom, field.IMFSubject, field.POP, field.POPRequest, field.POPResponse,
		field.IMAP, field.IMAPIsrequest, field.IMAPLine, field.Socks, field.HTTP,
		field.TLS, field.TLSRecord, field.TLSRecordContentType, field.TLSRecordOpaqueType, field.TLSHandshake, field.TLSHandshakeType,
		field.TLSHandshakeExtensionsServerName, field.TLSAlertMessage, field.TLSAlertMessageDesc,
	}
}

// usualColumns are those of a frame's object where nobody says which.
func usualColumns() (all []column) {
	for _, name := range []string{"frame.number", "frame.time_relative", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "_ws.col.Protocol", "_ws.col.Info"} {
		if c, err := newColumn(name); err == nil {
			all = append(all, c)
		}
	}
	return all
}

func (o *overview) first(id field.ID) (v field.Value, ok bool) {
	if !o.f.Tree.Has(id) {
		return v, false
	}
	for i := range o.f.Tree.Nodes {
		if n := &o.f.Tree.Nodes[i]; n.Def.ID == id {
			return n.Val, true
		}
	}
	return v, false
}

// time is seconds since the first packet.
func (o *overview) time() string {
	v, ok := o.first(field.FrameTimeRelative)
	if !ok {
		return ""
	}
	return strconv.FormatFloat(float64(v.Int())/1e9, 'f', 6, 64)
}

// end is an address, of IPv4 or IPv6.
func (o *overview) end(four, six field.ID) string {
	for _, id := range []field.ID{four, six} {
		if v, ok := o.first(id); ok {
			return string(field.Of(id).Type.Append(nil, v))
		}
	}
	return ""
}

// maxShownMessages bounds how often IMF is told of a frame, once a message.
const maxShownMessages = 8

// protocol is the highest that was understood.
func (o *overview) protocol() string {
	for _, id := range []field.ID{field.SMTP, field.POP, field.IMAP} {
		if o.f.Tree.Has(id) {
			messages := 0
			for _, n := range o.f.Tree.Nodes {
				if n.Def.ID == field.IMF && messages < maxShownMessages {
					messages++
				}
			}
			return strings.ToUpper(field.Of(id).Name) + strings.Repeat("/IMF", messages)
		}
	}
	number, known := o.first(field.IPProto)
	if !known {
		number, known = o.first(field.IPv6Nxt)
	}
	kind, _ := o.first(field.EthType)
	switch {
	case known && number.Uint() == 1:
		return "ICMP"
	case known && number.Uint() == 17:
		return "UDP"
	case known && number.Uint() == 58:
		return "ICMPv6"
	case o.f.Tree.Has(field.TLS):
		return "TLS"
	case o.f.Tree.Has(field.Socks):
		return "Socks"
	case o.f.Tree.Has(field.HTTP):
		return "HTTP"
	case o.f.Tree.Has(field.TCP):
		return "TCP"
	case kind.Uint() == 0x0806:
		return "ARP"
	case o.f.Tree.Has(field.IPSrc):
		return "IPv4"
	case o.f.Tree.Has(field.IPv6Src):
		return "IPv6"
	}
	return ""
}

// info is what was said, and of other segments of TCP their flags and numbers.
func (o *overview) info() string {
	said := o.said()
	count, _ := o.first(field.TCPLen)
	switch {
	case said != "":
		return said
	case o.f.Tree.Has(field.SMTP) || o.f.Tree.Has(field.POP) || o.f.Tree.Has(field.IMAP):
		n := int(count.Uint())
		if o.f.Tree.Has(field.TLS) {
			n = o.carried()
		}
		return o.a.say("read.data", words.Args{"Count": n})
	case !o.f.Tree.Has(field.TCP):
		return ""
	}
	if text := o.tlsInfo(); text != "" {
		return text
	}
	from, _ := o.first(field.TCPSrcport)
	to, _ := o.first(field.TCPDstport)
	seq, _ := o.first(field.TCPSeq)
	ack, _ := o.first(field.TCPAck)
	flags, _ := o.first(field.TCPFlags)
	text := fmt.Sprintf("%d → %d [%s] Seq=%d", from.Uint(), to.Uint(), flagNames(uint16(flags.Uint())), seq.Uint())
	if flags.Uint()&0x10 != 0 {
		text += fmt.Sprintf(" Ack=%d", ack.Uint())
	}
	return text + fmt.Sprintf(" Len=%d", count.Uint())
}

// flagNames names flags of TCP (RFC 9293 §3.1), the first ones first.
func flagNames(flags uint16) string {
	var names []string
	for i, name := range []string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"} {
		if flags&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// maxInfo is how long what is said may be in an overview, in letters.
const maxInfo = 300

// short cuts off what is beyond maxInfo.
func short(text string) string {
	if len(text) <= maxInfo {
		return text
	}
	letters := []rune(text)
	if len(letters) <= maxInfo {
		return text
	}
	return string(letters[:maxInfo-1]) + "…"
}

// said is what client (C) and server (S) say in a frame, line by line.
func (o *overview) said() string {
	var lines []string
	who, inside := "", false
	for i := range o.f.Tree.Nodes {
		n := &o.f.Tree.Nodes[i]
		text := strings.TrimRight(string(n.Val.Octets()), "\r\n")
		switch n.Def.ID {
		case field.SMTPCommandLine, field.POPRequest:
			who = "C: "
		case field.SMTPResponse:
			who, inside = "S: ", true // its first parameter follows
		case field.POPResponse:
			who = "S: "
		case field.IMAPIsrequest:
			if who = "S: "; n.Val.Truth() {
				who = "C: "
			}
			continue
		case field.IMAPLine:
		case field.SMTPRspParameter:
			if inside {
				inside = false
				continue
			}
			who = "S: "
		case field.SMTPAuthUsername:
			who, text = "C: ", o.a.say("read.user", words.Args{"Text": text})
		case field.SMTPAuthPassword:
			who, text = "C: ", o.a.say("read.password", words.Args{"Text": text})
		case field.IMFFrom:
			text = o.a.say("read.from", words.Args{"Text": imf.Unfold(n.Val.Octets())})
		case field.IMFSubject:
			text = o.a.say("read.subject", words.Args{"Text": imf.DecodeWords(imf.Unfold(n.Val.Octets()))})
		default:
			continue
		}
		lines = append(lines, text)
	}
	if len(lines) == 0 {
		return ""
	}
	return short(who + strings.Join(lines, " | "))
}
