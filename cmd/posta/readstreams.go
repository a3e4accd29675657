package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"posta/event"
	"posta/words"
)

// maxStreams bounds how many streams are listed; a capture of an attack has millions.
const maxStreams = 1 << 19

// streamLine is a line of `posta read --streams --format json`: a TCP stream
// as tshark numbers it, node0 being the end whose packet came first.
type streamLine struct {
	Stream uint32     `json:"stream"`
	Node0  string     `json:"node0"`
	Node1  string     `json:"node1"`
	There  streamHalf `json:"node0_to_1"`
	Back   streamHalf `json:"node1_to_0"`
	Gap    bool       `json:"gap"`
}

type streamHalf struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// streamSeen is what a survey keeps of one stream; [0] is what the dialer sent.
type streamSeen struct {
	event.Captured
	began, last time.Time
	packets     int
	octets      [2]int64
	lost        int64
	sums        [2][sha256.Size]byte
}

// survey counts what is in a capture. It is a Sink of the joined streams.
type survey struct {
	began, last time.Time
	octets      int64 // on the network
	count       int   // of streams
	left        int   // of them, not listed
	all         []streamSeen
	hashes      map[uint64]*[2]hash.Hash // of open streams; nil: nobody asks
}

func newSurvey(hashed bool) *survey {
	s := &survey{}
	if hashed {
		s.hashes = map[uint64]*[2]hash.Hash{}
	}
	return s
}

// Wants takes all octets.
func (s *survey) Wants(uint64, event.Layer, event.Part) bool { return true }

// Emit counts an event.
func (s *survey) Emit(e *event.Event) {
	if e.Kind == event.Packet {
		s.octets += e.Len
		if s.began.IsZero() {
			s.began = e.Time
		}
		if e.Time.After(s.last) {
			s.last = e.Time
		}
	}
	if e.Conn == 0 {
		return
	}
	if e.Kind == event.Open {
		s.open(e)
	}
	if e.Conn > uint64(len(s.all)) {
		return
	}
	st := &s.all[e.Conn-1]
	switch e.Kind {
	case event.Packet:
		if segment, ok := e.Fact.(*event.Segment); ok && segment.Marks&event.Quoted == 0 {
			st.packets++
			if st.began.IsZero() {
				st.began = e.Time
			}
			if !e.Time.IsZero() {
				st.last = e.Time
			}
		}
	case event.Data:
		st.octets[e.Dir] += e.Len
		if h := s.hashes[e.Conn]; h != nil {
			h[e.Dir].Write(e.Data)
		}
	case event.Gap:
		st.lost += e.Len
	case event.Close:
		if h := s.hashes[e.Conn]; h != nil {
			h[0].Sum(st.sums[0][:0])
			h[1].Sum(st.sums[1][:0])
			delete(s.hashes, e.Conn)
		}
	}
}

// open begins a stream; they come in the order of their numbers.
func (s *survey) open(e *event.Event) {
	s.count++
	if len(s.all) == maxStreams {
		s.left++
		return
	}
	captured, _ := e.Fact.(event.Captured)
	s.all = append(s.all, streamSeen{Captured: captured, began: e.Time, last: e.Time})
	if s.hashes != nil {
		s.hashes[e.Conn] = &[2]hash.Hash{sha256.New(), sha256.New()}
	}
}

func (s *survey) streamLines() []streamLine {
	lines := make([]streamLine, len(s.all))
	for i := range s.all {
		st := &s.all[i]
		half := func(d event.Dir) streamHalf { return streamHalf{st.octets[d], hex.EncodeToString(st.sums[d][:])} }
		nodes := [2]netip.AddrPort{st.Remote, st.Local}
		first, second := st.First, 1-st.First
		lines[i] = streamLine{st.Stream, nodes[first].String(), nodes[second].String(), half(first), half(second), st.lost > 0}
	}
	return lines
}

// streamTable is the same for people: who dialed stands first.
func (s *survey) streamTable(a *app) func(io.Writer) error {
	return lister(a, s.all, []string{"read.stream", "read.dialer", "read.listener", "read.packets", "read.sent", "read.received", "read.start",
		"read.duration", "read.remark"}, func(st streamSeen) []string {
		var remarks []string
		if st.lost > 0 {
			remarks = append(remarks, a.say("read.lost", words.Args{"Count": st.lost}))
		}
		if !st.Sure {
			remarks = append(remarks, a.say("read.guess", nil))
		}
		return []string{strconv.FormatUint(uint64(st.Stream), 10), st.Remote.String(), st.Local.String(), strconv.Itoa(st.packets),
			strconv.FormatInt(st.octets[0], 10), strconv.FormatInt(st.octets[1], 10), seconds(between(s.began, st.began)),
			seconds(between(st.began, st.last)), strings.Join(remarks, ", ")}
	})
}

// conversation is all that two hosts said to each other at one port.
type conversation struct {
	Dialer    string        `json:"dialer"`
	Listener  string        `json:"listener"`
	Streams   int           `json:"streams"`
	Packets   int           `json:"packets"`
	Sent      int64         `json:"sent"`
	Received  int64         `json:"received"`
	Lost      int64         `json:"lost,omitempty"`
	Begin     time.Time     `json:"begin,omitzero"`
	End       time.Time     `json:"end,omitzero"`
	sinceZero time.Duration // from the capture's first packet
}

// conversations puts streams together by who dialed whom, and at which port.
func (s *survey) conversations() []conversation {
	type ends struct {
		dialer   netip.Addr
		listener netip.AddrPort
	}
	places := map[ends]int{}
	var all []conversation
	for i := range s.all {
		st := &s.all[i]
		key := ends{st.Remote.Addr(), st.Local}
		at, known := places[key]
		if !known {
			at = len(all)
			places[key] = at
			all = append(all, conversation{Dialer: key.dialer.String(), Listener: key.listener.String(), Begin: st.began,
				sinceZero: between(s.began, st.began)})
		}
		c := &all[at]
		c.Streams++
		c.Packets += st.packets
		c.Sent += st.octets[0]
		c.Received += st.octets[1]
		c.Lost += st.lost
		if st.last.After(c.End) {
			c.End = st.last
		}
	}
	slices.SortStableFunc(all, func(x, y conversation) int { return cmp.Compare(y.Sent+y.Received, x.Sent+x.Received) })
	return all
}

func (a *app) conversationTable(all []conversation) func(io.Writer) error {
	return lister(a, all, []string{"read.dialer", "read.listener", "read.streams", "read.packets", "read.sent", "read.received", "read.start",
		"read.duration", "read.remark"}, func(c conversation) []string {
		remark := ""
		if c.Lost > 0 {
			remark = a.say("read.lost", words.Args{"Count": c.Lost})
		}
		return []string{c.Dialer, c.Listener, strconv.Itoa(c.Streams), strconv.Itoa(c.Packets), strconv.FormatInt(c.Sent, 10),
			strconv.FormatInt(c.Received, 10), seconds(c.sinceZero), seconds(between(c.Begin, c.End)), remark}
	})
}

// between is the time from one moment to another, where the capture has both.
func between(from, to time.Time) time.Duration {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return to.Sub(from)
}

// seconds writes a time between packets as Wireshark does.
func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 6, 64) }
