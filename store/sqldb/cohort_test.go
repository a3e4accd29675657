package sqldb

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posta/directory"
	"posta/store"
)

// Sessions that all wait for one slow disk share its commits; where it is
// fast, or nobody else is there, nobody waits for company.
func TestCohort(t *testing.T) {
	for name, tt := range map[string]struct {
		commit   time.Duration
		sessions int
		think    time.Duration // between two letters of a session
		batch    float64       // letters, at least
		took     time.Duration // for twenty letters of each, at most
	}{
		"alone":        {2 * time.Millisecond, 1, 0, 1, 20 * 2 * time.Millisecond},
		"together":     {2 * time.Millisecond, 16, 0, 13, 28 * 2 * time.Millisecond},
		"with a pause": {2 * time.Millisecond, 16, 500 * time.Microsecond, 13, 30 * 3 * time.Millisecond},
		"long pauses":  {2 * time.Millisecond, 1, time.Second, 1, 20*1002*time.Millisecond + time.Millisecond},
		"fast disk":    {100 * time.Microsecond, 16, 0, 1, 50 * 100 * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				slow := false
				db, err := Open(t.Context(), dir, Options{Fault: func(op string) error {
					if slow && op == "commit" {
						time.Sleep(tt.commit)
					}
					return nil
				}})
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				account := mailbox(t, db)
				synctest.Wait() // the first sweep
				slow = true
				before, err := db.Stats(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				var wait sync.WaitGroup
				for range tt.sessions {
					wait.Go(func() {
						for range 20 {
							time.Sleep(tt.think)
							d := db.Draft(0)
							if err := db.File(t.Context(), store.Filing{Draft: d, To: []store.Delivery{{Account: account}}}); err != nil {
								t.Error(err)
							}
						}
					})
				}
				wait.Wait()
				took := time.Since(start)
				after, err := db.Stats(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				batch := float64(after.Letters-before.Letters) / float64(after.Batches-before.Batches)
				if batch < tt.batch || took > tt.took {
					t.Errorf("%.1f letters a commit in %v, want %v in %v", batch, took, tt.batch, tt.took)
				}
			})
		})
	}
}

func mailbox(t *testing.T, db *DB) int64 {
	t.Helper()
	d := db.Directory()
	if _, err := d.AddDomain(t.Context(), directory.Domain{Name: "pepito.es"}); err != nil {
		t.Fatal(err)
	}
	a, err := d.AddAccount(t.Context(), directory.Account{Address: "a@pepito.es", Local: "a", Domain: "pepito.es"},
		directory.Credentials{})
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}
