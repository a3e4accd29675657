package dissect

import (
	"strings"
	"testing"

	"posta/field"
)

// putty is what PuTTY says before the first key, as telnet.
const putty = "\xff\xfb\x1f\xff\xfb\x20\xff\xfb\x18\xff\xfb\x27\xff\xfd\x01\xff\xfb\x03\xff\xfd\x03"

// Telnet commands are named, and the command behind them is read, wherever the
// octets are cut.
func TestTelnet(t *testing.T) {
	var want field.Set
	want.Add(field.TelnetCmd, field.TelnetSubcmd, field.SMTPReqCommand, field.SMTPReqParameter, field.SMTPResponseCode, field.POPRequestCommand)
	const options = "telnet.cmd=251 telnet.subcmd=31 telnet.cmd=251 telnet.subcmd=32 telnet.cmd=251 telnet.subcmd=24 telnet.cmd=251 telnet.subcmd=39 " +
		"telnet.cmd=253 telnet.subcmd=1 telnet.cmd=251 telnet.subcmd=3 telnet.cmd=253 telnet.subcmd=3 "
	for _, one := range []struct {
		said []string
		want string
	}{
		{[]string{"S:220 mx\r\n", "C:" + putty + "HELO x\r\n"}, "smtp.response.code=220 " + options + "smtp.req.command=HELO smtp.req.parameter=x "},
		{[]string{"S:220 mx\r\n", "C:HE\xff\xf6LO x\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0\r\n"},
			"smtp.response.code=220 telnet.cmd=246 telnet.cmd=250 telnet.subcmd=31 telnet.cmd=240 smtp.req.command=HELO smtp.req.parameter=x "},
		{[]string{"S:220 mx\r\n", "C:HELP\b\b\bLO x\x7fy\r\n"}, "smtp.response.code=220 smtp.req.command=HLO smtp.req.parameter=y "},
		{[]string{"S:220 mx\r\n", "C:HELO \xff\r\n"}, "smtp.response.code=220 smtp.req.command=HELO smtp.req.parameter=\xff "},
		{[]string{"S:\xff\xfb\x01220 mx\r\n", "C:QUIT\r\n"}, ""},
		{[]string{"S:220 mx\r\n", "C:HELO x\r\n", "S:\xff\xfb\x01250 mx\r\n"},
			"smtp.response.code=220 smtp.req.command=HELO smtp.req.parameter=x telnet.cmd=251 telnet.subcmd=1 smtp.response.code=250 "},
		{[]string{"S:+OK here\r\n", "C:" + putty + "QUIT\r\n"}, options + "pop.request.command=QUIT "},
	} {
		for most := 1; most < 60; most++ {
			if got := heard(want, most, one.said...); got != one.want {
				t.Errorf("%q in runs of %d:\n%q\nnot\n%q", one.said, most, got, one.want)
				break
			}
		}
	}
}

func FuzzTelnet(f *testing.F) {
	f.Add(putty+"HELO x\r\n", 5)
	f.Add("HE\xff\xf6LO\b\x7f\xff\xff\xff\xf0 x\r\n\xff\xfa\xff\xf0\r\n", 2)
	f.Fuzz(func(t *testing.T, said string, most int) {
		if got := heard(Fields(), max(1, most), "S:220 x\r\n", "C:"+said, "S:250 "+said); strings.HasSuffix(got, "are kept") {
			t.Error(got)
		}
	})
}
