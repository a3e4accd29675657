package dissect

import (
	"encoding/binary"

	"posta/event"
	"posta/field"
)

// analysed says that a field needs the connection's analysis.
func analysed(id field.ID) bool {
	switch id {
	case field.TCPCompleteness, field.TCPWindowSize, field.TCPWindowSizeScalefactor, field.TCPTimeRelative, field.TCPTimeDelta,
		field.TCPConnectionFinActive, field.TCPConnectionFinPassive:
		return true
	case field.TCPLen:
		return false
	}
	return id >= field.TCPAnalysis && id <= field.TCPAnalysisRtoFrame ||
		id >= field.TCPAnalysisRetransmission && id <= field.TCPAnalysisZeroWindowProbeAck
}

// analyse judges a packet's segment. The packets of a connection come in order,
// also where their frames don't.
func (d *Dissector) analyse(c *conn, p *packet) {
	octets := p.octets
	if len(p.whole) > 0 {
		octets = p.whole
	}
	off := int(p.seg.Transport)
	quoted := p.seg.Marks&event.Quoted != 0
	if off < 0 || off+20 > len(octets) || p.seg.Proto != protoTCP && !quoted {
		return
	}
	if c.analysis == nil {
		c.analysis = newAnalysis(&d.unacked)
	}
	t := octets[off:]
	h := header{
		seq: binary.BigEndian.Uint32(t[4:]), ack: binary.BigEndian.Uint32(t[8:]), size: uint32(p.seg.Len),
		flags: binary.BigEndian.Uint16(t[12:]), window: uint32(binary.BigEndian.Uint16(t[14:])), frame: p.number,
	}
	if !p.time.IsZero() {
		h.time = p.time.UnixNano()
	}
	if quoted {
		p.judged = c.analysis.quoted(&h, p.dir)
		return
	}
	h.base = h.seq - p.seg.Seq
	h.options = parseOptions(t[20:max(20, min(len(t), int(p.seg.Payload)-off))])
	p.judged = c.analysis.take(&h, p.dir, p.seg.Marks&event.PortsReused != 0)
}

// judged puts in what the analysis says of the segment whose header is at off.
func (l *layer) judged(p *packet, off int) {
	j, b := &p.judged, l.b
	syn := l.octets[off+13]&flagSYN != 0
	b.generated(field.TCPCompleteness, field.Uint(uint64(j.complete)))
	l.add(field.TCPWindowSize, field.Uint(uint64(j.window)), off+14, 2)
	if !syn {
		l.add(field.TCPWindowSizeScalefactor, field.Int(int64(j.scale)), off+14, 2)
	}
	b.generated(field.TCPTimeRelative, field.Int(j.since))
	b.generated(field.TCPTimeDelta, field.Int(j.delta))
	if p.seg.Flags&flagFIN != 0 {
		b.present(field.TCPConnectionFinActive, j.active)
		b.present(field.TCPConnectionFinPassive, !j.active)
	}
	if !j.some {
		return
	}
	b.present(field.TCPAnalysis, true)
	if j.acks != 0 {
		b.generated(field.TCPAnalysisAcksFrame, field.Uint(uint64(j.acks)))
		if j.rtt != 0 {
			b.generated(field.TCPAnalysisAckRtt, field.Int(j.rtt))
		}
	}
	if j.initial != 0 {
		b.generated(field.TCPAnalysisInitialRtt, field.Int(j.initial))
	}
	if j.inFlight != 0 {
		b.generated(field.TCPAnalysisBytesInFlight, field.Uint(uint64(j.inFlight)))
		b.generated(field.TCPAnalysisPushBytesSent, field.Uint(uint64(j.pushed)))
	}
	b.verdicts(j)
}

// verdicts puts in the flags of the analysis.
func (b *builder) verdicts(j *judged) {
	if j.flags == 0 {
		return
	}
	b.present(field.TCPAnalysisFlags, true)
	for _, one := range [...]struct {
		flags verdict
		id    field.ID
	}{
		{isReusedPorts, field.TCPAnalysisReusedPorts},
		{isRetransmission | isFastRetransmission | isSpurious, field.TCPAnalysisRetransmission},
		{isFastRetransmission, field.TCPAnalysisFastRetransmission},
		{isSpurious, field.TCPAnalysisSpuriousRetransmission},
		{isOutOfOrder, field.TCPAnalysisOutOfOrder},
		{isLostSegment, field.TCPAnalysisLostSegment},
		{isAckLost, field.TCPAnalysisAckLostSegment},
		{isWindowUpdate, field.TCPAnalysisWindowUpdate},
		{isWindowFull, field.TCPAnalysisWindowFull},
		{isKeepAlive, field.TCPAnalysisKeepAlive},
		{isKeepAliveAck, field.TCPAnalysisKeepAliveAck},
		{isZeroWindowProbe, field.TCPAnalysisZeroWindowProbe},
		{isZeroWindow, field.TCPAnalysisZeroWindow},
		{isZeroWindowProbeAck, field.TCPAnalysisZeroWindowProbeAck},
	} {
		b.present(one.id, j.flags&one.flags != 0)
	}
	if j.flags&isDuplicateAck != 0 {
		for range 2 { // it is a field and a finding of the same name there
			b.present(field.TCPAnalysisDuplicateAck, true)
		}
		b.generated(field.TCPAnalysisDuplicateAckNum, field.Uint(uint64(j.dup)))
		b.generated(field.TCPAnalysisDuplicateAckFrame, field.Uint(uint64(j.dupFrame)))
	}
	if j.flags&isRetransmission != 0 && j.rto != 0 {
		b.generated(field.TCPAnalysisRto, field.Int(j.rto))
		b.generated(field.TCPAnalysisRtoFrame, field.Uint(uint64(j.rtoFrame)))
	}
}

// present puts in a field that has no value, if it is there.
func (b *builder) present(id field.ID, there bool) {
	if there {
		b.generated(id, field.Value{})
	}
}

// nextSeq is the number behind the segment, as tcp.seq counts.
func (p *packet) nextSeq() uint32 {
	n := p.seg.Seq + uint32(p.seg.Len)
	if p.seg.Flags&(flagSYN|flagFIN) != 0 {
		n++
	}
	return n
}

// ackBase is the number that acknowledgements are counted from in a header.
func (p *packet) ackBase(header []byte) uint32 {
	if p.seg.Flags&flagACK == 0 || p.seg.Marks&event.Quoted != 0 {
		return 0
	}
	return binary.BigEndian.Uint32(header[8:]) - p.seg.Ack
}

// connection says where a segment begins or ends a connection.
func (l *layer) connection(p *packet) {
	flags, b := p.seg.Flags, l.b
	b.present(field.TCPConnectionSyn, flags&(flagSYN|flagACK) == flagSYN)
	b.present(field.TCPConnectionSynack, flags&(flagSYN|flagACK) == flagSYN|flagACK)
	b.present(field.TCPConnectionFin, flags&flagFIN != 0)
	b.present(field.TCPConnectionRst, flags&flagRST != 0)
}
