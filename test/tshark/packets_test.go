//go:build whole

package tshark_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"posta/capture"
	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/filter"
)

// packetFields are those of every packet, whatever it carries.
func packetFields() []field.ID {
	return []field.ID{
		field.FrameNumber, field.FrameTime, field.FrameTimeEpoch, field.FrameTimeDelta, field.FrameTimeRelative, field.FrameLen, field.FrameCapLen,
		field.FrameComment,
		field.EthDst, field.EthSrc, field.EthAddr, field.EthType, field.EthLen, field.EthDstLg, field.EthDstIg, field.EthSrcLg, field.EthSrcIg,
		field.EthLg, field.EthIg, field.VLANID, field.VLANPriority, field.VLANDei, field.VLANEtype,
		field.IPVersion, field.IPHdrLen, field.IPDsfield, field.IPDsfieldDscp, field.IPDsfieldEcn, field.IPLen, field.IPID,
		field.IPFlags, field.IPFlagsRb, field.IPFlagsDf, field.IPFlagsMf, field.IPFragOffset, field.IPTTL, field.IPProto, field.IPChecksum,
		field.IPSrc, field.IPDst, field.IPAddr,
		field.IPv6Version, field.IPv6Tclass, field.IPv6TclassDscp, field.IPv6TclassEcn, field.IPv6Flow, field.IPv6Plen, field.IPv6Nxt,
		field.IPv6Hlim, field.IPv6Src, field.IPv6Dst, field.IPv6Addr,
		field.TCPSrcport, field.TCPDstport, field.TCPPort, field.TCPStream, field.TCPLen, field.TCPSeq, field.TCPSeqRaw, field.TCPAck,
		field.TCPAckRaw, field.TCPHdrLen, field.TCPFlags, field.TCPFlagsRes, field.TCPFlagsAe, field.TCPFlagsCwr, field.TCPFlagsEce,
		field.TCPFlagsUrg, field.TCPFlagsAck, field.TCPFlagsPush, field.TCPFlagsReset, field.TCPFlagsSyn, field.TCPFlagsFin,
		field.TCPWindowSizeValue, field.TCPChecksum, field.TCPUrgentPointer, field.TCPOptions, field.TCPPayload, field.TCPNxtseq,
		field.TCPWindowSize, field.TCPWindowSizeScalefactor, field.TCPCompleteness, field.TCPTimeRelative, field.TCPTimeDelta,
		field.TCPConnectionSyn, field.TCPConnectionSynack, field.TCPConnectionFin, field.TCPConnectionRst, field.TCPConnectionFinActive,
		field.TCPConnectionFinPassive,
		field.TCPOptionKind, field.TCPOptionLen, field.TCPOptionsMSSVal, field.TCPOptionsWscaleShift, field.TCPOptionsWscaleMultiplier,
		field.TCPOptionsSackLe, field.TCPOptionsSackRe, field.TCPOptionsSackCount, field.TCPOptionsTimestampTsval,
		field.TCPOptionsTimestampTsecr,
		field.Socks, field.SocksVersion, field.SocksAuthMethodCount, field.SocksAuthMethod, field.SocksAuthAcceptedMethod, field.SocksCommand,
		field.SocksResults, field.SocksReserved, field.SocksAddressType, field.SocksDst, field.SocksDstV6, field.SocksRemoteName, field.SocksV4aDNSName,
		field.SocksPort, field.SocksDstport, field.SocksUsername, field.SocksPassword, field.SocksSubnegotiationVersion, field.SocksAuthStatus,
		field.TCPResetCause, field.TCPUrgentPointerNonZero, field.TCPAckNonzero, field.EthPadding, field.IPSrcHost, field.IPDstHost, field.IPHost,
		field.IPv6SrcHost, field.IPv6DstHost, field.IPv6Host,
		field.TCPAnalysis, field.TCPAnalysisFlags, field.TCPAnalysisDuplicateAck, field.TCPAnalysisDuplicateAckNum,
		field.TCPAnalysisDuplicateAckFrame, field.TCPAnalysisAcksFrame, field.TCPAnalysisBytesInFlight, field.TCPAnalysisPushBytesSent,
		field.TCPAnalysisAckRtt, field.TCPAnalysisInitialRtt, field.TCPAnalysisRto, field.TCPAnalysisRtoFrame,
		field.TCPAnalysisRetransmission, field.TCPAnalysisFastRetransmission, field.TCPAnalysisSpuriousRetransmission,
		field.TCPAnalysisOutOfOrder, field.TCPAnalysisReusedPorts, field.TCPAnalysisLostSegment, field.TCPAnalysisAckLostSegment,
		field.TCPAnalysisWindowUpdate, field.TCPAnalysisWindowFull, field.TCPAnalysisKeepAlive, field.TCPAnalysisKeepAliveAck,
		field.TCPAnalysisZeroWindowProbe, field.TCPAnalysisZeroWindow, field.TCPAnalysisZeroWindowProbeAck,
	}
}

// Every packet of the shared captures has what tshark says of its frame, its
// headers and its place in the stream.
func TestPacketsAreTsharks(t *testing.T) {
	packets := 0
	for _, f := range captureFiles(t) {
		theirs := f.said(t, packetFields())
		ours := packetsOf(t, f.path)
		if len(ours) != len(theirs) {
			t.Errorf("%s: %d packets, not %d", f.name, len(ours), len(theirs))
			continue
		}
		for i, want := range theirs {
			packets++
			for _, id := range packetFields() {
				name := field.Of(id).Name
				if id == field.TCPPayload && f.name == "arkime/socks5-smtp-503.pcap" && len(want[name]) == 2 {
					continue // tshark shows what is inside SOCKS as the payload of another TCP
				}
				if !slices.Equal(ours[i][name], want[name]) {
					t.Errorf("%s, packet %d: %s: tshark %q, posta %q", f.name, i+1, name, want[name], ours[i][name])
				}
			}
		}
	}
	if packets < 2000 {
		t.Errorf("only %d packets were compared", packets)
	}
}

// dissected is an event.Sink over a Dissector.
type dissected struct{ *dissect.Dissector }

func (d dissected) Emit(e *event.Event)                      { d.Feed(e) }
func (dissected) Wants(uint64, event.Layer, event.Part) bool { return true }

// packetsOf gives what posta says of each packet, in the order of their numbers.
func packetsOf(t *testing.T, path string) (packets []map[string][]string) {
	t.Helper()
	return fieldsOf(t, path, packetFields())
}

// fieldsOf gives some fields of each packet, in the order of their numbers.
func fieldsOf(t *testing.T, path string, ids []field.ID) (packets []map[string][]string) {
	t.Helper()
	packets = framesOf(t, path, ids)
	number := field.Of(field.FrameNumber).Name
	slices.SortStableFunc(packets, func(a, b map[string][]string) int {
		i, _ := strconv.Atoi(a[number][0])
		j, _ := strconv.Atoi(b[number][0])
		return i - j
	})
	return packets
}

// framesOf gives some fields of each frame, in the order in which the frames come:
// what was said stands in the order of the stream.
func framesOf(t *testing.T, path string, ids []field.ID) (frames []map[string][]string) {
	t.Helper()
	var want field.Set
	want.Add(field.FrameNumber)
	want.Add(ids...)
	eachFrame(t, path, want, func(f *dissect.Frame) {
		said := map[string][]string{}
		for _, n := range f.Tree.Nodes {
			said[n.Def.Name] = append(said[n.Def.Name], string(n.Def.AppendShown(nil, n.Val, time.UTC)))
		}
		frames = append(frames, said)
	})
	return frames
}

// eachFrame makes the frames of a capture.
func eachFrame(t *testing.T, path string, want field.Set, out func(*dissect.Frame)) {
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
	if err := capture.Read(t.Context(), r, dissected{dissect.New(want, out)}, capture.Limits{}); err != nil {
		t.Logf("%s: %v", path, err)
	}
}

// mailDiffers are captures in which tshark sees mail in other frames, as
// docs/dissection.md tells.
func mailDiffers() []string {
	return []string{"suricata-verify/bug-3616-smtp.pcap", "suricata-verify/smtp-bug-5981.pcap", "suricata-verify/smtp-errors.pcap",
		"zeek/smtp-bdat-gap.pcap"}
}

// Filters of packets find, of all packets of the shared captures, those that
// tshark finds.
func TestPacketFilters(t *testing.T) {
	texts := []string{
		"tcp.flags.syn == 1", "tcp.flags.syn == 1 && tcp.flags.ack == 0", "tcp.flags.reset", "tcp.flags == 0x018", "tcp.flags & 1",
		"tcp.port == 25", "tcp.srcport == 25 or tcp.dstport in {110, 587}", "tcp.len > 0 and tcp.len < 10", "tcp.stream == 0", "tcp.seq == 1",
		"tcp.ack > 1000", "ip.addr == 10.0.0.0/8", "ip.src == 127.0.0.1 and tcp", "ip.ttl < 64", "!(ip.addr == 10.0.0.0/8)", "ipv6", "ipv6.addr == fe80::/10",
		"ip.proto == 6", "eth.addr[0:3] == 00:1f:33", "eth.type == 0x86dd", "vlan", "frame.len > 1000", "frame.number <= 3", "frame.time_delta > 1",
		"frame.time_relative >= 2", "frame contains \"RCPT\"", "tcp contains \"250\"", "ip contains \"MAIL\"", "tcp.payload[0:3] == \"220\"",
		"not tcp", "tcp and not (smtp or pop or imap or imf or tls)", "len(tcp.payload) > 100", "count(ip.addr) > 2", "tcp.hdr_len > 20",
	}
	var parsed []*filter.Filter
	var kept []string
	have := dissect.Fields()
	for _, text := range texts {
		f, err := filter.Parse(text, time.UTC)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		needs, missing := f.Needs(), false
		for id := range needs.All() {
			missing = missing || !have.Has(id)
		}
		if !missing {
			parsed, kept = append(parsed, f), append(kept, text)
		}
	}
	for _, c := range captureFiles(t) {
		answers := c.ask(t, kept)
		for i, f := range parsed {
			if strings.Contains(kept[i], "smtp") && slices.Contains(mailDiffers(), c.name) {
				continue
			}
			m := f.Matcher()
			var got []int
			eachFrame(t, c.path, f.Needs(), func(f *dissect.Frame) {
				if m.Match(f.Tree) {
					got = append(got, int(f.Packet))
				}
			})
			slices.Sort(got)
			if !slices.Equal(got, answers[i]) {
				t.Errorf("%s: %s\n  tshark %s\n  posta  %s", c.name, kept[i], runs(answers[i]), runs(got))
			}
		}
	}
}
