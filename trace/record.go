package trace

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"posta/event"
)

// what a record tells of.
type what byte

const (
	accepted   what = iota + 1 // a message, with its recipients
	delivered                  // where it lies
	refused                    // a sender, recipients, or a message with its recipients
	unfinished                 // a message with recipients that never came
	fetched                    // one message, by POP3
	deleted                    // some of one mailbox, by POP3 or by an administrator
	lost                       // records that could not be kept
	queued                     // for whom elsewhere a message waits
	attempted                  // how an attempt to deliver it there ended
	missed                     // who does not get a message, and why
	asked                      // a site asked for the mail of domains, which are its recipients
	halted                     // an administrator holds what waits there, or releases it: the outcome
)

// record is one thing that happened, as it is kept. Which fields it uses
// depends on what it is.
type record struct {
	what       what
	time       time.Time
	session    uint64 // 0: no connection
	client     string // address without port
	login      string // who was logged in
	id         string // queue id
	messageID  string
	from       string
	reply      string // of a refusal; why it is missed; how an unfinished message's connection ended
	recipients []string
	to         []event.Delivery
	size       int64
	account    int64    // whose mailbox
	uids       []uint32 // in it
	count      uint64   // of lost ones
	onward     []event.Onward
	by         string // POP3, ATRN, TURN: the message was collected so; of asked, what the site asked by
	host       string // of what was collected: where, and as whom there
	user       string
	site       string // of asked
	author     string // of accepted, collected by POP3: as its header says
	tried      tried  // of attempted; who it was for is its recipient. Of missed, the outcome
}

// tried is an attempt at another server.
type tried struct {
	outcome string // event.Relayed, Delayed, Failed
	host    string
	addr    string
	tls     string
	next    time.Time
	asOf    time.Time // as in event.Attempted

	// When the message was accepted, where an earlier process did that. Then
	// the record has its from and messageID, too; else zero.
	accepted time.Time
}

// A record is its length, the octet of what it is, its time in microseconds
// and then fields, each a tag and its value; a field that is empty is left out.
// Readers stop at a tag that they do not know.
const (
	tagSession = iota + 1
	tagClient
	tagLogin
	tagID
	tagMessageID
	tagFrom
	tagReply
	tagRecipient // one for each
	tagDelivery  // one for each
	tagSize
	tagAccount
	tagUIDs
	tagCount
	tagOnward // one for each
	tagOutcome
	tagHost
	tagAddr
	tagTLS
	tagNext
	tagAcceptedAt
	tagBy
	tagCollectedAt
	tagUser
	tagSite
	tagAsOf
	tagAuthor
)

// append writes the record behind dst.
func (r *record) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, byte(r.what)) // the length fits three octets, see maxRecord
	dst = binary.AppendVarint(dst, r.time.UnixMicro())
	dst = appendNumber(dst, tagSession, r.session)
	dst = appendText(dst, tagClient, r.client)
	dst = appendText(dst, tagLogin, r.login)
	dst = appendText(dst, tagID, r.id)
	dst = appendText(dst, tagMessageID, r.messageID)
	dst = appendText(dst, tagFrom, r.from)
	dst = appendText(dst, tagReply, r.reply)
	for _, to := range r.recipients {
		dst = appendText(dst, tagRecipient, to)
	}
	for i := range r.to {
		d := &r.to[i]
		dst = putText(append(dst, tagDelivery), d.Recipient)
		dst = putText(dst, d.Mailbox)
		dst = binary.AppendUvarint(binary.AppendVarint(dst, d.Account), uint64(d.UID))
	}
	dst = appendNumber(dst, tagSize, uint64(max(r.size, 0)))
	dst = appendNumber(dst, tagAccount, uint64(max(r.account, 0)))
	if len(r.uids) > 0 {
		dst = binary.AppendUvarint(append(dst, tagUIDs), uint64(len(r.uids)))
		last := uint32(0)
		for _, uid := range r.uids { // in order: distances are short
			dst = binary.AppendUvarint(dst, uint64(uid-last))
			last = uid
		}
	}
	dst = appendNumber(dst, tagCount, r.count)
	for i := range r.onward {
		dst = putText(putText(append(dst, tagOnward), r.onward[i].Recipient), r.onward[i].To)
	}
	dst = appendText(dst, tagBy, r.by)
	dst = appendText(dst, tagCollectedAt, r.host)
	dst = appendText(dst, tagUser, r.user)
	dst = appendText(dst, tagSite, r.site)
	dst = appendText(dst, tagAuthor, r.author)
	dst = r.tried.append(dst)
	n := len(dst) - start - 3
	if n > maxRecord {
		return dst[:start]
	}
	dst[start], dst[start+1], dst[start+2] = byte(n>>16), byte(n>>8), byte(n)
	return dst
}

func (t *tried) append(dst []byte) []byte {
	dst = appendText(dst, tagOutcome, t.outcome)
	dst = appendText(dst, tagHost, t.host)
	dst = appendText(dst, tagAddr, t.addr)
	dst = appendText(dst, tagTLS, t.tls)
	if !t.next.IsZero() {
		dst = appendNumber(dst, tagNext, uint64(max(t.next.Unix(), 0)))
	}
	if !t.asOf.IsZero() {
		dst = appendNumber(dst, tagAsOf, uint64(max(t.asOf.UnixMicro(), 0)))
	}
	if !t.accepted.IsZero() {
		dst = appendNumber(dst, tagAcceptedAt, uint64(max(t.accepted.UnixMicro(), 0)))
	}
	return dst
}

// maxRecord bounds a record: some 50,000 recipients.
const maxRecord = 1<<24 - 1

func appendNumber(dst []byte, tag byte, n uint64) []byte {
	if n == 0 {
		return dst
	}
	return binary.AppendUvarint(append(dst, tag), n)
}

func appendText(dst []byte, tag byte, s string) []byte {
	if s == "" {
		return dst
	}
	return putText(append(dst, tag), s)
}

// maxText bounds a text: an address of RFC 5321 §4.5.3.1 with room, or the
// first line of a reply.
const maxText = 512

func putText(dst []byte, s string) []byte {
	s = s[:min(len(s), maxText)]
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

var errDamaged = errors.New("trace: a record is damaged")

// each calls fn for every record of a slice; the record is fn's only until it
// returns, except for its texts.
func each(data []byte, fn func(*record)) error {
	var r record
	for len(data) > 0 {
		if len(data) < 4 {
			return errDamaged
		}
		n := int(data[0])<<16 | int(data[1])<<8 | int(data[2])
		if n == 0 || len(data)-3 < n {
			return errDamaged
		}
		in := reader{rest: data[3 : 3+n]}
		data = data[3+n:]
		r = record{recipients: r.recipients[:0], to: r.to[:0], uids: r.uids[:0], onward: r.onward[:0]}
		if in.record(&r); in.bad {
			return errDamaged
		}
		fn(&r)
	}
	return nil
}

// reader takes a record apart; after the first fault it gives zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (in *reader) record(r *record) {
	r.what = what(in.rest[0])
	in.rest = in.rest[1:]
	r.time = time.UnixMicro(in.varint())
	for len(in.rest) > 0 && !in.bad {
		tag := in.rest[0]
		in.rest = in.rest[1:]
		if !in.field(r, tag) {
			return
		}
	}
}

// field reads one; false is an unknown tag.
func (in *reader) field(r *record, tag byte) bool {
	switch tag {
	case tagSession:
		r.session = in.uvarint()
	case tagClient:
		r.client = in.text()
	case tagLogin:
		r.login = in.text()
	case tagID:
		r.id = in.text()
	case tagMessageID:
		r.messageID = in.text()
	case tagFrom:
		r.from = in.text()
	case tagReply:
		r.reply = in.text()
	case tagRecipient:
		r.recipients = append(r.recipients, in.text())
	case tagDelivery:
		r.to = append(r.to, event.Delivery{Recipient: in.text(), Mailbox: in.text(), Account: in.varint(), UID: in.uid(0)})
	case tagSize:
		r.size = int64(in.uvarint())
	case tagAccount:
		r.account = int64(in.uvarint())
	case tagUIDs:
		in.uids(r)
	case tagCount:
		r.count = in.uvarint()
	case tagOnward:
		r.onward = append(r.onward, event.Onward{Recipient: in.text(), To: in.text()})
	case tagBy, tagCollectedAt, tagUser, tagSite, tagAuthor:
		*map[byte]*string{tagBy: &r.by, tagCollectedAt: &r.host, tagUser: &r.user, tagSite: &r.site, tagAuthor: &r.author}[tag] = in.text()
	default:
		return in.attempt(&r.tried, tag)
	}
	return true
}

// attempt reads one that only an attempt has.
func (in *reader) attempt(t *tried, tag byte) bool {
	switch tag {
	case tagOutcome:
		t.outcome = in.text()
	case tagHost:
		t.host = in.text()
	case tagAddr:
		t.addr = in.text()
	case tagTLS:
		t.tls = in.text()
	case tagNext:
		t.next = time.Unix(int64(in.uvarint()&math.MaxInt64), 0)
	case tagAsOf:
		t.asOf = time.UnixMicro(int64(in.uvarint() & math.MaxInt64))
	case tagAcceptedAt:
		t.accepted = time.UnixMicro(int64(in.uvarint() & math.MaxInt64))
	default:
		return false
	}
	return true
}

func (in *reader) uids(r *record) {
	n := in.uvarint()
	if n > uint64(len(in.rest)) {
		in.bad = true
		return
	}
	last := uint32(0)
	for range n {
		last = in.uid(last)
		r.uids = append(r.uids, last)
	}
}

// uid reads a number that is counted from another.
func (in *reader) uid(from uint32) uint32 {
	n := in.uvarint()
	if n > math.MaxUint32-uint64(from) {
		in.bad = true
		return 0
	}
	return from + uint32(n)
}

func (in *reader) uvarint() uint64 {
	v, n := binary.Uvarint(in.rest)
	return v * in.took(n)
}

func (in *reader) varint() int64 {
	v, n := binary.Varint(in.rest)
	return v * int64(in.took(n))
}

// took moves on; it gives 1, and 0 for what could not be read.
func (in *reader) took(n int) uint64 {
	if n <= 0 {
		in.bad, in.rest = true, nil
		return 0
	}
	in.rest = in.rest[n:]
	return 1
}

func (in *reader) text() string {
	n := in.uvarint()
	if n > uint64(len(in.rest)) {
		in.bad, in.rest = true, nil
		return ""
	}
	s := string(in.rest[:n])
	in.rest = in.rest[n:]
	return s
}
