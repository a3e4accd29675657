package tlsview

// end is one of the two ends.
type end struct {
	records   records
	messages  messages
	encrypted bool // TLS 1.2 and before: ChangeCipherSpec has passed
	level     int  // TLS 1.3: which key
	seq       uint64
	missed    uint64  // records that may have passed without being counted
	efforts   int     // octets that sequence numbers were tried on
	opener    *opener // of the level; nil until it is needed
	ahead     *opener // of the next one
	secret    []byte  // of the level, from 1 on
}

const (
	// maxMissed is how far sequence numbers are looked for.
	maxMissed = 4096
	// maxEfforts bounds what that costs on one connection, in octets that are
	// tried in vain; each try costs some in itself.
	maxEfforts = 8 << 20
	tryCost    = 1 << 10
	// leastRecord is the shortest that is encrypted: header, type and tag.
	leastRecord = HeaderLen + 1 + 16
)

// lost forgets what is under way.
func (e *end) lost(n int64) {
	e.records, e.messages = records{}, messages{}
	if n <= 0 {
		e.miss(maxMissed)
		return
	}
	e.miss(uint64(n)/leastRecord + 1)
}

// miss counts records that were not opened.
func (e *end) miss(n uint64) { e.missed = min(e.missed+n, maxMissed) }

// changed begins with new keys (RFC 5246 §7.1).
func (e *end) changed() {
	e.encrypted = true
	e.opener, e.seq, e.missed = nil, 0, 0
}

// search opens a record with the first sequence number that fits: the next
// one, and where records were missed those behind it.
func (e *end) search(r *Record, first uint64, open func(seq uint64) bool) bool {
	for seq := first; seq <= first+e.missed; seq++ {
		if open(seq) {
			e.seq, e.missed = seq+1, 0
			return true
		}
		if e.missed > 0 {
			if e.efforts += tryCost + len(r.Octets); e.efforts > maxEfforts {
				return false
			}
		}
	}
	return false
}
