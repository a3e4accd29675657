package dissect

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/capture"
	"posta/capture/capturetest"
	"posta/field"
	"posta/filter"
)

// overview are fields such as a list of frames shows.
func overview() (more field.Set) {
	more.Add(field.FrameNumber, field.IPSrc, field.TCPAnalysisFlags, field.TCPLen, field.SMTPCommandLine, field.SMTPRspParameter, field.POPRequest,
		field.POPResponse, field.IMAPLine, field.SocksCommand)
	return more
}

// sifted are the frames of a capture that a filter lets through, as texts. With
// sift the Dissector does it, otherwise the frames of all are looked at.
func sifted(t *testing.T, path string, f *filter.Filter, sift bool) (frames []string) {
	t.Helper()
	m, want, more := f.Matcher(), f.Needs(), overview()
	if !sift {
		for id := range more.All() {
			want.Add(id)
		}
	}
	d := New(want, func(fr *Frame) {
		if !sift && !m.Match(fr.Tree) {
			return
		}
		var fields []string
		for _, n := range fr.Tree.Nodes {
			fields = append(fields, n.Def.Name+"="+string(n.Def.Type.Append(nil, n.Val)))
		}
		slices.Sort(fields)
		frames = append(frames, fmt.Sprint(fr.Packet, fields))
	})
	if sift {
		d.Sift(m.Match, more)
	}
	feed(t, path, d)
	return frames
}

// The frames that are let through are those that would have been chosen of all,
// and have the same fields.
func TestSift(t *testing.T) {
	found := 0
	for _, text := range []string{
		`smtp.req.command == "RCPT"`, `pop.request`, `imf.subject contains "e"`, `frame contains "x"`, `not smtp`, `tcp.flags.syn == 1`, `smtp.eom`,
		`tcp.analysis.flags and tcp.len > 0`, `imf`, `imf contains "e"`, `imf.content.type contains "multipart" or imap.request`, `smtp.data.reassembled.length > 1000`,
		`imap`, `pop`, `pop or not pop.request`, `pop xor imap.tag`,
		`not tcp.port == 25`, `socks`, `count(imf.subject) > 1`, `ip.src == 10.0.0.0/8 and smtp contains "250"`,
	} {
		f, err := filter.Parse(text, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range append(clearCaptures(t), capturetest.Dir(t)+"/arkime/socks5-smtp-503.pcap") {
			all, few := sifted(t, path, f, false), sifted(t, path, f, true)
			found += len(few)
			if !slices.Equal(all, few) {
				t.Errorf("%s, %s: of %d frames %d were let through:\n%s\nand not\n%s", path, text, len(all), len(few), clip(few), clip(all))
			}
		}
	}
	if found < 1000 {
		t.Errorf("only %d frames", found)
	}
}

func clip(lines []string) string {
	return strings.Join(lines, "\n")[:min(800, len(strings.Join(lines, "\n")))]
}

// Of messages that only a list shows, their own header is told.
func TestSiftedMessages(t *testing.T) {
	f, err := filter.Parse("smtp or pop or imap", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	subjects := 0
	for _, path := range clearCaptures(t) {
		var first [2][]string
		for i, sift := range []bool{false, true} {
			want, more := f.Needs(), field.Set{}
			more.Add(field.IMFSubject, field.IMF)
			if !sift {
				want.Add(field.IMFSubject, field.IMF)
			}
			told := ""
			d := New(want, func(fr *Frame) {
				told = ""
				if fr.Tree.Has(field.IMF) {
					told = fmt.Sprint(fr.Packet)
				}
				for _, n := range fr.Tree.Nodes {
					if n.Def.ID == field.IMFSubject {
						told += " " + string(n.Val.Octets())
						break
					}
				}
				if told != "" {
					first[i] = append(first[i], told)
				}
			})
			if sift {
				d.Sift(f.Matcher().Match, more)
			}
			feed(t, path, d)
		}
		if subjects += len(first[0]); !slices.Equal(first[0], first[1]) {
			t.Errorf("%s: %q, not %q", path, first[1], first[0])
		}
	}
	if subjects < 50 {
		t.Errorf("only %d messages", subjects)
	}
}

// feed lets a Dissector have a capture.
func feed(t *testing.T, path string, d *Dissector) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := capture.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_ = capture.Read(t.Context(), r, sink{d}, capture.Limits{}) // some are damaged
}
