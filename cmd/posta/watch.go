package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/dissect"
	"posta/event"
	"posta/filter"
	"posta/story"
	"posta/words"
)

// watchFlags are those of `posta watch`.
type watchFlags struct {
	filter   string
	listener string
	past     bool
	secrets  bool
}

func (a *app) watchCommand() *cobra.Command {
	var f watchFlags
	c := a.command("watch", "help.watch", func(ctx context.Context, args []string) error {
		in := admin.SessionWatch{Listener: f.listener, Past: f.past}
		if len(args) > 0 {
			id, err := a.sessionID(ctx, args[0])
			if err != nil {
				return err
			}
			in.IDs, in.Past = []uint64{id}, true
		}
		return a.watch(ctx, in, f)
	})
	c.Long = a.say("help.watch_long", nil)
	flags := c.Flags()
	flags.StringVar(&f.filter, "filter", "", a.say("help.flag_filter", nil))
	flags.StringVar(&f.listener, "listener", "", a.say("help.flag_listener", nil))
	flags.BoolVar(&f.past, "past", false, a.say("capture.flag_past", nil))
	flags.BoolVar(&f.secrets, "secrets", false, a.say("help.flag_secrets", nil))
	c.Example = "posta watch\nposta watch 1\nposta watch --past --filter smtp\nposta watch --filter 'smtp.response.code >= 400'\n" +
		"posta watch --past --listener smtp --json"
	return a.taking(c, 0, 1, "help.word_id")
}

// watch shows what is said, until the server or the user ends it.
func (a *app) watch(ctx context.Context, in admin.SessionWatch, f watchFlags) error {
	w, err := a.newOnlooker(f)
	if err != nil {
		return err
	}
	client, err := a.server(ctx)
	if err != nil {
		return err
	}
	if !a.json {
		_, _ = fmt.Fprintln(a.Err, w.paint.aside(a.say("watch.waits", nil)))
	}
	err = client.Call(ctx, "session.watch", in, event.NewRecords(w))
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = nil // it was ended by the user
	}
	return errors.Join(err, w.out.Flush())
}

// onlooker writes a line for each exchange. It is a Sink of a server's events.
type onlooker struct {
	a       *app
	secrets bool
	d       *dissect.Dissector
	pairs   *story.Pairs
	matches *filter.Matcher // nil: everything is shown
	out     *bufio.Writer
	paint   paint

	fresh   []told // acts of the event at hand
	matched bool   // the filter holds of its frame
	chosen  map[*story.Act]bool
	shakes  map[uint64]bool // sessions of whose TLS handshake the filter holds, until it is told
}

// told is an act and its session.
type told struct {
	s *story.Session
	a *story.Act
}

func (a *app) newOnlooker(f watchFlags) (*onlooker, error) {
	w := &onlooker{a: a, secrets: f.secrets, out: bufio.NewWriter(a.Out), paint: a.paint(a.Out), chosen: map[*story.Act]bool{}, shakes: map[uint64]bool{}}
	matches, want, err := a.matching(f.filter)
	if err != nil {
		return nil, err
	}
	w.matches = matches
	w.d = dissect.New(want, func(f *dissect.Frame) {
		w.matched = w.matched || w.matches != nil && w.matches.Match(f.Tree)
	})
	w.d.Tell(story.New(story.Options{Out: func(s *story.Session, a *story.Act) { w.fresh = append(w.fresh, told{s, a}) }}))
	w.pairs = story.NewPairs(w.exchange)
	return w, nil
}

// Wants takes all octets.
func (w *onlooker) Wants(uint64, event.Layer, event.Part) bool { return true }

// Emit takes an event. Whether the filter holds is known once its frame was made.
func (w *onlooker) Emit(e *event.Event) {
	w.fresh, w.matched = w.fresh[:0], w.matches == nil
	w.d.Feed(e)
	if opened, ok := e.Fact.(event.Opened); ok && w.matches == nil {
		w.opened(e, opened)
	}
	if e.Kind == event.Data && e.Layer == event.Wire && w.matched {
		w.shakes[e.Conn] = true
	}
	for _, one := range w.fresh {
		if w.matched || one.a.Kind == story.TLS && w.shakes[e.Conn] {
			w.chosen[one.a] = true
		}
		w.pairs.Take(one.s, one.a)
	}
	if e.Kind == event.Secure || e.Kind == event.Close {
		delete(w.shakes, e.Conn)
	}
	_ = w.out.Flush()
}

// exchange writes one, if it was chosen.
func (w *onlooker) exchange(x story.Exchange) {
	if asked, told := w.take(x.Asked), w.take(x.Told); asked || told {
		w.write(&x)
	}
}

func (w *onlooker) take(a *story.Act) bool {
	chosen := a != nil && w.chosen[a]
	delete(w.chosen, a)
	return chosen
}

func (w *onlooker) opened(e *event.Event, o event.Opened) {
	if w.a.json {
		return
	}
	if o.Dialed() {
		w.line(e.Time, e.Conn, w.paint.aside(w.a.say("console.dialed", words.Args{"Remote": o.Peer().String()})))
		return
	}
	w.line(e.Time, e.Conn, w.paint.aside(w.a.say("watch.opened", words.Args{"Listener": o.Listener, "Remote": o.Remote.String()})))
}

func (w *onlooker) line(at time.Time, conn uint64, text string) {
	_, _ = io.WriteString(w.out, w.paint.aside(at.Local().Format("15:04:05.000"))+"  "+w.paint.strong("#"+strconv.FormatUint(conn, 10))+"  "+text+"\n")
}
