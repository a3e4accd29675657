package dissect

import (
	"testing"

	"posta/field"
)

// After TURN and ATRN the sides are turned: who dialed answers, who listened
// asks (RFC 821 §3.8, RFC 2645 §5.2.2). ETRN turns nothing (RFC 1985).
func TestTurnATRNAndETRN(t *testing.T) {
	var want field.Set
	want.Add(field.SMTPReqCommand, field.SMTPReqParameter, field.SMTPResponseCode, field.SMTPEOM, field.IMFSubject)
	turned := []string{"C:220 client here\r\n", "S:EHLO mx\r\n", "C:250-client\r\n250 SIZE\r\n", "S:MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n",
		"C:250 ok\r\n250 ok\r\n354 go\r\n", "S:Subject: waiting\r\n\r\n250 is no reply here\r\n.\r\n", "C:250 ok\r\n", "S:QUIT\r\n", "C:221 bye\r\n"}
	const after = "smtp.response.code=220 smtp.req.command=EHLO smtp.req.parameter=mx smtp.response.code=250 " +
		"smtp.req.command=MAIL smtp.req.parameter=FROM:<a@b.example> smtp.req.command=RCPT smtp.req.parameter=TO:<c@d.example> smtp.req.command=DATA " +
		"smtp.response.code=250 smtp.response.code=250 smtp.response.code=354 smtp.eom= imf.subject=waiting " +
		"smtp.response.code=250 smtp.req.command=QUIT smtp.response.code=221 "
	before := func(rest ...string) []string {
		return append([]string{"S:220 mx\r\n", "C:EHLO client\r\n", "S:250-mx\r\n250-TURN\r\n250-ATRN\r\n250 ETRN\r\n"}, rest...)
	}
	const greeted = "smtp.response.code=220 smtp.req.command=EHLO smtp.req.parameter=client smtp.response.code=250 "
	for _, one := range []struct {
		said []string
		want string
	}{
		{append(before("C:ATRN d.example\r\n", "S:250 now\r\n"), turned...), greeted + "smtp.req.command=ATRN smtp.req.parameter=d.example smtp.response.code=250 " + after},
		{append(before("C:TURN\r\n", "S:250 now\r\n"), turned...), greeted + "smtp.req.command=TURN smtp.response.code=250 " + after},
		{before("C:ATRN d.example\r\n", "S:453 nothing waits\r\n", "C:QUIT\r\n", "S:221 bye\r\n"),
			greeted + "smtp.req.command=ATRN smtp.req.parameter=d.example smtp.response.code=453 smtp.req.command=QUIT smtp.response.code=221 "},
		{before("C:ETRN d.example\r\n", "S:252 started\r\n", "C:QUIT\r\n", "S:221 bye\r\n"),
			greeted + "smtp.req.command=ETRN smtp.req.parameter=d.example smtp.response.code=252 smtp.req.command=QUIT smtp.response.code=221 "},
	} {
		for most := 1; most < 100; most++ {
			if got := heard(want, most, one.said...); got != one.want {
				t.Errorf("in runs of %d:\n%s\nnot\n%s", most, got, one.want)
				break
			}
		}
	}
}
