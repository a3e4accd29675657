package tlsview

// End is one of the two ends of a connection, 0 or 1, as the caller numbers
// them. Which is the client shows in the hellos.
type End uint8

// View follows TLS on one connection. It belongs to one goroutine.
type View struct {
	keys    *KeyLog
	ends    [2]end
	random  [2][randomLen]byte // of client and server
	logged  [randomLen]byte    // what the keys are logged under: the client's, or that of an earlier session
	suite   *suite
	early   early
	session Session
	record  Record
}

// NewView begins to follow a connection. The KeyLog may be nil, and may learn
// keys later: what comes behind them is opened.
func NewView(keys *KeyLog) *View { return &View{keys: keys} }

// Record is one record. It is lent until the next call.
type Record struct {
	Octets []byte // header and fragment, as on the network
	Split  bool   // they came in several calls, and are no part of the last one's

	// Strange: it is no record. Octets were passed over; the next ones are looked
	// at anew.
	Strange bool

	Type    ContentType
	Version uint16
	Opaque  bool        // of TLS 1.3, whose Type says nothing
	Content ContentType // what it holds as far as that is known, Type otherwise

	Hidden   bool // its content is encrypted, and was not opened
	Opened   bool // it was encrypted, and Clear holds what is inside
	Clear    []byte
	Messages []Message // of a handshake that is not hidden
}

// Fragment is what follows the header.
func (r *Record) Fragment() []byte { return r.Octets[HeaderLen:] }

// Take reads on in what an end sends, to the end of the next record, and says
// how many of the octets it took. Without a record it took all of them.
func (v *View) Take(from End, src []byte) (*Record, int) {
	if len(src) == 0 {
		return nil, 0
	}
	e := &v.ends[from]
	octets, n, split, strange := e.records.take(src)
	if octets == nil {
		return nil, n
	}
	r := &v.record
	clear(r.Messages)
	*r = Record{Octets: octets, Split: split, Strange: strange, Messages: r.Messages[:0]}
	if strange {
		e.lost(int64(len(octets)))
		return r, n
	}
	r.Type, r.Version = ContentType(octets[0]), uint16(octets[1])<<8|uint16(octets[2])
	r.Content = r.Type
	v.read(from, r)
	return r, n
}

// Lost says that octets of an end will not come, n of them; 0 where nobody
// knows how many.
func (v *View) Lost(from End, n int64) { v.ends[from].lost(n) }

// Begun says that a record of an end is under way.
func (v *View) Begun(from End) bool { return len(v.ends[from].records.part) > 0 }

// Held is how many octets are kept: of records and messages that are under way.
func (v *View) Held() (n int) {
	for i := range v.ends {
		n += cap(v.ends[i].records.part) + cap(v.ends[i].messages.part)
	}
	return n
}

// Session is what is known of the connection so far.
func (v *View) Session() *Session { return &v.session }

// read finds out what a record holds.
func (v *View) read(from End, r *Record) {
	e := &v.ends[from]
	if v.hides(e, r) {
		r.Opaque = v.tls13() || v.mayBeEarly(from)
		v.open(from, r)
	} else {
		r.Clear = r.Fragment()
	}
	if r.Type == ChangeCipherSpec && !v.tls13() && v.session.Version != 0 {
		e.changed()
	}
	switch {
	case r.Hidden:
	case r.Content == Handshake:
		v.handshake(from, r)
	case r.Content == Alert && len(r.Clear) == 2:
		v.session.Alerted, v.session.AlertLevel, v.session.Alert = true, r.Clear[0], r.Clear[1]
	}
	if r.Hidden {
		v.session.Hidden++
	} else if r.Opened {
		v.session.Opened++
	}
}

func (v *View) tls13() bool { return v.session.Version >= TLS13 }

// hides says that a record is encrypted: what follows ChangeCipherSpec (RFC 5246
// §7.1), and in TLS 1.3 what says that it is application data (RFC 8446 §5.2).
func (v *View) hides(e *end, r *Record) bool {
	if r.Type == ApplicationData {
		e.encrypted = e.encrypted || v.session.Version != 0 && !v.tls13()
		return true
	}
	return e.encrypted && !v.tls13()
}

// open opens a record, or says why it stays hidden.
func (v *View) open(from End, r *Record) {
	e := &v.ends[from]
	var ok bool
	switch {
	case v.mayBeEarly(from) && v.openEarly(r):
		ok = true
	case v.session.Version == 0:
		v.session.Obstacle = NoHello
	case v.suite == nil:
		v.session.Obstacle = NoSuite
	case v.tls13():
		ok = v.open13(from, r)
	case v.session.Version == TLS12:
		ok = v.open12(from, r)
	default:
		v.session.Obstacle = NoSuite
	}
	if r.Opened, r.Hidden = ok, !ok; ok {
		return
	}
	if !v.mayBeEarly(from) {
		e.miss(1)
	}
}

// role is 0 for the client, 1 for the server.
func (v *View) role(from End) int { return int(from ^ v.session.Client) }

func (v *View) open12(from End, r *Record) bool {
	e := &v.ends[from]
	if e.opener == nil {
		s := v.keys.of(&v.random[0])
		if s == nil || s.master == nil {
			s = v.keys.of(&v.logged)
		}
		if s == nil || s.master == nil {
			v.session.Obstacle = NoKeys
			return false
		}
		e.opener = v.suite.openers12(s.master, v.random[0][:], v.random[1][:])[v.role(from)]
	}
	v.session.Obstacle = Misfit
	return e.search(r, e.seq, func(seq uint64) (ok bool) {
		r.Clear, ok = e.opener.open12(r.Octets, seq)
		return ok
	})
}

func (v *View) open13(from End, r *Record) bool {
	e := &v.ends[from]
	v.session.Obstacle = NoKeys
	for level, first := e.level, e.seq; level <= e.level+1; level, first = level+1, 0 {
		if level > e.level && e.missed == 0 {
			break // nothing was lost that might have changed the key
		}
		o := v.opener13(from, level)
		if o == nil {
			continue
		}
		v.session.Obstacle = Misfit
		if e.search(r, first, func(seq uint64) (ok bool) {
			r.Clear, r.Content, ok = o.open13(r.Octets, seq)
			return ok
		}) {
			if level > e.level {
				seq := e.seq
				v.advance(from)
				e.seq = seq
			}
			return true
		}
		r.Content = r.Type
	}
	return false
}

// opener13 is that of a level, which is the end's or the next one; nil where
// its secret is not known.
func (v *View) opener13(from End, level int) *opener {
	e := &v.ends[from]
	slot := &e.opener
	if level > e.level {
		slot = &e.ahead
	}
	if *slot == nil {
		if secret := v.secret(from, level); secret != nil {
			*slot = v.suite.opener13(secret)
		}
	}
	return *slot
}

// secret is that of a level: 0 is the handshake's, 1 the first of application
// data, and each KeyUpdate makes the next one (RFC 8446 §7.1, §7.2).
func (v *View) secret(from End, level int) []byte {
	e := &v.ends[from]
	s := v.keys.of(&v.random[0])
	switch {
	case s == nil:
		return nil
	case level == 0:
		return s.handshake[v.role(from)]
	case level == 1:
		return s.traffic[v.role(from)]
	case level == e.level:
		return e.secret
	}
	now := v.secret(from, e.level)
	if len(now) != v.suite.hash().Size() {
		return nil
	}
	return v.suite.expand(now, "traffic upd", len(now))
}

// advance goes on with the next key of TLS 1.3.
func (v *View) advance(from End) {
	e := &v.ends[from]
	e.secret = v.secret(from, e.level+1)
	e.level++
	e.opener, e.ahead, e.seq = e.ahead, nil, 0
}
