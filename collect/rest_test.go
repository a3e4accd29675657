package collect_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"posta/collect"
	"posta/collect/collecttest"
)

// forgets is a Store that cannot note what became of a visit.
type forgets struct{ collect.Store }

func (forgets) Settle(context.Context, int64, collect.Result, time.Time) error {
	return errors.New("no disk")
}

// An entry whose visit cannot be noted stays due, and its provider is left alone
// for a while all the same.
func TestScheduleRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute-time.Second)
		defer cancel()
		var visits, problems atomic.Int64
		store := forgets{collecttest.New()}
		c := collect.New(collect.Config{Store: store, Problem: func(error) { problems.Add(1) },
			Dial: func(context.Context, string) (net.Conn, error) {
				if visits.Add(1) == 1000 {
					cancel()
				}
				return nil, errors.New("refused")
			}})
		e := atrn()
		e.Every, e.Next = time.Hour, time.Now()
		if _, err := store.AddEntry(ctx, e); err != nil {
			t.Fatal(err)
		}
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
		if n := visits.Load(); n != 10 || problems.Load() != 10 {
			t.Errorf("%d visits in ten minutes, %d problems", n, problems.Load())
		}
	})
}
