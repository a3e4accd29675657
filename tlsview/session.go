package tlsview

// Session is what a connection's TLS shows to whoever looks on.
type Session struct {
	Client     End    // which end is the client; a guess while Offered and Version are 0
	Offered    uint16 // the highest version that the client offers; 0: its hello was not seen
	Version    uint16 // chosen by the server; 0: its hello was not seen
	Suite      uint16 // chosen by the server
	ServerName string // the host that the client asks for (RFC 6066 §3)
	ALPN       string // chosen by the server
	Retry      bool   // the server asked for another hello (RFC 8446 §4.1.4)
	Resumed    bool   // an earlier session goes on

	Alerted    bool // an alert was seen in the clear; the last one is
	AlertLevel uint8
	Alert      uint8

	Opened, Hidden int      // records that were encrypted
	Obstacle       Obstacle // why the last hidden one was; of use where Hidden is above 0

	sessionID [randomLen]byte // that the client offers
	sessionOf int
}

// Obstacle is why a record could not be opened.
type Obstacle uint8

const (
	NoHello Obstacle = iota + 1 // the capture begins in the middle, or a hello was lost
	NoSuite                     // the version or the cipher suite is none that can be opened
	NoKeys                      // no secret is known
	Misfit                      // a secret is known, and does not open it
)

// handshake follows the messages of a record.
func (v *View) handshake(from End, r *Record) {
	e := &v.ends[from]
	sure := r.Opened || e.missed == 0 && v.session.Offered|v.session.Version != 0
	if !sure && !e.messages.begun && !whole(r.Clear) {
		r.Hidden, r.Clear = true, nil // what stands behind a ChangeCipherSpec that was not seen
		return
	}
	all, ok := e.messages.take(r.Messages, r.Clear)
	r.Messages = all
	if !ok && !r.Opened {
		r.Hidden, r.Clear = true, nil
		return
	}
	for _, m := range all {
		if m.Whole {
			v.message(from, m)
		}
	}
}

// whole says that a record begins with a message that ends in it, or with the
// hello that makes all sure.
func whole(content []byte) bool {
	return len(content) >= MessageHeader && MessageType(content[0]).known() &&
		(content[0] == byte(TypeClientHello) || MessageHeader+length(content) <= len(content))
}

func (v *View) message(from End, m Message) {
	switch m.Type {
	case TypeClientHello:
		v.clientHello(from, m.Octets)
	case TypeServerHello:
		v.serverHello(from, m.Octets)
	case TypeEncryptedExtensions:
		v.alpn(m.Octets, ReadEncryptedExtensions(m.Octets))
	case TypeNewSessionTicket:
		if !v.tls13() {
			v.ticket(m.Octets)
		}
	case TypeEndOfEarlyData:
		v.early = early{}
	case TypeFinished:
		if v.tls13() && v.ends[from].level == 0 {
			v.advance(from)
		}
	case TypeKeyUpdate:
		if v.tls13() && v.ends[from].level > 0 {
			v.advance(from)
		}
	}
}

func (v *View) clientHello(from End, m []byte) {
	h := ReadClientHello(m)
	if h.Random.Len == 0 {
		return
	}
	s := &v.session
	copy(v.random[0][:], h.Random.Of(m))
	s.Client, s.Offered = from, h.OfferedVersion(m)
	s.sessionOf = copy(s.sessionID[:], h.Session.Of(m))
	if data, ok := h.Extensions.find(m, ExtServerName); ok {
		for name := range data.Names(m) {
			if name.Type == 0 && name.At.Len <= maxName {
				s.ServerName = string(name.At.Of(m))
			}
			break
		}
	}
	_, v.early.offered = h.Extensions.find(m, ExtEarlyData)
	v.logged = v.random[0]
	ticket, _ := h.Extensions.find(m, extSessionTicket)
	for _, at := range []Span{ticket, h.Session} {
		if earlier, ok := v.keys.resumes(at.Of(m)); ok {
			v.logged = earlier
			return
		}
	}
}

// ticket notes that the session may be taken up again (RFC 5077 §3.3).
func (v *View) ticket(m []byte) {
	c := cursorOf(m)
	c.number(4) // ticket_lifetime_hint
	v.keys.resumable(c.vector(2).Of(m), &v.logged)
}

// maxName is the longest name of a host (RFC 1035 §2.3.4).
const maxName = 255

func (v *View) serverHello(from End, m []byte) {
	h := ReadServerHello(m)
	if h.Random.Len == 0 || h.Suites.Len < 2 {
		return
	}
	s := &v.session
	s.Client, s.Version = 1-from, h.ServerVersion(m)
	s.Suite = uint16(m[h.Suites.Off])<<8 | uint16(m[h.Suites.Off+1])
	if h.Retry(m) {
		s.Retry, v.early = true, early{}
		return
	}
	copy(v.random[1][:], h.Random.Of(m))
	v.suite = suiteOf(s.Suite)
	s.Resumed = s.sessionOf > 0 && string(h.Session.Of(m)) == string(s.sessionID[:s.sessionOf])
	if v.tls13() {
		_, s.Resumed = h.Extensions.find(m, extPreSharedKey)
		for i := range v.ends {
			e := &v.ends[i]
			e.level, e.seq, e.missed, e.opener, e.ahead, e.secret, e.encrypted = 0, 0, 0, nil, nil, nil, false
		}
	}
	if !s.Resumed && !v.tls13() {
		v.logged = v.random[0] // the server did not take the earlier session up
		v.keys.resumable(h.Session.Of(m), &v.logged)
	}
	v.alpn(m, h.Extensions)
}

// extSessionTicket is RFC 5077 §3.2's.
const extSessionTicket uint16 = 35

// extPreSharedKey is a ServerHello's where a session goes on (RFC 8446 §4.2.11).
const extPreSharedKey uint16 = 41

func (v *View) alpn(m []byte, e Extensions) {
	if data, ok := e.find(m, ExtALPN); ok {
		for name := range data.Protocols(m) {
			v.session.ALPN = string(name.Of(m))
			break
		}
	}
}
