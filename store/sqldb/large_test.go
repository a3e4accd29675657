package sqldb_test

import (
	"sync"
	"testing"
	"time"

	"posta/store"
	"posta/store/sqldb"
)

// Nobody's 250 waits for somebody's 50 MB by more than 100 ms and one fsync. A
// machine that does other things may hold a letter up: best of three.
func TestLargeDelaysNobody(t *testing.T) {
	db := open(t, sqldb.Options{})
	ids := accounts(t, db, 4)
	var worst, allowed time.Duration
	for range 3 {
		quiet := letters(t, db, ids, 300*time.Millisecond, nil)
		done := make(chan struct{})
		var wait sync.WaitGroup
		wait.Go(func() {
			defer close(done)
			d := db.Draft(50 << 20)
			chunk := make([]byte, 32<<10)
			for range 50 << 20 / len(chunk) {
				if _, err := d.Write(chunk); err != nil {
					t.Error(err)
				}
			}
			if err := db.File(t.Context(), store.Filing{ID: "large", Draft: d, To: []store.Delivery{{Account: ids[0]}}}); err != nil {
				t.Error(err)
			}
		})
		worst = letters(t, db, ids, time.Minute, done)
		wait.Wait()
		if allowed = 100*time.Millisecond + quiet; worst <= allowed {
			return
		}
	}
	t.Errorf("a letter took %v beside a large body, allowed are %v", worst, allowed)
}

// letters files small mail from a few sessions and gives the longest wait.
func letters(t *testing.T, db *sqldb.DB, ids []int64, most time.Duration, done <-chan struct{}) time.Duration {
	t.Helper()
	var mu sync.Mutex
	var longest time.Duration
	var wait sync.WaitGroup
	end := time.Now().Add(most)
	for _, id := range ids {
		wait.Go(func() {
			for time.Now().Before(end) {
				select {
				case <-done:
					return
				default:
				}
				before := time.Now()
				deliver(t, db, body, id)
				took := time.Since(before)
				mu.Lock()
				longest = max(longest, took)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return longest
}
