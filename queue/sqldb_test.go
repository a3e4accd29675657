package queue

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"posta/store"
	"posta/store/sqldb"
)

// The same with the store that serves: all is sent or reported, and nothing is
// sent twice.
func TestWithStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := sqldb.Open(t.Context(), t.TempDir(), sqldb.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s := &simulation{Queue: db.Queue(), start: time.Now(), ofHost: map[string]int{}, rand: newRandom(rand.New(rand.NewPCG(1, 1)))}
		s.q = New(Config{Store: s, Resolver: s, Door: s, Sink: s, Hostname: "us.example", Random: rand.New(rand.NewPCG(3, 4)),
			Problem: func(err error) { t.Error(err) }})
		s.q.open = s.dial
		recipients := 0
		for i := range 200 {
			f := store.Filing{ID: fmt.Sprintf("q%d", i), From: "a@us.example", Draft: db.Draft(0), Received: time.Now()}
			_, _ = f.Draft.Write([]byte("Subject: Hi\r\n\r\nHi\r\n"))
			out := store.Outgoing{Queue: f.ID, From: f.From, Sender: fmt.Sprintf("s%d", i%7), Received: f.Received}
			for n := range 1 + i%3 {
				domain := fmt.Sprintf("d%d.example", (i*7+n*3)%100)
				out.Rcpts = append(out.Rcpts, store.Rcpt{To: fmt.Sprintf("r%d@%s", i, domain), Domain: domain, Due: s.start, Expires: s.start.Add(5 * 24 * time.Hour)})
				recipients++
			}
			f.Out = []store.Outgoing{out}
			if err := db.File(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 6*24*time.Hour)
		defer cancel()
		if err := s.q.Run(ctx); err != nil {
			t.Error(err)
		}
		depth, err := s.Depth(t.Context())
		if err != nil || depth.Items != 0 || depth.Messages != 0 || depth.Leased != 0 {
			t.Errorf("%+v, %v", depth, err)
		}
		if s.sent+s.failed != recipients || s.sent < recipients*9/10 || s.failed == 0 {
			t.Errorf("%d sent, %d given up, of %d", s.sent, s.failed, recipients)
		}
	})
}
