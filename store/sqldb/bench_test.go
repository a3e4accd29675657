package sqldb_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"posta/directory"
	"posta/store"
	"posta/store/sqldb"
)

// accounts makes a domain with n accounts and gives their ids.
func accounts(t testing.TB, db *sqldb.DB, n int) []int64 {
	t.Helper()
	d := db.Directory()
	if _, err := d.AddDomain(t.Context(), directory.Domain{Name: "pepito.es"}); err != nil {
		t.Fatal(err)
	}
	ids := make([]int64, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			local := fmt.Sprintf("a%d", i)
			a, err := d.AddAccount(t.Context(), directory.Account{Address: local + "@pepito.es", Local: local,
				Domain: "pepito.es"}, directory.Credentials{})
			if err != nil {
				t.Error(err)
			}
			ids[i] = a.ID
		})
	}
	wait.Wait()
	return ids
}

func deliver(t testing.TB, db *sqldb.DB, body []byte, to ...int64) {
	t.Helper()
	d := db.Draft(int64(len(body)))
	d.Write(body)
	f := store.Filing{ID: "queueid00001", From: "luis@jaramillo.edu.ec", Draft: d, Received: time.Now()}
	for _, id := range to {
		f.To = append(f.To, store.Delivery{Account: id, Prefix: trace})
	}
	if err := db.File(t.Context(), f); err != nil {
		t.Error(err)
	}
}

var (
	trace = bytes.Repeat([]byte("Received: from here by there with ESMTP\r\n"), 8)
	body  = bytes.Repeat([]byte("0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWX\r\n"), 64)
)

// Deliveries a second of 4 KiB bodies, by sessions that wait for each.
func BenchmarkFile(b *testing.B) { benchmarkFile(b, sqldb.Options{}) }

// The same where a COMMIT takes 2 ms more, as on a plain disk.
func BenchmarkFileSlow(b *testing.B) {
	benchmarkFile(b, sqldb.Options{Fault: func(op string) error {
		if op == "commit" {
			time.Sleep(2 * time.Millisecond)
		}
		return nil
	}})
}

func benchmarkFile(b *testing.B, o sqldb.Options) {
	for _, sessions := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) {
			db := open(b, o)
			ids := accounts(b, db, 100)
			before := cpu()
			b.ResetTimer()
			run(b, sessions, func(i int) { deliver(b, db, body, ids[i%len(ids)]) })
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
			b.ReportMetric((cpu()-before).Seconds()*1000/float64(b.N), "cpu-s/1000")
			s, err := db.Stats(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(s.Letters)/float64(s.Batches), "msg/batch")
			b.ReportMetric(float64(s.Commit.Microseconds()), "commit-µs")
		})
	}
}

// run spreads b.N calls over so many goroutines.
func run(b *testing.B, n int, fn func(i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range n {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= b.N {
					return
				}
				fn(i)
			}
		})
	}
	wait.Wait()
}

// fill puts n messages into the one account of a new store.
func fill(b *testing.B, n int) (*sqldb.DB, int64) {
	b.Helper()
	db := open(b, sqldb.Options{})
	id := accounts(b, db, 1)[0]
	var next atomic.Int64
	var wait sync.WaitGroup
	for range 64 {
		wait.Go(func() {
			for next.Add(1) <= int64(n) {
				deliver(b, db, body, id)
			}
		})
	}
	wait.Wait()
	return db, id
}

const full = 10_000

func BenchmarkList(b *testing.B) {
	db, id := fill(b, full)
	b.Run("warm", func(b *testing.B) {
		for b.Loop() {
			list(b, db, id)
		}
	})
	b.Run("grown", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			deliver(b, db, body, id)
			b.StartTimer()
			list(b, db, id)
		}
	})
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			db.Forget()
			b.StartTimer()
			list(b, db, id)
		}
	})
}

func list(b *testing.B, db *sqldb.DB, id int64) []store.Entry {
	entries, err := db.List(b.Context(), id)
	if err != nil || len(entries) < full {
		b.Fatal(len(entries), err)
	}
	return entries
}

func BenchmarkRetrieve(b *testing.B) {
	db, id := fill(b, full)
	entries := list(b, db, id)
	for _, clients := range []int{1, 8} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			before := cpu()
			for b.Loop() {
				var wait sync.WaitGroup
				for range clients {
					wait.Go(func() {
						r := db.Reader(id)
						defer r.Close()
						for i, e := range entries {
							if err := r.WriteTo(b.Context(), io.Discard, e, entries[i+1:]); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wait.Wait()
			}
			b.ReportMetric(float64(b.N*clients*full)/b.Elapsed().Seconds(), "msg/s")
			b.ReportMetric((cpu()-before).Seconds()*1000/float64(b.N*clients*full), "cpu-s/1000")
		})
	}
}

func BenchmarkRemove(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		db, id := fill(b, full)
		uids := make([]uint32, 0, full)
		for _, e := range list(b, db, id) {
			uids = append(uids, e.UID)
		}
		runtime.GC()
		b.StartTimer()
		if err := db.Remove(b.Context(), store.Lease{Account: id}, uids); err != nil {
			b.Fatal(err)
		}
	}
}
