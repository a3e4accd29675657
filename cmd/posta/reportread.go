package main

import (
	"context"
	"io"

	"posta/capture"
	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/filter"
	"posta/report"
	"posta/story"
	"posta/words"
)

// reportMaker reads captures into a report's Source.
type reportMaker struct {
	a   *app
	f   reportFlags
	src *report.Source

	ring *keyring

	d       *dissect.Dissector
	matches *filter.Matcher
	chosen  map[uint64]bool // connections of which the filter holds
	packets []report.Packet
	counts  map[uint64]int
}

// maxReported is how many packets are kept until it is known which connections
// are mail.
const maxReported = 50_000

// maxReportedSessions is how many connections are looked at.
const maxReportedSessions = 10_000

// read reads a capture: its sessions and its packets.
func (m *reportMaker) read(ctx context.Context, name string, from io.Reader) error {
	r, err := capture.NewReader(from)
	if err != nil {
		return m.a.unreadable(err, name, 0)
	}
	defer r.Close()
	kept := 0
	book := story.New(story.Options{Keep: func(*story.Session) bool { // of an attack's millions some will do
		kept++
		return kept <= maxReportedSessions
	}})
	if err := m.begin(book); err != nil {
		return err
	}
	if err := capture.Read(ctx, r, m.ring.open(r, m), capture.Limits{}); err != nil {
		return m.a.unreadable(err, name, r.Packets())
	}
	all, _ := book.Sessions()
	m.take(all)
	return nil
}

// begin makes a Dissector for a capture.
func (m *reportMaker) begin(book *story.Book) error {
	m.chosen, m.counts, m.packets, m.matches = map[uint64]bool{}, map[uint64]int{}, nil, nil
	matches, want, err := m.a.matching(m.f.filter)
	if err != nil {
		return err
	}
	m.matches = matches
	want.Add(overviewFields()...)
	want.Add(field.FrameLen)
	m.d = dissect.New(want, m.frame)
	for _, told := range m.f.decodeAs {
		if !decodeTold(m.d, told) {
			return usage(words.Fail("fail.read_decode_as", words.Args{"Value": told}))
		}
	}
	m.d.Tell(book)
	return nil
}

// Wants takes all octets.
func (m *reportMaker) Wants(uint64, event.Layer, event.Part) bool { return true }

// Emit takes an event.
func (m *reportMaker) Emit(e *event.Event) { m.d.Feed(e) }

func (m *reportMaker) frame(f *dissect.Frame) {
	if m.matches != nil && m.matches.Match(f.Tree) {
		m.chosen[f.Conn] = true
	}
	m.counts[f.Conn]++
	if len(m.packets) == maxReported || f.Conn == 0 {
		return
	}
	o := overview{m.a, f}
	flags, _ := o.first(field.TCPFlags)
	payload, _ := o.first(field.TCPLen)
	length, _ := o.first(field.FrameLen)
	number, _ := o.first(field.FrameNumber)
	m.packets = append(m.packets, report.Packet{Number: uint32(number.Uint()), Time: f.Time, Source: o.end(field.IPSrc, field.IPv6Src),
		Destination: o.end(field.IPDst, field.IPv6Dst), Protocol: o.protocol(), Length: int64(length.Uint()), Info: printable(o.info()),
		Conn: f.Conn, Flags: uint16(flags.Uint()), Payload: int64(payload.Uint()), Dialer: f.Dir == event.FromDialer})
}

// take puts the sessions of mail into the report, and their packets. Those of
// each capture have numbers of their own.
func (m *reportMaker) take(all []*story.Session) {
	base, in := uint64(0), map[uint64]bool{}
	for _, s := range m.src.Sessions {
		base = max(base, s.Conn)
	}
	shown := 0
	for _, s := range all {
		if s.Protocol == "" || m.matches != nil && !m.chosen[s.Conn] {
			continue
		}
		if len(m.src.Sessions) == report.MaxSessions {
			m.src.Left++
			continue
		}
		in[s.Conn] = true
		shown += m.counts[s.Conn]
		s.Conn += base
		m.src.Sessions = append(m.src.Sessions, s)
	}
	for _, p := range m.packets {
		if in[p.Conn] && len(m.src.Packets) < report.MaxPackets {
			p.Conn += base
			m.src.Packets = append(m.src.Packets, p)
			shown--
		}
	}
	m.src.More += shown
}
