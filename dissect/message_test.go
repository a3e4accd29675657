package dissect

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"posta/capture/capturetest"
	"posta/event"
	"posta/field"
)

// mailFields are those that the tests of messages ask for.
func mailFields() []field.ID {
	return []field.ID{field.SMTPDataFragment, field.SMTPDataReassembledLength, field.POPDataFragment, field.POPDataReassembledLength,
		field.IMFSubject, field.IMFTo, field.IMFContentType, field.IMFContentTypeType, field.IMFContentTypeParameters, field.IMFExtensionType, field.IMFExtensionValue}
}

// A message is told of in the frame in which it ends, with its dots undone,
// wherever the octets are cut.
func TestMailData(t *testing.T) {
	const mail = "Subject: two\r\n lines\r\n..x: dotted\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n..\r\n.\r\n"
	want := "smtp.data.reassembled.length=82 imf.subject=two\r\n lines imf.extension.type=.x imf.extension.value=dotted " +
		"imf.content.type=text/plain; charset=utf-8 imf.content.type.type=text/plain imf.content.type.parameters= charset=utf-8"
	for _, step := range []int{len(mail), 30, 7, 1} {
		s := newSession(t, opened("smtp"), mailFields()[1:]...)
		s.say(server, inside, "220 here\r\n")
		s.say(client, inside, "DATA\r\n")
		s.say(server, inside, "354 go\r\n")
		for rest := mail; rest != ""; rest = rest[min(step, len(rest)):] {
			s.say(client, inside, rest[:min(step, len(rest))])
		}
		s.want(want)
	}
}

func TestChunks(t *testing.T) {
	s := newSession(t, opened("smtp"), mailFields()...)
	s.say(client, inside, "BDAT 10\r\nSubject: a")
	s.say(client, inside, "BDAT 9 LAST\r\nb\r\n\r\n..\r\nMAIL FROM:<>\r\nBDAT 15\r\nSubject: more\r\nBDAT 0 LAST\r\n")
	s.want("smtp.data.fragment=1 smtp.data.fragment=2 smtp.data.reassembled.length=19 imf.subject=ab " +
		"smtp.data.fragment=2 smtp.data.reassembled.length=15 imf.subject=more")
}

func TestRetrieved(t *testing.T) {
	s := newSession(t, opened("pop3"), mailFields()...)
	s.say(server, inside, "+OK here\r\n")
	s.say(client, inside, "LIST\r\nRETR 1\r\nTOP 1 0\r\n")
	s.say(server, inside, "+OK\r\nSubject: none\r\n.\r\n")
	s.say(server, inside, "+OK\r\nSubject: one\r\n\r\n..\r\n")
	s.say(server, inside, ".\r\n+OK\r\nTo: two\r\n\r\n.\r\n")
	s.want("pop.data.fragment=4 pop.data.fragment=5 pop.data.reassembled.length=23 imf.subject=one " +
		"imf.to=two") // of one frame nothing was put together
}

// A message inside of a message is told of, too.
func TestMessageInMessage(t *testing.T) {
	s := newSession(t, opened("smtp"), field.IMFSubject)
	s.say(client, inside, "DATA\r\n")
	s.say(server, inside, "354 go\r\n")
	s.say(client, inside, "Subject: outer\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n.\r\n")
	s.want("imf.subject=outer imf.subject=inner")
}

// What is kept of messages is bounded, and what a connection leaves is let go.
func TestMessagesAreBounded(t *testing.T) {
	s := newSession(t, opened("smtp"), field.IMFSubject, field.SMTPDataReassembledLength)
	line := strings.Repeat("x", 998) + "\r\n"
	s.say(client, inside, "DATA\r\n")
	s.say(server, inside, "354 go\r\n")
	s.say(client, inside, "Subject: long\r\n\r\n")
	for range 3000 {
		s.say(client, inside, line)
	}
	if s.d.used > 3*maxMessage {
		t.Errorf("%d octets are kept", s.d.used)
	}
	s.say(client, inside, ".\r\n")
	s.want("smtp.data.reassembled.length=3000017 imf.subject=long")
	if s.d.used != 0 {
		t.Errorf("%d octets are kept of a message that was told of", s.d.used)
	}
	s.say(client, inside, "DATA\r\n")
	s.say(server, inside, "250 ok\r\n354 go\r\n")
	s.say(client, inside, line)
	if s.d.used == 0 {
		t.Error("nothing is kept")
	}
	s.d.Feed(&event.Event{Conn: 1, Kind: event.Close})
	if s.d.used != 0 {
		t.Errorf("%d octets are kept of a connection that was closed", s.d.used)
	}
}

// No frame has a field that Fields does not name.
func TestFieldsNamesAll(t *testing.T) {
	captures, err := filepath.Glob(capturetest.Dir(t) + "/*/*.pcap*")
	if err != nil {
		t.Fatal(err)
	}
	var every field.Set
	for id := field.ID(1); field.Of(id).Name != ""; id++ {
		every.Add(id)
	}
	have, missing := Fields(), map[string]bool{}
	for _, path := range captures {
		if ext := filepath.Ext(path); ext == ".jsonl" || ext == ".txt" {
			continue
		}
		read(t, path, every, func(f *Frame) {
			for _, n := range f.Tree.Nodes {
				if !have.Has(n.Def.ID) {
					missing[n.Def.Name] = true
				}
			}
		})
	}
	for name := range missing {
		t.Errorf("a frame has %s", name)
	}
}

// Of all headers of a message, the fields that are told are bounded; the next
// one begins anew.
func TestHeaderFieldsAreBounded(t *testing.T) {
	s := newSession(t, opened("smtp"), field.IMFSubject, field.IMFExtensionValue)
	many := strings.Repeat("Subject: a\r\nX: b\r\n", 3000)
	for i, head := range []string{"Content-Type: message/rfc822\r\n" + many, "Subject: c\r\n"} {
		mail := head + "\r\n" + many + "\r\n"
		chunk := fmt.Sprintf("BDAT %d LAST\r\n%s", len(mail), mail)
		s.told.Reset()
		s.say(client, inside, strings.Repeat(chunk, 2))
		told := strings.Count(s.told.String(), "imf.subject=") + strings.Count(s.told.String(), "imf.extension.value=")
		if want := 2 * [...]int{9999, 1}[i]; told != want { // a Content-Type is one of them
			t.Errorf("%d: %d fields were told, not %d", i, told, want)
		}
	}
}

// Only where no message can lie in another one is it said so.
func TestMayNest(t *testing.T) {
	for head, want := range map[string]bool{
		"Content-Type: text/plain\r\nSubject: multipart": false,
		"Content-Type: multipart/mixed":                  true,
		"content-type:\r\n MultiPart/digest":             true,
		"Content-Type: message/rfc822":                   true,
		"Content-Type: mess\rage/rfc822":                 true, // imf.Unfold takes the CR out
		"Content-Type: MULT\u0130PART/mixed":             true, // in small letters an i
		"Content-Type: x-message/a, image/png":           true,
		"Content-Type: image/png; name=\"a/b\"":          false,
		"/":                                              false,
	} {
		if mayNest([]byte(head)) != want {
			t.Errorf("%q: %v", head, !want)
		}
	}
}

// Lines of a header that are no fields are passed over, and values begin where
// tshark has them begin.
func TestOddHeaders(t *testing.T) {
	for _, c := range []struct{ mail, want string }{
		{"From a@b Mon Jan  1\r\nTo: x\r\nSubject: mbox\r\n\r\nSubject: body\r\n", "imf.to=x imf.subject=mbox"},
		{" To: blank\r\nTo: x\r\nno field\r\n\tnor this\r\nSubject: late\r\n", "imf.to=x imf.subject=late"},
		{"To:\r\n x@y\r\nSubject:  \r\n\r\n", "imf.to=x@y imf.subject=  "},
		{"\r\nSubject: body\r\n", ""},
		{"", ""},
	} {
		s := newSession(t, opened("smtp"), field.IMFTo, field.IMFSubject)
		s.say(client, inside, "DATA\r\n")
		s.say(server, inside, "354 go\r\n")
		s.say(client, inside, c.mail+".\r\n")
		s.want(c.want)
	}
	s := newSession(t, opened("smtp"), field.IMF)
	s.say(client, inside, "DATA\r\n")
	s.say(server, inside, "354 go\r\n")
	s.say(client, inside, ".\r\n")
	s.want("") // a dot alone is no message
}

// What servers and clients say otherwise than they should is told as tshark
// tells it.
func TestOddLines(t *testing.T) {
	s := newSession(t, opened("smtp"), field.SMTPReqCommand, field.SMTPReqParameter, field.SMTPResponseCode, field.SMTPRspParameter)
	s.say(server, inside, "220 here\r\r\n")
	s.say(client, inside, "NOOP  two\r\nNOOP\r\nNOOP\r\n")
	s.say(server, inside, "999\todd\r\n250-a\r\nstray\r\n550-b\r\n250 c\r\n2500 x\r\n250 ok\r\n")
	s.want(`smtp.response.code=220 smtp.rsp.parameter=here 
smtp.req.command=NOOP smtp.req.parameter= two smtp.req.command=NOOP smtp.req.command=NOOP 
smtp.response.code=999 smtp.rsp.parameter=odd smtp.response.code=250 smtp.rsp.parameter=a smtp.rsp.parameter=b smtp.rsp.parameter=c smtp.response.code=250 smtp.rsp.parameter=ok`)
	s = newSession(t, opened("pop3"), field.POPRequestCommand, field.POPRequestParameter, field.POPResponseIndicator, field.POPResponseDescription)
	s.say(server, inside, "+OK  here\r\n")
	s.say(client, inside, "USER   a\r\n\r\n X\r\nNOOP \r\n")
	s.say(server, inside, "+OK, yes\r\n-ERR\r\n")
	s.want(`pop.response.indicator=+OK pop.response.description=here 
pop.request.command=USER pop.request.parameter=a pop.request.parameter= X pop.request.command=NOOP 
pop.response.indicator=+OK, pop.response.description=yes pop.response.indicator=-ERR`)
}
