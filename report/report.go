// Package report writes the report of a lab: who talked to whom, the message
// sequence diagram, what was said line by line and what it means, findings, what
// an eavesdropper learnt, the packets, the practice's questions, and the capture
// itself. It is one file for a browser or a printer, and needs nothing else.
//
// A Report is a list of blocks, made once; HTML and PDF write the same ones.
// Start reading at Of, then block.go.
package report

import (
	"time"

	"posta/draw"
	"posta/story"
	"posta/words"
)

// Heading is what stands at the top: who hands in, and for whom.
type Heading struct {
	Group   string
	Members []string
	Course  string
	Teacher string
	Date    time.Time // zero: none
}

// Packet is a packet of the capture, as people list it.
type Packet struct {
	Number              uint32
	Time                time.Time
	Source, Destination string
	Protocol            string
	Length              int64
	Info                string

	Conn    uint64 // its connection, as story.Session.Conn
	Flags   uint16 // of TCP
	Payload int64  // octets of it
	Dialer  bool   // it comes from who dialed
}

// File is a capture that goes along.
type File struct {
	Name   string
	Octets []byte
	Masked bool // secrets and bodies were left out before it was written
}

// Source is what a report is made of.
type Source struct {
	Heading  Heading
	Sessions []*story.Session // kept whole, with their acts
	Packets  []Packet         // at most MaxPackets
	More     int              // packets that are not listed
	Left     int              // sessions beyond MaxSessions
	Made     bool             // the packets were made of the server's recording
	Files    []File
	Answers  bool // the practice's questions are answered
	Words    *words.Words
	Zone     *time.Location // in which times are told
}

// MaxSessions is how many sessions a report tells of.
const MaxSessions = 40

// MaxPackets is how many packets a report lists.
const MaxPackets = 400

// Report is a report, ready to be written.
type Report struct {
	w      *words.Words
	title  string
	group  string
	lang   string
	head   [][2]string
	blocks []block
	made   time.Time
}

// Of makes the report.
func Of(s Source) *Report {
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	m := &maker{Source: s, r: &Report{w: s.Words, lang: s.Words.Lang(), title: s.Words.Say("report.title", nil), made: s.Heading.Date, group: s.Heading.Group}}
	m.names = map[uint64]int{}
	for i, one := range s.Sessions {
		m.names[one.Conn] = i
	}
	m.labels = story.Labels(s.Sessions)
	m.heading()
	m.diagram = draw.New(s.Sessions, draw.Options{Words: s.Words, Zone: s.Zone})
	m.judge()
	m.talked()
	m.drawing()
	m.transcripts()
	m.findings()
	m.eavesdropper()
	m.packets()
	m.files()
	m.questions()
	return m.r
}
