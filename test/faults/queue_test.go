//go:build whole && linux

package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"posta/store"
	"posta/store/sqldb"
	"posta/test/notes"
)

const (
	queuers  = 8 // who put mail in, and as many who take it out
	elsewhen = 5 // domains
)

// saying writes what happened, a line each, before anything follows from it.
type saying struct {
	mu  sync.Mutex
	out io.Writer
}

func (s *saying) say(what byte, number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "%c %d\n", what, number)
}

// keepQueue puts numbered messages into a store's queue, and claims and settles
// them, until ctx ends. It says "f" when one is filed; "b" before one is
// settled and "d" when it is; "w" when an attempt for it is kept.
func keepQueue(ctx context.Context, s setting, begun func()) error {
	db, err := sqldb.Open(ctx, s.Data, sqldb.Options{OnFatal: func(err error) {
		fmt.Fprintln(os.Stderr, "posta:", err)
		os.Exit(exitStore)
	}})
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(ready{PID: os.Getpid()}); err != nil {
		return err
	}
	begun()
	says := &saying{out: os.Stdout}
	var next atomic.Uint64
	var wait sync.WaitGroup
	errs := make(chan error, 2*queuers)
	for i := range queuers {
		random := rand.New(rand.NewPCG(s.Seed, uint64(i)))
		wait.Go(func() {
			for ctx.Err() == nil {
				l := letter{id: s.Seed<<32 + next.Add(1), size: anySize(random)}
				if err := queueOne(ctx, db, l, random.IntN(elsewhen)); err != nil {
					errs <- err
					return
				}
				says.say('f', l.id)
			}
		})
		wait.Go(func() {
			for ctx.Err() == nil {
				if err := takeSome(ctx, db, random.IntN(elsewhen), says); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wait.Wait()
	close(errs)
	return errors.Join(<-errs, db.Close())
}

func queueOne(ctx context.Context, db *sqldb.DB, l letter, domain int) error {
	d := db.Draft(0)
	defer d.Discard()
	if _, err := d.Write(l.text()); err != nil {
		return err
	}
	now := time.Now()
	return db.File(ctx, store.Filing{ID: l.marker(), Draft: d, Received: now, Out: []store.Outgoing{{Queue: fmt.Sprint(l.id), Sender: "x",
		Prefix: []byte(aPrefix), Received: now, Rcpts: []store.Rcpt{{To: "x@y", Domain: fmt.Sprintf("d%d.test", domain), Due: now,
			Expires: now.Add(time.Hour)}}}}})
}

// aPrefix is what recognise wants to stand before a letter.
const aPrefix = "Return-Path: <>\r\nReceived: here\r\n"

// takeSome claims a few messages of a domain. What was tried less than twice
// waits once more, the others leave.
func takeSome(ctx context.Context, db *sqldb.DB, domain int, says *saying) error {
	items, err := db.Queue().Claim(ctx, store.Claim{Lane: store.Lane{Domain: fmt.Sprintf("d%d.test", domain), Sender: "x"}, Now: time.Now(),
		Until: time.Now().Add(time.Hour), Limit: 1 + domain})
	if err != nil || len(items) == 0 {
		time.Sleep(100 * time.Microsecond) // of a child that is being killed: nothing waits for it
		return err
	}
	var all []store.Settlement
	for _, i := range items {
		s := store.Settlement{Item: i.ID, Token: i.Token, Done: i.Attempts >= 2, Due: time.Now()}
		if !s.Done {
			s.Attempt = &store.Attempt{At: time.Now(), Code: 451}
		} else {
			says.say('b', number(i))
		}
		all = append(all, s)
	}
	if err := db.Queue().Settle(ctx, all...); err != nil {
		return err
	}
	for n, i := range items {
		if all[n].Done {
			says.say('d', number(i))
		} else {
			says.say('w', number(i))
		}
	}
	return nil
}

func number(i store.Item) (n uint64) {
	fmt.Sscan(i.Out.Queue, &n)
	return n
}

// heard is what a child said.
type heard struct {
	mu          sync.Mutex
	filed, gone map[uint64]bool
	begun       map[uint64]bool
	tried       map[uint64]int
}

func (e *heard) listen(h *house) {
	for {
		line, err := h.out.ReadString('\n')
		if err != nil {
			return
		}
		var what string
		var n uint64
		fmt.Sscan(line, &what, &n)
		e.mu.Lock()
		switch what {
		case "f":
			e.filed[n] = true
		case "b":
			e.begun[n] = true
		case "d":
			e.gone[n] = true
		case "w":
			e.tried[n]++
		}
		e.mu.Unlock()
	}
}

func (e *heard) counts() (filed, gone int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.filed), len(e.gone)
}

// check holds a store against what was heard.
func (e *heard) check(t *testing.T, data string) {
	t.Helper()
	db, err := sqldb.Open(t.Context(), data, sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := db.Check(t.Context(), nil)
	if err != nil || len(found) > 0 {
		t.Errorf("the store: %v %v", found, err)
	}
	there := map[uint64]bool{}
	for after := int64(0); ; {
		items, err := db.Queue().Items(t.Context(), store.Pick{After: after})
		if err != nil {
			t.Fatal(err)
		}
		if len(items) == 0 {
			break
		}
		after = items[len(items)-1].ID
		for _, i := range items {
			e.one(t, db, i, there)
		}
	}
	for n := range e.filed {
		if !there[n] && !e.begun[n] {
			t.Errorf("message %d was acknowledged and is lost", n)
		}
	}
}

func (e *heard) one(t *testing.T, db *sqldb.DB, i store.Item, there map[uint64]bool) {
	n := number(i)
	switch {
	case e.gone[n]:
		t.Errorf("message %d is there again", n)
	case there[n]:
		t.Errorf("message %d is there twice", n)
	case i.Attempts < e.tried[n]:
		t.Errorf("message %d has %d attempts, %d were kept", n, i.Attempts, e.tried[n])
	}
	there[n] = true
	c := db.Queue().Content(t.Context(), i.Out)
	defer c.Close()
	text, err := io.ReadAll(c)
	if err != nil {
		t.Error(err)
		return
	}
	if id, err := recognise(text); err != nil || id != n {
		t.Errorf("message %d: %d %v", n, id, err)
	}
}

// Mail for outside that was taken is never lost, what was settled never comes
// back, whether the process is killed or the power goes.
// rfc: 5321-6.1-1
func TestQueueSurvives(t *testing.T) {
	rounds, filings := 4, 1500
	if soak() {
		rounds, filings = 40, 5000
	}
	for _, cut := range []string{"", keepsNone, keepsSome} {
		name := "kill"
		if cut != "" {
			name = "power cut, " + cut + " kept"
		}
		t.Run(name, func(t *testing.T) {
			s := setting{Data: filepath.Join(t.TempDir(), "data"), Queue: true, Cut: cut, Seed: seed(t) % (1 << 20)}
			random := rand.New(rand.NewPCG(s.Seed, 3))
			e := &heard{filed: map[uint64]bool{}, gone: map[uint64]bool{}, begun: map[uint64]bool{}, tried: map[uint64]int{}}
			for round := range rounds {
				s.Seed++
				h := start(t, s)
				over := make(chan struct{})
				go func() {
					defer close(over)
					e.listen(h)
				}()
				for filed := 0; filed < filings*(round+1); filed, _ = e.counts() {
					if !h.running() {
						t.Fatal(h.errors)
					}
					<-time.After(time.Millisecond)
				}
				<-time.After(time.Duration(random.IntN(20_000)) * time.Microsecond)
				if cut == "" {
					h.kill()
				} else if err := h.tell("cut", nil); err != nil {
					t.Fatal(err)
				}
				<-h.ended
				<-over
				if said := h.errors.String(); cut != "" && !strings.Contains(said, "posta.db-wal: ") {
					t.Errorf("no log was open at the cut: %s", said)
				}
				e.check(t, s.Data)
				if t.Failed() {
					t.Fatalf("round %d, FAULTS_SEED=%d", round+1, seed(t))
				}
			}
			filed, gone := e.counts()
			notes.Add(t, "%d messages acknowledged, %d settled, %d ends, 0 lost, 0 back", filed, gone, rounds)
		})
	}
}
