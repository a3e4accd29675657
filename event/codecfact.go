package event

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"
)

// The tags of the facts in records. A tag, once used, keeps its meaning and
// its fields; a fact that changes gets a new tag.
const (
	tagNone = iota
	tagOpened
	tagSecured
	tagClosed
	tagNamed
	tagAuthenticated
	_ // Refused without its Path
	tagEnveloped
	tagAddressed
	_ // Accepted, Fetched and Deleted without what a trace asks
	_
	_
	tagNote
	tagForeign
	tagRefused
	tagAccepted
	tagDelivered
	tagFetched
	tagDeleted
	tagBanned
	tagCaptured
	tagSegment
	tagQueued
	tagAttempted
	tagAttemptedEarlier
	tagMissed
	tagCollected
	tagAsked
	tagAttemptedAsOf // its AsOf, and then the fact without
	tagWritten
	tagHalted
)

func appendFact(dst []byte, fact any) ([]byte, error) {
	switch f := fact.(type) {
	case nil:
		return append(dst, tagNone), nil
	case Opened:
		dst = appendAddr(append(dst, tagOpened), f.Remote)
		dst = appendAddr(dst, f.Local)
		dst = appendStrings(dst, f.Protocol, f.Listener, f.Mode)
		return appendBool(dst, f.TLS), nil
	case Secured:
		return appendStrings(append(dst, tagSecured), f.Version, f.Cipher, f.ServerName), nil
	case Closed:
		return appendStrings(append(dst, tagClosed), f.Reason), nil
	case Named:
		return appendStrings(append(dst, tagNamed), f.Helo), nil
	case Authenticated:
		dst = appendStrings(append(dst, tagAuthenticated), f.Mechanism, f.User)
		return appendStrings(appendBool(dst, f.OK), f.Reason), nil
	case Refused:
		return appendStrings(append(dst, tagRefused), f.Verb, f.Reply, f.Path), nil
	case Enveloped:
		return appendStrings(append(dst, tagEnveloped), f.From), nil
	case Addressed:
		return appendStrings(append(dst, tagAddressed), f.To), nil
	case Accepted:
		dst = appendStrings(append(dst, tagAccepted), f.ID, f.MessageID, f.From)
		return binary.AppendVarint(binary.AppendVarint(dst, int64(f.Recipients)), f.Size), nil
	case Foreign:
		return appendStrings(append(dst, tagForeign), f.ID, f.Account, f.Field, f.Address), nil
	case Delivered:
		return appendDeliveries(appendStrings(append(dst, tagDelivered), f.ID), f.To), nil
	case Queued:
		return appendOnward(appendStrings(append(dst, tagQueued), f.ID), f.To), nil
	case Attempted:
		return appendAttempted(dst, &f), nil
	case Missed:
		dst = appendBool(appendStrings(append(dst, tagMissed), f.ID, f.Why), f.Failed)
		return appendOnward(dst, f.To), nil
	case Halted:
		return appendBool(appendStrings(append(dst, tagHalted), f.ID, f.Recipient), f.Released), nil
	case Written:
		return appendStrings(append(dst, tagWritten), f.From), nil
	case Collected:
		return appendStrings(append(dst, tagCollected), f.By, f.Host, f.User), nil
	case Asked:
		dst = binary.AppendUvarint(appendStrings(append(dst, tagAsked), f.By, f.Site), uint64(len(f.Domains)))
		return appendStrings(dst, f.Domains...), nil
	case Fetched:
		dst = binary.AppendUvarint(binary.AppendVarint(append(dst, tagFetched), f.Account), uint64(f.UID))
		return binary.AppendVarint(appendStrings(dst, f.UIDL), f.Size), nil
	case Deleted:
		dst = binary.AppendVarint(binary.AppendVarint(append(dst, tagDeleted), f.Account), int64(f.Messages))
		return appendUIDs(dst, f.UIDs), nil
	case Banned:
		return appendMoment(appendStrings(append(dst, tagBanned), f.User), f.Until), nil
	case Captured:
		return appendCaptured(append(dst, tagCaptured), &f), nil
	case *Segment:
		return appendSegment(append(dst, tagSegment), f), nil
	case Note:
		return appendStrings(append(dst, tagNote), f.Text), nil
	}
	return dst, fmt.Errorf("event: a record cannot hold a %T", fact)
}

func (r *reader) fact() any {
	switch r.octet() {
	case tagNone:
		return nil
	case tagOpened:
		ends := Endpoints{Remote: r.addr(), Local: r.addr()}
		return Opened{Endpoints: ends, Protocol: r.text(), Listener: r.text(), Mode: r.text(), TLS: r.flag()}
	case tagSecured:
		return Secured{Version: r.text(), Cipher: r.text(), ServerName: r.text()}
	case tagClosed:
		return Closed{Reason: r.text()}
	case tagNamed:
		return Named{Helo: r.text()}
	case tagAuthenticated:
		return Authenticated{Mechanism: r.text(), User: r.text(), OK: r.flag(), Reason: r.text()}
	case tagRefused:
		return Refused{Verb: r.text(), Reply: r.text(), Path: r.text()}
	case tagEnveloped:
		return Enveloped{From: r.text()}
	case tagAddressed:
		return Addressed{To: r.text()}
	case tagAccepted:
		return Accepted{ID: r.text(), MessageID: r.text(), From: r.text(), Recipients: int(r.varint()), Size: r.varint()}
	case tagFetched:
		return Fetched{Account: r.varint(), UID: r.uid(), UIDL: r.text(), Size: r.varint()}
	case tagForeign:
		return Foreign{ID: r.text(), Account: r.text(), Field: r.text(), Address: r.text()}
	case tagDeleted:
		return Deleted{Account: r.varint(), Messages: int(r.varint()), UIDs: r.uids()}
	case tagDelivered:
		return Delivered{ID: r.text(), To: r.deliveries()}
	case tagQueued:
		return Queued{ID: r.text(), To: r.onward()}
	case tagAttempted:
		return r.attempted()
	case tagAttemptedEarlier:
		return r.attemptedEarlier()
	case tagAttemptedAsOf:
		return r.attemptedAsOf()
	case tagMissed:
		return Missed{ID: r.text(), Why: r.text(), Failed: r.flag(), To: r.onward()}
	case tagHalted:
		return Halted{ID: r.text(), Recipient: r.text(), Released: r.flag()}
	case tagWritten:
		return Written{From: r.text()}
	case tagCollected:
		return Collected{By: r.text(), Host: r.text(), User: r.text()}
	case tagAsked:
		return Asked{By: r.text(), Site: r.text(), Domains: r.texts()}
	case tagBanned:
		return Banned{User: r.text(), Until: r.moment()}
	case tagCaptured:
		return r.captured()
	case tagSegment:
		return r.segment()
	case tagNote:
		return Note{Text: r.text()}
	}
	r.bad = true
	return nil
}

func appendAttempted(dst []byte, f *Attempted) []byte {
	if !f.AsOf.IsZero() {
		dst = appendMoment(append(dst, tagAttemptedAsOf), f.AsOf)
	}
	tag := byte(tagAttempted)
	if f.Earlier {
		tag = tagAttemptedEarlier
	}
	dst = appendStrings(append(dst, tag), f.ID, f.Recipient, f.Outcome, f.Host, f.Addr, f.TLS, f.Reply)
	dst = binary.AppendVarint(binary.AppendUvarint(dst, f.Session), int64(f.Delay))
	dst = appendMoment(dst, f.Next)
	if f.Earlier {
		dst = appendStrings(dst, f.From, f.MessageID)
	}
	return dst
}

func (r *reader) attempted() Attempted {
	return Attempted{ID: r.text(), Recipient: r.text(), Outcome: r.text(), Host: r.text(), Addr: r.text(), TLS: r.text(),
		Reply: r.text(), Session: r.uvarint(), Delay: time.Duration(r.varint()), Next: r.moment()}
}

func (r *reader) attemptedEarlier() Attempted {
	f := r.attempted()
	f.Earlier, f.From, f.MessageID = true, r.text(), r.text()
	return f
}

func (r *reader) attemptedAsOf() (f Attempted) {
	asOf := r.moment()
	switch r.octet() {
	case tagAttempted:
		f = r.attempted()
	case tagAttemptedEarlier:
		f = r.attemptedEarlier()
	default:
		r.bad = true
	}
	f.AsOf = asOf
	r.bad = r.bad || asOf.IsZero()
	return f
}

func appendStrings(dst []byte, texts ...string) []byte {
	for _, s := range texts {
		dst = binary.AppendUvarint(dst, uint64(len(s)))
		dst = append(dst, s...)
	}
	return dst
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// appendAddr writes an address as text: zones and invalid ones included.
func appendAddr(dst []byte, a netip.AddrPort) []byte {
	if !a.IsValid() {
		return appendStrings(dst, "")
	}
	return appendStrings(dst, a.String())
}

func (r *reader) text() string { return string(r.take(r.uvarint())) }

func (r *reader) flag() bool {
	b := r.octet()
	r.bad = r.bad || b > 1
	return b == 1
}

func (r *reader) addr() netip.AddrPort {
	s := r.text()
	if s == "" {
		return netip.AddrPort{}
	}
	a, err := netip.ParseAddrPort(s)
	r.bad = r.bad || err != nil
	return a
}
