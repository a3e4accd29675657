package tlsview

// early is the 0-RTT data that a client may send behind its hello (RFC 8446
// §2.3, §4.2.10), before anybody knows the suite.
type early struct {
	offered bool
	opener  *opener
	seq     uint64
}

// mayBeEarly says that what an end sends may be such data.
func (v *View) mayBeEarly(from End) bool {
	return v.early.offered && v.role(from) == 0 && v.ends[from].level == 0
}

// openEarly opens a record of it, with the suite of an earlier session that
// fits the secret.
func (v *View) openEarly(r *Record) (ok bool) {
	s := v.keys.of(&v.random[0])
	if s == nil || s.early == nil {
		return false
	}
	if v.early.opener != nil {
		return v.early.open(r, v.early.opener)
	}
	for _, id := range []uint16{0x1301, 0x1302, 0x1303} {
		if o := suiteOf(id).opener13(s.early); o != nil && v.early.open(r, o) {
			return true
		}
	}
	return false
}

func (e *early) open(r *Record, o *opener) bool {
	clear, kind, ok := o.open13(r.Octets, e.seq)
	if ok {
		r.Clear, r.Content, e.opener = clear, kind, o
		e.seq++
	}
	return ok
}
