package sqldb_test

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"posta/store"
	"posta/store/sqldb"
)

// queueSize is how many items benchmarks of the queue have: QUEUE_ITEMS, or few.
func queueSize(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("QUEUE_ITEMS"))
	if err != nil {
		n = 20_000
	}
	return max(n, 1000)
}

// bigDomain has half of a queue in one lane; the other half is spread over a
// twentieth of its number of domains.
const bigDomain = "big.example"

func smallDomain(n int) string { return fmt.Sprintf("d%d.example", n) }

// fillQueue queues n items, half of them in one lane and ten to a message.
func fillQueue(b *testing.B, n int, at time.Time) *sqldb.DB {
	b.Helper()
	db := open(b, sqldb.Options{Clock: func() time.Time { return at }})
	began := time.Now()
	var next atomic.Int64
	var wait sync.WaitGroup
	for range 32 {
		wait.Go(func() {
			for i := int(next.Add(1)); i <= n/10; i = int(next.Add(1)) {
				o := store.Outgoing{Queue: fmt.Sprintf("q%09d", i), Sender: "big", From: "ana@b.es", Received: at, Prefix: trace}
				for k := range 10 {
					domain := bigDomain
					if i%2 == 0 {
						domain, o.Sender = smallDomain((i*5+k)%(n/20)), fmt.Sprintf("sender%d", i%97)
					}
					o.Rcpts = append(o.Rcpts, store.Rcpt{To: fmt.Sprintf("r%d-%d@%s", i, k, domain), Domain: domain,
						Due: at.Add(-time.Duration(i*7919%n) * time.Millisecond), Expires: at.Add(time.Hour)})
				}
				d := db.Draft(0)
				d.Write(trace)
				if err := db.File(b.Context(), store.Filing{ID: o.Queue, Draft: d, Received: at, Out: []store.Outgoing{o}}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
	b.Logf("%d items in %v", n, time.Since(began).Round(time.Millisecond))
	return db
}

// What the queue's calls cost with so many items.
func BenchmarkQueue(b *testing.B) {
	n := queueSize(b)
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	db := fillQueue(b, n, at)
	q := db.Queue()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	lane := store.Lane{Domain: bigDomain, Sender: "big"}
	claim := func(c store.Claim) []store.Item {
		c.Until = at.Add(time.Hour)
		items, err := q.Claim(b.Context(), c)
		must(err)
		return items
	}
	run := func(name string, do func()) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				do()
			}
		})
	}
	lanes := func(skip func(store.Lane) bool) func() {
		return func() {
			all, err := q.Lanes(b.Context(), at, skip, 256)
			must(err)
			if len(all) == 0 {
				b.Fatal("no lanes")
			}
		}
	}
	run("lanes", lanes(nil))
	passed := 0
	run("lanes behind 5000 passed over", lanes(func(store.Lane) bool { passed++; return passed%5256 < 5000 }))
	run("next", func() { _, err := q.Next(b.Context()); must(err) })
	run("depth", func() { _, err := q.Depth(b.Context()); must(err) })
	round := func(c store.Claim) func() {
		return func() {
			items := claim(c)
			if len(items) == 0 {
				b.Fatal("nothing to claim")
			}
			must(q.Unclaim(b.Context(), items...))
		}
	}
	run("claim of 100 in the long lane", round(store.Claim{Lane: lane, Now: at, Limit: 100}))
	run("claim of a message in the long lane", round(store.Claim{Lane: lane, Now: at, Limit: 100, Messages: 1}))
	run("claim of all senders", round(store.Claim{Lane: lane, All: true, Limit: 100}))
	leased := claim(store.Claim{Lane: lane, Now: at, Limit: 2000})
	run("claim of 100 behind 2000 leased", round(store.Claim{Lane: lane, Now: at, Limit: 100}))
	run("lanes with 2000 leased", lanes(nil))
	run("next with 2000 leased", func() { _, err := q.Next(b.Context()); must(err) })
	run("wait for 100", func() {
		items := claim(store.Claim{Lane: lane, Now: at, Limit: 100})
		var all []store.Settlement
		for _, i := range items {
			all = append(all, store.Settlement{Item: i.ID, Token: i.Token, Due: at, Attempt: &store.Attempt{At: at, Code: 451, Text: "4.7.1 come again later"}})
		}
		must(q.Settle(b.Context(), all...))
	})
	run("settle a message of 10", func() {
		items := claim(store.Claim{Lane: lane, Now: at, Limit: 10, Messages: 1})
		must(q.Settle(b.Context(), settled(items)...))
	})
	must(q.Unclaim(b.Context(), leased...))
	benchmarkPeople(b, q, n, at, run)
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			found, err := db.Check(b.Context(), nil)
			must(err)
			if len(found) > 0 {
				b.Errorf("found %v", found)
			}
		}
	})
}

func settled(items []store.Item) (all []store.Settlement) {
	for _, i := range items {
		all = append(all, store.Settlement{Item: i.ID, Token: i.Token, Done: true})
	}
	return all
}

// benchmarkPeople measures what administrators and sites ask.
func benchmarkPeople(b *testing.B, q store.Queue, n int, at time.Time, run func(string, func())) {
	last := n / 10 / 2 * 2
	for _, p := range []struct {
		name string
		pick store.Pick
	}{
		{"a page", store.Pick{After: 1_000_000}},
		{"a message", store.Pick{Queue: fmt.Sprintf("q%09d", last)}},
		{"the large domain", store.Pick{Domain: bigDomain}},
		{"a small domain", store.Pick{Domain: smallDomain(n/20 - 1)}},
		{"subdomains", store.Pick{Domain: "@" + smallDomain(n/20-1)}},
		{"an address", store.Pick{To: fmt.Sprintf("r%d-1@%s", last, smallDomain((last*5+1)%(n/20)))}},
		{"an address of the large domain", store.Pick{To: fmt.Sprintf("r%d-1@%s", last-1, bigDomain)}},
		{"a sender", store.Pick{Sender: "sender96"}},
	} {
		run("items of "+p.name, func() {
			items, err := q.Items(b.Context(), p.pick)
			if err != nil || len(items) == 0 {
				b.Fatal(len(items), err)
			}
		})
	}
	now := at
	hurry := func(domain string) func() {
		return func() {
			now = now.Add(-time.Hour) // so that there is something to do each time
			if _, err := q.Hurry(b.Context(), domain, now); err != nil {
				b.Fatal(err)
			}
		}
	}
	run("hurry a small domain", hurry(smallDomain(7)))
	run("hurry subdomains", hurry("@"+smallDomain(7)))
	run("hurry the large domain", hurry(bigDomain))
	run("hold and release 1000", func() {
		for _, c := range []store.Change{store.Hold, store.Release} {
			if _, err := q.Change(b.Context(), store.Pick{Domain: bigDomain, Limit: 1000}, c, at); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// Messages a second that are queued for elsewhere, claimed and settled, by
// sessions that wait for each of both.
func BenchmarkRelay(b *testing.B) {
	for _, domains := range []int{1, 1000} {
		b.Run(fmt.Sprintf("domains=%d", domains), func(b *testing.B) {
			db := open(b, sqldb.Options{})
			q, now := db.Queue(), time.Now()
			before := cpu()
			b.ResetTimer()
			run(b, 64, func(i int) {
				domain := smallDomain(i % domains)
				d := db.Draft(int64(len(body)))
				d.Write(body)
				err := db.File(b.Context(), store.Filing{ID: "queueid00001", Draft: d, Received: now, Out: []store.Outgoing{{Queue: "queueid00001",
					From: "luis@jaramillo.edu.ec", Sender: "jaramillo.edu.ec", Received: now, Prefix: trace,
					Rcpts: []store.Rcpt{{To: "x@" + domain, Domain: domain, Due: now, Expires: now.Add(time.Hour)}}}}})
				if err != nil {
					b.Error(err)
				}
				items, err := q.Claim(b.Context(), store.Claim{Lane: store.Lane{Domain: domain, Sender: "jaramillo.edu.ec"}, Now: now,
					Until: now.Add(time.Hour), Limit: 1})
				if err == nil {
					err = q.Settle(b.Context(), settled(items)...)
				}
				if err != nil {
					b.Error(err)
				}
			})
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
			b.ReportMetric((cpu()-before).Seconds()*1000/float64(b.N), "cpu-s/1000")
		})
	}
}
