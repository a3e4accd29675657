// Package storetest holds the suite that every engine of store passes. It
// knows no engine and no SQL.
//
// Start reading at Run.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"posta/store"
)

// Domain is one that is there when an engine is opened.
const Domain = "pepito.es"

// Engine is what the suite needs of an engine beside its contract.
type Engine interface {
	store.Mail
	store.Maildrops
	store.Confirmations

	// Queue gives the mail that has to leave.
	Queue() store.Queue

	// NewAccount makes an account with an INBOX; quota 0 is no limit.
	NewAccount(t *testing.T, quota int64) int64
	// EndAccount removes an account.
	EndAccount(t *testing.T, id int64)
	// Bodies does all housekeeping and counts the bodies that are kept.
	Bodies(t *testing.T) int
	// Check says what is wrong with the store.
	Check(ctx context.Context, told func(store.Progress)) ([]store.Trouble, error)
}

// Options are how an engine is opened.
type Options struct {
	Clock func() time.Time // for leases
}

// Run holds an engine against the contract. open gives a new and empty one
// that ends with its test.
func Run(t *testing.T, open func(t *testing.T, o Options) Engine) {
	tests := []struct {
		name string
		run  func(*testing.T, *bench)
	}{
		{"sizes", testSizes},
		{"many recipients", testRecipients},
		{"entry", testEntry},
		{"quota", testQuota},
		{"gone", testGone},
		{"uidl", testUIDL},
		{"atomic", testAtomic},
		{"failures alone", testIsolation},
		{"concurrent", testConcurrent},
		{"cancelled", testCancelled},
		{"usage", testUsage},
		{"drafts", testDrafts},
		{"one draft twice", testSharedDraft},
		{"bodies go", testBodies},
		{"expansions", testExpansions},
		{"expansion in one step", testExpansionAtomic},
		{"leases", testLeases},
		{"leases run out", testLeaseTime},
		{"fencing", testFencing},
		{"remove", testRemove},
		{"remove patterns", testRemovePatterns},
		{"remove by an administrator", testRemoveAdmin},
		{"listing", testListing},
		{"reader", testReader},
		{"reader and removal", testReaderGone},
		{"reader's writer fails", testReaderWriter},
		{"queued", testQueued},
		{"queued or not", testQueuedAtomic},
		{"content", testContent},
		{"lanes", testLanes},
		{"turns", testTurns},
		{"claim", testClaim},
		{"claim of messages", testClaimMessages},
		{"claim of a domain", testClaimDomain},
		{"claims at once", testClaimsAtOnce},
		{"leases of items", testItemLeases},
		{"settle", testSettle},
		{"settle with a report", testSettleReport},
		{"settle what is lost", testSettleLost},
		{"story", testStory}, {"story of a round", testStoryBefore},
		{"hurry", testHurry}, {"what broke a connection", testBrokeComesLast},
		{"change", testChange},
		{"asked", testAsked},
		{"leaving", testLeaving},
		{"pick", testPick},
		{"depth", testDepth},
		{"expansion to outside", testExpansionOut},
		{"confirmed", testConfirmed},
		{"confirmed of old", testConfirmedBounds},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &bench{T: t, now: time.Date(2026, 11, 23, 4, 5, 6, 0, time.UTC)}
			b.Engine = open(t, Options{Clock: func() time.Time { return b.now }})
			tt.run(t, b)
			wrong, err := b.Check(b.ctx(), nil)
			b.must(err)
			for _, w := range wrong {
				t.Errorf("left behind: %v", w.What)
			}
		})
	}
}

// bench is an engine on trial, with short ways to use it.
type bench struct {
	*testing.T
	Engine
	now time.Time
}

func (b *bench) ctx() context.Context { return b.Context() }

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) want(err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Errorf("error %v, want %v", err, want)
	}
}

// octets are n octets that no other seed gives.
func octets(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	for i := 0; i+8 <= n; i += 8 {
		v := r.Uint64()
		for j := range 8 {
			b[i+j] = byte(v >> (8 * j))
		}
	}
	return b
}

// draft writes a body in pieces of the size given.
func (b *bench) draft(body []byte, piece int) store.Draft {
	b.Helper()
	d := b.Draft(0)
	for rest := body; len(rest) > 0; {
		n := min(piece, len(rest))
		wrote, err := d.Write(rest[:n])
		if err != nil || wrote != n {
			b.Fatalf("draft took %d of %d octets: %v", wrote, n, err)
		}
		rest = rest[n:]
	}
	if d.Size() != int64(len(body)) {
		b.Errorf("draft of %d octets says %d", len(body), d.Size())
	}
	return d
}

// filing is a small message for the accounts.
func (b *bench) filing(body string, to ...int64) store.Filing {
	b.Helper()
	f := store.Filing{ID: "q1", From: "ana@b.es", Draft: b.draft([]byte(body), 1<<20), Received: b.now}
	for _, id := range to {
		f.To = append(f.To, store.Delivery{Account: id, Prefix: fmt.Appendf(nil, "X-To: %d\r\n", id)})
	}
	return f
}

func (b *bench) file(fs ...store.Filing) {
	b.Helper()
	b.must(b.File(b.ctx(), fs...))
}

func (b *bench) list(id int64) []store.Entry {
	b.Helper()
	es, err := b.List(b.ctx(), id)
	b.must(err)
	return es
}

func (b *bench) count(id int64, want int) {
	b.Helper()
	if n := len(b.list(id)); n != want {
		b.Errorf("account %d has %d messages, want %d", id, n, want)
	}
}

func (b *bench) read(id int64, e store.Entry) []byte {
	b.Helper()
	r := b.Reader(id)
	defer r.Close()
	var out bytes.Buffer
	b.must(r.WriteTo(b.ctx(), &out, e, nil))
	return out.Bytes()
}

// bodies holds the number of bodies kept against what it should be.
func (b *bench) bodies(want int) {
	b.Helper()
	if n := b.Bodies(b.T); n != want {
		b.Errorf("%d bodies are kept, want %d", n, want)
	}
}

func (b *bench) lock(id int64) store.Lease {
	b.Helper()
	l, err := b.Lock(b.ctx(), id, "the test", time.Hour)
	b.must(err)
	return l
}

func uids(es []store.Entry) []uint32 {
	out := make([]uint32, len(es))
	for i, e := range es {
		out[i] = e.UID
	}
	return out
}

// failing is a writer that fails after n octets.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if len(p) > f.left {
		return 0, io.ErrClosedPipe
	}
	f.left -= len(p)
	return len(p), nil
}
