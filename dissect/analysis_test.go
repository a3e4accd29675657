package dissect

import (
	"strings"
	"testing"
	"time"

	"posta/capture"
	"posta/field"
)

// What is said of segments is in test/tshark held against tshark's words; here
// one of each kind stands.
func TestSegmentsAreJudged(t *testing.T) {
	p := newPlain(field.FrameNumber, field.TCPAnalysisRetransmission, field.TCPAnalysisFastRetransmission, field.TCPAnalysisSpuriousRetransmission,
		field.TCPAnalysisOutOfOrder, field.TCPAnalysisLostSegment, field.TCPAnalysisAckLostSegment, field.TCPAnalysisKeepAlive,
		field.TCPAnalysisKeepAliveAck, field.TCPAnalysisDuplicateAckNum, field.TCPAnalysisDuplicateAckFrame, field.TCPAnalysisAcksFrame,
		field.TCPAnalysisAckRtt, field.TCPAnalysisBytesInFlight, field.TCPAnalysisInitialRtt, field.TCPCompleteness, field.TCPConnectionFinActive,
		field.TCPConnectionFinPassive, field.TCPAnalysisReusedPorts)
	p.feed(true, 100, 0, syn, "")
	p.feed(false, 500, 101, syn|ack, "")
	p.feed(true, 101, 501, ack, "")
	p.feed(false, 501, 101, psh|ack, "220 here\r\n")
	p.feed(true, 101, 511, psh|ack, "EHLO x\r\n")
	p.feed(true, 101, 511, psh|ack, "EHLO x\r\n") // once more
	p.feed(false, 511, 109, ack, "")
	p.feed(true, 101, 511, psh|ack, "EHLO x\r\n") // though it was acknowledged
	p.feed(true, 115, 511, psh|ack, "QUIT\r\n")   // 109 is missing
	p.feed(false, 511, 109, ack, "")
	p.feed(false, 511, 109, ack, "")
	p.feed(true, 120, 511, ack, "") // is the other end there?
	p.feed(false, 511, 121, ack, "")
	p.feed(false, 511, 121, 1|ack, "")
	p.feed(true, 121, 512, 1|ack, "")
	p.feed(true, 900, 0, syn, "")
	p.join.End()
	want := `frame.number=1 tcp.completeness=0 (0)
frame.number=2 tcp.completeness=1 tcp.analysis.acks_frame=1 tcp.analysis.ack_rtt=1.000000000 (0)
frame.number=3 tcp.completeness=3 tcp.analysis.acks_frame=2 tcp.analysis.ack_rtt=1.000000000 tcp.analysis.initial_rtt=2.000000000 (0)
frame.number=4 tcp.completeness=7 tcp.analysis.initial_rtt=2.000000000 tcp.analysis.bytes_in_flight=10 (0)
frame.number=5 tcp.completeness=15 tcp.analysis.acks_frame=4 tcp.analysis.ack_rtt=1.000000000 tcp.analysis.initial_rtt=2.000000000 tcp.analysis.bytes_in_flight=8 (0)
frame.number=6 tcp.completeness=15 tcp.analysis.initial_rtt=2.000000000 tcp.analysis.bytes_in_flight=8 tcp.analysis.retransmission= (0)
frame.number=7 tcp.completeness=15 tcp.analysis.acks_frame=5 tcp.analysis.ack_rtt=2.000000000 tcp.analysis.initial_rtt=2.000000000 (0)
frame.number=8 tcp.completeness=15 tcp.analysis.initial_rtt=2.000000000 tcp.analysis.bytes_in_flight=8 tcp.analysis.retransmission= tcp.analysis.spurious_retransmission= (0)
frame.number=10 tcp.completeness=15 tcp.analysis.acks_frame=8 tcp.analysis.ack_rtt=2.000000000 tcp.analysis.initial_rtt=2.000000000 tcp.analysis.duplicate_ack_num=1 tcp.analysis.duplicate_ack_frame=7 (9)
frame.number=11 tcp.completeness=15 tcp.analysis.initial_rtt=2.000000000 tcp.analysis.duplicate_ack_num=2 tcp.analysis.duplicate_ack_frame=7 (9)
frame.number=12 tcp.completeness=15 tcp.analysis.initial_rtt=2.000000000 tcp.analysis.keep_alive= (9)
frame.number=13 tcp.completeness=15 tcp.analysis.acks_frame=9 tcp.analysis.ack_rtt=4.000000000 tcp.analysis.initial_rtt=2.000000000 tcp.analysis.ack_lost_segment= (9)
frame.number=9 tcp.completeness=15 tcp.analysis.initial_rtt=2.000000000 tcp.analysis.lost_segment= (0)
frame.number=14 tcp.completeness=15 tcp.connection.fin_active= (0)
frame.number=15 tcp.completeness=31 tcp.connection.fin_passive= tcp.analysis.acks_frame=14 tcp.analysis.ack_rtt=1.000000000 tcp.analysis.initial_rtt=2.000000000 (0)
frame.number=16 tcp.completeness=1 tcp.analysis.reused_ports= (0)
`
	if got := p.told.String(); got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
}

// What is remembered of segments is bounded, and let go when connections end.
func TestAnalysisIsBounded(t *testing.T) {
	var want field.Set
	want.Add(field.TCPAnalysisBytesInFlight)
	d := New(want, func(*Frame) {})
	j := capture.NewJoiner(sink{d}, capture.Limits{})
	data := segment(true, 1, 1, ack, "RCPT TO:<x@example.net>\r\n")
	for i := range uint32(3 * maxUnacked) {
		data[20+4], data[20+5], data[20+6], data[20+7] = byte(i*25>>24), byte(i*25>>16), byte(i*25>>8), byte(i*25)
		j.Feed(&capture.Packet{Number: i + 1, Time: time.Unix(int64(i), 0), Link: capture.LinkRaw, Data: data, Wire: len(data)})
	}
	if d.unacked != maxUnacked {
		t.Errorf("%d segments are remembered, not %d", d.unacked, maxUnacked)
	}
	j.End()
	if d.unacked != 0 {
		t.Errorf("%d segments are remembered at the end", d.unacked)
	}
}

// What options say is told, however they are cut.
func TestOptions(t *testing.T) {
	for _, one := range []struct{ octets, kinds string }{
		{"", ""}, {"\x01\x00", "1 0"}, {"\x02\x04\x05\xb4\x01\x03\x03\x07", "2 1 3"}, {"\x02", ""}, {"\x02\x01", ""}, {"\x02\x05\x05\xb4", ""}, {"\x01\xff\x02", "1 255"},
	} {
		var kinds []string
		eachOption([]byte(one.octets), func(kind byte, _ int, _ []byte) {
			kinds = append(kinds, string(field.Uint8.Append(nil, field.Uint(uint64(kind)))))
		})
		if got := strings.Join(kinds, " "); got != one.kinds {
			t.Errorf("% x: %s, not %s", one.octets, got, one.kinds)
		}
	}
}
