package field

import (
	"testing"
	"time"
)

func TestAppendShown(t *testing.T) {
	for _, one := range []struct {
		id   ID
		v    Value
		want string
	}{
		{FrameNumber, Uint(12), "12"},
		{FrameTimeEpoch, Moment(time.Unix(1386338020, 579419000)), "1386338020.579419000"},
		{FrameTime, Moment(time.Unix(1386338020, 579419000)), "Dec  6, 2013 13:53:40.579419000 UTC"},
		{EthDst, Octets([]byte{0, 1, 2, 3, 4, 255}), "00:01:02:03:04:ff"},
		{IPSrc, Octets([]byte{192, 0, 2, 1}), "192.0.2.1"},
		{TCPFlags, Uint(0x18), "0x0018"},
		{IPFlags, Uint(2), "0x02"},
		{IPv6Flow, Uint(0xabcde), "0x0abcde"},
		{TLSRecordVersion, Uint(0x303), "0x0303"},
		{TLSHandshakeExtensionsKeyShareGroup, Uint(29), "29"},
		{TCPFlagsSyn, Truth(true), "1"},
		{TCPFlagsAck, Truth(false), "0"},
		{TCPPayload, Octets([]byte("a\r")), "610d"},
		{SMTPEOM, Value{}, "1"},
		{SMTP, Unit([]byte("x"), 1), "smtp"},
		{SMTPReqCommand, Octets([]byte("RCPT")), "RCPT"},
	} {
		if got := string(Of(one.id).AppendShown(nil, one.v, time.UTC)); got != one.want {
			t.Errorf("%s: %s, not %s", Of(one.id).Name, got, one.want)
		}
	}
}
