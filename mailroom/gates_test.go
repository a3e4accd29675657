package mailroom

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"posta/directory"
	"posta/mail"
	"posta/srs"
)

// gates is an Outside and a Callout that a test steers.
type gates struct {
	mu    sync.Mutex
	shut  map[string]*mail.Error // by domain
	known map[string]error       // by address; others do not exist
	notes map[string]string      // the same
	asked []string
	from  []mail.Origin

	busy, most int // questions at a time
}

func (g *gates) Admits(_ context.Context, from mail.Origin, to mail.Address) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.from = append(g.from, from)
	if g.busy++; g.busy > g.most {
		g.most = g.busy
	}
	g.mu.Unlock()
	runtime.Gosched()
	g.mu.Lock()
	g.busy--
	if e := g.shut[to.Domain]; e != nil {
		return e
	}
	return nil
}

func (g *gates) Ask(_ context.Context, _ mail.Origin, host string, env mail.Envelope, to mail.Address) (string, error) {
	g.asked = append(g.asked, fmt.Sprintf("%s %s %s", host, env.From, to))
	if err, ok := g.known[to.String()]; ok {
		return g.notes[to.String()], err
	}
	return "", mail.Refuse(550, "5.1.1", "The next host knows no such user")
}

func (g *gates) AskBehind(ctx context.Context, by mail.Origin, host string, env mail.Envelope, to mail.Address) (string, error) {
	note, err := g.Ask(ctx, by, host, env, to)
	g.asked[len(g.asked)-1] += " behind"
	return note, err
}

// open is a house that sends to others.
func open(t testing.TB, change ...func(*Config)) (*house, *gates) {
	g := &gates{shut: map[string]*mail.Error{}, known: map[string]error{}, notes: map[string]string{}}
	var h *house
	h = newHouse(t, append([]func(*Config){func(c *Config) {
		c.Outside, c.Callout = g, g
		c.SRS = srs.New([]byte("k"), func() time.Time { return h.now })
	}}, change...)...)
	return h, g
}

func (h *house) domain(d directory.Domain) {
	h.t.Helper()
	if _, err := h.rows.AddDomain(h.t.Context(), d); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) forward(address string, keep bool, to ...string) {
	h.t.Helper()
	if err := h.rows.SetForward(h.t.Context(), directory.Forward{Account: h.ids[address], To: to, Keep: keep}); err != nil {
		h.t.Fatal(err)
	}
}

// left shows what leaves, one line a recipient: "from → to orcpt notify".
func (h *house) left() (out []string) {
	for _, o := range h.store.out {
		for _, r := range o.Rcpts {
			out = append(out, strings.TrimSpace(fmt.Sprintf("<%s> %s %s %d", o.From, r.To, r.Orcpt, r.Notify)))
		}
	}
	return out
}

func (h *house) wantLeft(what string, want ...string) {
	h.t.Helper()
	got := h.left()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		h.t.Errorf("%s: left %q\nwant %q", what, got, want)
	}
}
