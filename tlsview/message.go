package tlsview

// MessageType is the type of a message of the handshake.
type MessageType uint8

// The types that are looked into (RFC 5246 §7.4, RFC 8446 §4).
const (
	TypeClientHello         MessageType = 1
	TypeServerHello         MessageType = 2
	TypeNewSessionTicket    MessageType = 4
	TypeEndOfEarlyData      MessageType = 5
	TypeEncryptedExtensions MessageType = 8
	TypeCertificate         MessageType = 11
	TypeServerKeyExchange   MessageType = 12
	TypeCertificateRequest  MessageType = 13
	TypeCertificateVerify   MessageType = 15
	TypeFinished            MessageType = 20
	TypeKeyUpdate           MessageType = 24
)

// known says that there is such a type; of what is encrypted the first octet
// often is none.
func (t MessageType) known() bool {
	switch {
	case t <= 6, t == TypeEncryptedExtensions, t >= 11 && t <= 16, t >= 20 && t <= 25, t == 67, t == 254:
		return true
	}
	return false
}

// MessageHeader is what stands before a message: type and length.
const MessageHeader = 4

// maxMessage bounds what is kept of a message. Of a longer one nothing is told.
const maxMessage = 1 << 17

// Message is a message of the handshake, or a fragment of one that does not end
// in the same record.
type Message struct {
	Type   MessageType
	Whole  bool
	Octets []byte // with the header; of a fragment those that the record holds
	Off    int    // where they begin in the record's content; -1: put together of several
}

// messages cuts the handshake of one end. It keeps at most one message.
type messages struct {
	part  []byte
	begun bool // one is under way
	left  int  // octets of one that is too long, to be passed over
}

func length(head []byte) int { return int(head[1])<<16 | int(head[2])<<8 | int(head[3]) }

// take reads a record's content. It says false where a message cannot begin
// like that, which is so of what is encrypted.
func (m *messages) take(all []Message, content []byte) ([]Message, bool) {
	for off := 0; off < len(content); {
		rest := content[off:]
		if m.left > 0 {
			n := min(m.left, len(rest))
			m.left -= n
			off += n
			continue
		}
		if !m.begun {
			if !MessageType(rest[0]).known() {
				return all, off > 0
			}
			if len(rest) >= MessageHeader && len(rest) >= MessageHeader+length(rest) {
				n := MessageHeader + length(rest)
				all = append(all, Message{MessageType(rest[0]), true, rest[:n], off})
				off += n
				continue
			}
		}
		n := m.keep(rest)
		all = append(all, Message{MessageType(m.part[0]), false, rest[:n], off})
		off += n
		switch whole := m.size(); {
		case whole > maxMessage:
			m.left, m.part, m.begun = whole-len(m.part), nil, false
		case whole > 0 && len(m.part) == whole:
			all = append(all, Message{MessageType(m.part[0]), true, m.part, -1})
			m.part, m.begun = nil, false
		}
	}
	return all, true
}

// size is the length of the message under way, 0 while its header is not whole.
func (m *messages) size() int {
	if len(m.part) < MessageHeader {
		return 0
	}
	return MessageHeader + length(m.part)
}

// keep adds what of rest belongs to the message under way.
func (m *messages) keep(rest []byte) int {
	m.begun = true
	n := 0
	for m.size() == 0 && n < len(rest) {
		m.part = append(m.part, rest[n])
		n++
	}
	if whole := m.size(); whole > 0 && whole <= maxMessage {
		more := min(whole-len(m.part), len(rest)-n)
		m.part = append(m.part, rest[n:n+more]...)
		n += more
	}
	return n
}
