package dissect

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"posta/capture"
	"posta/capture/capturetest"
	"posta/event"
	"posta/field"
)

// said are the fields that are held against tshark's.
func said() []field.ID {
	return []field.ID{
		field.SMTPReqCommand, field.SMTPReqParameter, field.SMTPResponseCode, field.SMTPRspParameter, field.SMTPEOM,
		field.SMTPAuthUsername, field.SMTPAuthPassword, field.SMTPAuthUsernamePassword,
		field.POPRequestCommand, field.POPRequestParameter, field.POPResponseIndicator, field.POPResponseDescription,
		field.IMAPRequestCommand, field.IMAPRequestTag, field.IMAPResponseStatus, field.IMAPResponseCommand,
		field.SMTPDataFragment, field.SMTPDataReassembledLength, field.POPDataFragment, field.POPDataReassembledLength,
		field.IMFFrom, field.IMFTo, field.IMFCc, field.IMFSubject, field.IMFDate, field.IMFMessageID, field.IMFContentType,
	}
}

// sink is an event.Sink over a Dissector.
type sink struct{ d *Dissector }

func (s sink) Emit(e *event.Event)                      { s.d.Feed(e) }
func (sink) Wants(uint64, event.Layer, event.Part) bool { return true }

// read makes the frames of a capture.
func read(t testing.TB, path string, want field.Set, out func(*Frame)) {
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
	if err := capture.Read(t.Context(), r, sink{New(want, out)}, capture.Limits{}); err != nil {
		t.Logf("%s: %v", path, err)
	}
}

// Each frame of the captures in which tshark sees commands or replies has the
// same here, and no other frame has any, but in the streams that differ.
func TestFramesAreTsharks(t *testing.T) {
	shared, answers := capturetest.Dir(t), capturetest.Answers(t)
	frames, differing := 0, map[string]bool{}
	for _, answer := range answers {
		path := strings.TrimSuffix(answer, ".tshark.jsonl")
		name := strings.TrimPrefix(filepath.ToSlash(path), shared+"/")
		theirs := tsharkFrames(t, answer)
		ours := ourFrames(t, path)
		for number := range ours {
			if theirs[number] == nil {
				theirs[number] = &spoken{stream: ours[number].stream}
			}
		}
		for number, want := range theirs {
			got := ours[number]
			if got == nil {
				got = &spoken{stream: want.stream}
			}
			frames++
			if slices.Equal(got.fields, want.fields) {
				continue
			}
			stream := fmt.Sprintf("%s %d", name, want.stream)
			if slices.Contains(differsInMail(), stream) && slices.Equal(got.withoutMail(), want.withoutMail()) {
				differing[stream] = true
				continue
			}
			if !slices.Contains(differs(), stream) {
				t.Errorf("%s, frame %d:\n  tshark %q\n  posta  %q", stream, number, want.fields, got.fields)
			}
			differing[stream] = true
		}
	}
	for _, stream := range append(differs(), differsInMail()...) {
		if !differing[stream] {
			t.Errorf("%s: tshark says the same now", stream)
		}
	}
	t.Logf("%d frames", frames)
}

// differs lists the streams of which tshark says something else, as
// docs/dissection.md tells.
func differs() []string {
	return []string{
		"arkime/ntlm_synthetic.pcap 11", "arkime/ntlm_synthetic.pcap 12", "suricata-verify/pop3-auth-01.pcap 0",
		"zeek/pop3.pcap 3", "zeek/pop3.pcap 5", "zeek/pop3.pcap 6", // answers to AUTH
		"pcapplusplus/Smtp.pcap 0",
		"suricata-verify/ruletype-firewall-133-smtp-out-of-order-commands.pcap 0",
		"suricata-verify/smtp-bdat-last-next-mail.pcap 0", "suricata-verify/smtp-errors.pcap 0", "suricata-verify/smtp-errors.pcap 3",
		"suricata-verify/smtp-long-command.pcap 0", "suricata-verify/smtp-pipelining.pcap 0",
		"zeek/smtp-bdat-cmd-chunk-size-overflow.pcap 0", "zeek/smtp-bdat-gap.pcap 0",
		"zeek/smtp-mail-transactions-invalid.pcap 0",
	}
}

// differsInMail lists the streams of which tshark says something else only of
// the messages, as docs/dissection.md tells.
func differsInMail() []string {
	return []string{
		"suricata-verify/bug-3616-smtp.pcap 0", "suricata-verify/smtp-bug-5981.pcap 0", "suricata-verify/smtp-errors.pcap 1",
		"suricata-verify/smtp-rset.pcap 0", "zeek/rfc3030-bdat-example1.pcap 0",
	}
}

// withoutMail are the fields but for those of messages.
func (s *spoken) withoutMail() (fields []string) {
	for _, one := range s.fields {
		if !strings.HasPrefix(one, "imf.") && !strings.HasPrefix(one, "smtp.data.") {
			fields = append(fields, one)
		}
	}
	return fields
}

// spoken is what was said in a frame, field by field.
type spoken struct {
	stream int
	fields []string
}

func ourFrames(t *testing.T, path string) map[uint32]*spoken {
	var want field.Set
	want.Add(said()...)
	want.Add(field.TCPStream)
	frames := map[uint32]*spoken{}
	read(t, path, want, func(f *Frame) {
		s := frames[f.Packet]
		if s == nil {
			s = &spoken{}
			frames[f.Packet] = s
		}
		for _, id := range said() {
			for _, n := range f.Tree.Nodes {
				if n.Def.ID != id {
					continue
				}
				text := string(n.Def.Type.Append(nil, n.Val))
				if n.Def.Type == field.String || n.Def.ID == field.SMTPResponseCode {
					if in := f.Tree.Sources[n.Src][n.Off : n.Off+n.Len]; string(in) != text {
						t.Errorf("%s: %s is %q, but in the octets %q", path, n.Def.Name, text, in)
					}
				}
				s.add(n.Def, text)
			}
		}
		for _, n := range f.Tree.Nodes {
			if n.Def.ID == field.TCPStream {
				s.stream = int(n.Val.Uint())
			}
		}
	})
	for number, s := range frames {
		if len(s.fields) == 0 {
			delete(frames, number)
		}
	}
	return frames
}

// add notes a field as tshark's answers have it.
func (s *spoken) add(d *field.Def, text string) {
	switch d.ID {
	case field.SMTPEOM:
		text = "1"
	case field.POPRequestCommand, field.POPRequestParameter, field.POPResponseIndicator, field.POPResponseDescription:
		text = ascii(text)
	}
	if d.ID == field.SMTPReqCommand && strings.EqualFold(text, "STARTTLS") {
		s.fields = append(s.fields, "smtp.req.command="+text[:4], "smtp.req.parameter="+text[5:])
		return
	}
	if len(text) > 200 {
		text = text[:200] + fmt.Sprintf("...[%d]", len(text))
	}
	if d.Type == field.FrameNum {
		same := 0
		for _, one := range s.fields {
			if strings.HasPrefix(one, d.Name+"=") {
				same++
			}
		}
		if same >= 60 {
			return
		}
	}
	s.fields = append(s.fields, d.Name+"="+text)
}

// ascii is a text as tshark shows it: other octets are U+FFFD, one each.
func ascii(s string) string {
	var out strings.Builder
	for _, c := range []byte(s) {
		if c >= 0x80 {
			out.WriteRune(utf8.RuneError)
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}

func tsharkFrames(t *testing.T, path string) map[uint32]*spoken {
	t.Helper()
	frames := map[uint32]*spoken{}
	capturetest.Frames(t, path, func(frame capturetest.Frame) {
		s := &spoken{stream: frame.Stream()}
		for _, id := range said() {
			if text, ok := theirAuth(t, frame, id); ok {
				s.fields = append(s.fields, field.Of(id).Name+"="+text)
				continue
			}
			many := frame.Texts(field.Of(id).Name)
			for i, one := range many {
				if i == len(many)-1 && strings.HasPrefix(one, "... ") {
					break // the answer was cut; fields() does so, too
				}
				s.fields = append(s.fields, field.Of(id).Name+"="+one)
			}
		}
		number, err := strconv.ParseUint(frame["frame.number"].(string), 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.fields) > 0 {
			frames[uint32(number)] = s
		}
	})
	return frames
}

// theirAuth is what tshark says of a name or a password, decoded as it is here
// and as tshark does it when told to (-o smtp.decryption:TRUE).
func theirAuth(t *testing.T, frame map[string]any, id field.ID) (text string, ok bool) {
	t.Helper()
	part := map[field.ID]int{field.SMTPAuthUsername: 1, field.SMTPAuthPassword: 2}[id]
	if part == 0 {
		return "", false
	}
	both, plain := frame["smtp.auth.username_password"].(string)
	if !plain {
		if both, ok = frame[field.Of(id).Name].(string); !ok {
			return "", false
		}
	}
	clear, err := base64.StdEncoding.DecodeString(both)
	if err != nil {
		t.Fatal(err)
	}
	if plain {
		return strings.Split(string(clear), "\x00")[part], true
	}
	return string(clear), true
}
