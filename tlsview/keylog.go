package tlsview

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// The bounds of a KeyLog. Beyond them the oldest make room: of a file that grows
// the newest are wanted.
const (
	maxSessions = 1 << 17
	maxTickets  = 1 << 16
)

// KeyLog holds the secrets of sessions, as browsers and libraries write them
// with SSLKEYLOGFILE (NSS Key Log Format; draft-ietf-tls-keylogfile). It is
// bounded. It belongs to one goroutine.
type KeyLog struct {
	sessions bounded[*secrets]
	// tickets lead from what a session of TLS 1.2 is taken up again with to the
	// client's random that its secret is logged under: some libraries, as Go's,
	// log no secret of the session that takes it up.
	tickets bounded[[randomLen]byte]
}

const randomLen = 32

// secrets are those of one session, found by the client's random.
type secrets struct {
	master    []byte    // TLS 1.2 and before
	early     []byte    // TLS 1.3: of 0-RTT data
	handshake [2][]byte // of the client, of the server
	traffic   [2][]byte
}

// NewKeyLog makes one without a key.
func NewKeyLog() *KeyLog {
	return &KeyLog{newBounded[*secrets](maxSessions), newBounded[[randomLen]byte](maxTickets)}
}

// Sessions is how many sessions' keys there are.
func (k *KeyLog) Sessions() int { return len(k.sessions.entries) }

// Add takes the lines of a text, and says how many of them were keys.
func (k *KeyLog) Add(text []byte) (taken int) {
	for line := range bytes.Lines(text) {
		if k.Line(line) {
			taken++
		}
	}
	return taken
}

// The lengths of secrets: those of the hashes, and of the master secret (RFC
// 5246 §8.1), which is that of the longer one.
const (
	shortSecret = 32
	longSecret  = 48
)

// Line takes a line, and says whether it was a key. Others are comments, or of
// no use here.
func (k *KeyLog) Line(line []byte) bool {
	if len(line) > maxLine {
		return false
	}
	words := bytes.Fields(line)
	if len(words) != 3 || len(words[1]) != 2*randomLen {
		return false
	}
	var random [randomLen]byte
	if _, err := hex.Decode(random[:], words[1]); err != nil {
		return false
	}
	secret, err := hex.DecodeString(string(words[2]))
	if err != nil || len(secret) != shortSecret && len(secret) != longSecret {
		return false
	}
	s := k.sessions.entries[random]
	if s == nil {
		s = &secrets{}
	}
	if !s.put(string(words[0]), secret) {
		return false
	}
	k.sessions.put(random, s)
	return true
}

// maxLine is longer than any line of a key.
const maxLine = 1 << 10

// put takes the secret of a label; of a label that opens nothing here it says
// false.
func (s *secrets) put(label string, secret []byte) bool {
	switch label {
	case "CLIENT_RANDOM":
		s.master = secret
	case "CLIENT_EARLY_TRAFFIC_SECRET":
		s.early = secret
	case "CLIENT_HANDSHAKE_TRAFFIC_SECRET":
		s.handshake[0] = secret
	case "SERVER_HANDSHAKE_TRAFFIC_SECRET":
		s.handshake[1] = secret
	case "CLIENT_TRAFFIC_SECRET_0":
		s.traffic[0] = secret
	case "SERVER_TRAFFIC_SECRET_0":
		s.traffic[1] = secret
	default:
		return false
	}
	return true
}

// of gives a session's secrets, nil where nothing is known of it. A nil KeyLog
// knows none.
func (k *KeyLog) of(random *[randomLen]byte) *secrets {
	if k == nil {
		return nil
	}
	return k.sessions.entries[*random]
}

// resumable notes that a session may be taken up again with a ticket (RFC 5077)
// or a session id.
func (k *KeyLog) resumable(ticket []byte, random *[randomLen]byte) {
	if k != nil && len(ticket) > 0 {
		k.tickets.put(sha256.Sum256(ticket), *random)
	}
}

// resumes gives the random of the session that is taken up with a ticket.
func (k *KeyLog) resumes(ticket []byte) (random [randomLen]byte, ok bool) {
	if k != nil && len(ticket) > 0 {
		random, ok = k.tickets.entries[sha256.Sum256(ticket)]
	}
	return random, ok
}
