package collect_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"posta/collect"
	"posta/collect/collecttest"
	"posta/wire/wiretest"
)

// A server that lists a message every few minutes, without an end, is left.
func TestPOP3WithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		c := newCustomer(t, func(nc net.Conn) {
			defer close(ended)
			go func() { _, _ = io.Copy(io.Discard, nc) }()
			_, err := io.WriteString(nc, "+OK\r\n-ERR no CAPA\r\n+OK\r\n+OK\r\n+OK\r\n")
			for n := 1; err == nil && n < 1000; n++ {
				time.Sleep(9 * time.Minute)
				_, err = fmt.Fprintf(nc, "%d 10\r\n", n)
			}
			_ = nc.Close()
		})
		if r := c.once(t, popEntry()); r.Failure != "no answer in time" || r.Took > 25*time.Hour {
			t.Errorf("%+v", r)
		}
		<-ended
	})
}

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

// What was filed is counted with it, also where the visit's end is never noted.
func TestPOP3Counts(t *testing.T) {
	enter := withoutCapa()
	serve := pop(t, enter+oneListed+`
		C: RETR 1
		S: +OK
		S: one
		S: .
		C: QUIT
		S: +OK`)
	store := forgets{collecttest.New()}
	c := collect.New(collect.Config{Store: store, Door: &letterbox{}, Dial: func(context.Context, string) (net.Conn, error) {
		near, far := wiretest.Pipe()
		go serve(far)
		return near, nil
	}})
	e := popEntry()
	e.Keep = true
	e, err := store.AddEntry(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Once(t.Context(), e.ID); err == nil {
		t.Error("its end was noted")
	}
	if e, err = store.Entry(t.Context(), e.ID); err != nil || e.Total != 1 {
		t.Errorf("%+v %v", e, err)
	}
}
