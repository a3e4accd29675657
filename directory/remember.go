package directory

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// Bounds of what is remembered of log-ins.
const (
	rememberFor = 10 * time.Minute
	rememberMax = 8192 // of each half
)

// remembered knows the log-ins that were right a short while ago, so that a
// program that logs in every minute costs one hash in ten minutes. It keeps no
// password, and nothing from which one could be guessed without this process's
// key: an HMAC over account, credential version and password. A new password
// makes a new version, which nothing kept here fits. Failures are not kept.
type remembered struct {
	key []byte
	now func() time.Time

	mu         sync.Mutex
	young, old map[[sha256.Size]byte]time.Time // until when
}

func newRemembered(now func() time.Time) *remembered {
	key := make([]byte, 32)
	rand.Read(key)
	return &remembered{key: key, now: now, young: map[[sha256.Size]byte]time.Time{}}
}

func (r *remembered) mark(a *Account, password string) (m [sha256.Size]byte) {
	mac := hmac.New(sha256.New, r.key)
	var head [16]byte
	binary.BigEndian.PutUint64(head[:8], uint64(a.ID))
	binary.BigEndian.PutUint64(head[8:], uint64(a.Version))
	mac.Write(head[:])
	mac.Write([]byte(password))
	mac.Sum(m[:0])
	return m
}

func (r *remembered) has(a *Account, password string) bool {
	m := r.mark(a, password)
	r.mu.Lock()
	defer r.mu.Unlock()
	until, ok := r.young[m]
	if !ok {
		until, ok = r.old[m]
	}
	return ok && r.now().Before(until)
}

func (r *remembered) add(a *Account, password string) {
	m := r.mark(a, password)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.young) >= rememberMax {
		r.old, r.young = r.young, map[[sha256.Size]byte]time.Time{}
	}
	r.young[m] = r.now().Add(rememberFor)
}
