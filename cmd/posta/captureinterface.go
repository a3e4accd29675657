package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"posta/capture"
	"posta/capture/nic"
	"posta/event"
	"posta/words"
)

// interfaceFlags are those of `posta capture` that are about network interfaces.
type interfaceFlags struct {
	name  string
	list  bool
	ports []string
	all   bool
}

// shownInterface is what `posta capture --list-interfaces --json` says of one.
type shownInterface struct {
	Name      string   `json:"name"`
	Up        bool     `json:"up"`
	Loopback  bool     `json:"loopback,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
}

func (a *app) listInterfaces() error {
	found, err := nic.Interfaces()
	if err != nil {
		return err
	}
	var all []shownInterface
	for _, one := range found {
		s := shownInterface{Name: one.Name, Up: one.Up, Loopback: one.Loopback}
		for _, addr := range one.Addrs {
			s.Addresses = append(s.Addresses, addr.String())
		}
		all = append(all, s)
	}
	return printAll(a, all, func(w io.Writer) error {
		t := a.table(w, "capture.column_name", "field.state", "capture.column_addresses")
		for _, one := range all {
			state := a.say("capture.down", nil)
			if one.Up {
				state = a.say("capture.up", nil)
			}
			t.row(one.Name, state, strings.Join(one.Addresses, ", "))
		}
		return t.end()
	})
}

// options understands --ports and --all.
func (f *interfaceFlags) options() (nic.Options, error) {
	o := nic.Options{All: f.all}
	for _, text := range f.ports {
		port, err := strconv.ParseUint(strings.TrimSpace(text), 10, 16)
		if err != nil || port == 0 {
			return o, usage(words.Fail("capture.bad_port", words.Args{"Value": text}))
		}
		o.Ports = append(o.Ports, uint16(port))
	}
	switch {
	case o.All && len(o.Ports) > 0:
		return o, usage(words.Fail("capture.ports_and_all", nil))
	case len(o.Ports) > nic.MaxPorts:
		return o, usage(words.Fail("capture.too_many_ports", words.Args{"Most": nic.MaxPorts}))
	case len(o.Ports) == 0:
		o.Ports = nic.MailPorts()
	}
	return o, nil
}

// openInterface begins to listen, or says what is missing for that.
func (a *app) openInterface(f *interfaceFlags) (*nic.Source, error) {
	o, err := f.options()
	if err != nil {
		return nil, err
	}
	source, err := nic.Open(f.name, o)
	switch {
	case err == nil:
		return source, nil
	case errors.Is(err, errors.ErrUnsupported):
		return nil, words.Fail("capture.only_linux", nil)
	case errors.Is(err, os.ErrPermission):
		program, _ := os.Executable()
		return nil, words.Fail("capture.no_capability", words.Args{"Program": cmp.Or(program, "posta")})
	}
	return nil, words.FailOf(err, "capture.no_interface", words.Args{"Name": f.name})
}

// listen takes packets until ctx is done. idle is called in pauses.
func listen(ctx context.Context, source *nic.Source, each func(*capture.Packet) error, idle func()) error {
	var p capture.Packet
	for number := uint32(1); ctx.Err() == nil; {
		ok, err := source.Next(&p, pause)
		if err != nil {
			return words.FailOf(err, "capture.stopped", nil)
		}
		if !ok {
			idle()
			continue
		}
		p.Number = number
		number++
		if err := each(&p); err != nil {
			return err
		}
	}
	return nil
}

// showInterface prints frames as they pass.
func (a *app) showInterface(ctx context.Context, source *nic.Source, filter string) error {
	frames, err := a.newFrameList(framesFlags{filter: filter})
	if err != nil {
		return err
	}
	frames.live = true
	j := capture.NewJoiner(frames, capture.Limits{})
	err = listen(ctx, source, func(p *capture.Packet) error {
		j.Feed(p)
		return frames.failed
	}, func() { frames.idle() })
	j.End()
	err = errors.Join(err, frames.end())
	a.lostPackets(source.Stats())
	return err
}

// writeInterface writes packets as they pass, of conversations that are picked.
func (a *app) writeInterface(ctx context.Context, source *nic.Source, name string, picked *picker, out *captureFile) error {
	w, err := capture.NewWriter(out, "posta "+version)
	if err != nil {
		return enough(ctx, err)
	}
	network, err := w.Interface(capture.Adapter{Name: name, Link: source.Link()})
	if err != nil {
		return enough(ctx, err)
	}
	judge, err := newJudge(out.ring != nil || picked != nil) // what is picked is counted anew
	if err != nil {
		return err
	}
	to := &packetSink{w: w, network: network, judge: judge}
	sink := event.Sink(to)
	if picked != nil {
		picked.to, sink = to, picked
	}
	j := capture.NewJoiner(sink, capture.Limits{})
	each := func(p *capture.Packet) error {
		j.Feed(p)
		to.flush()
		return to.err
	}
	a.captureBegins(out)
	err = listen(ctx, source, each, func() {})
	stats := source.Stats()
	out.dropped = stats.Dropped
	if err == nil {
		err = w.Statistics(network, time.Now(), capture.Statistics{Received: stats.Received, Dropped: stats.Dropped})
	}
	a.lostPackets(stats)
	if errors.Is(err, io.ErrClosedPipe) {
		return nil // the user has enough
	}
	return err
}

// lostPackets tells of those that nobody took in time.
func (a *app) lostPackets(s nic.Stats) {
	if s.Dropped > 0 && !a.json {
		_, _ = fmt.Fprintln(a.Err, a.say("capture.lost", words.Args{"Count": s.Dropped, "Received": s.Received}))
	}
}

// packetSink writes the packets among events, each with what is found in it. One
// belongs to a single capture.
type packetSink struct {
	w       *capture.Writer
	network int
	judge   *judge
	held    capture.Packet // until what it brings about has been judged
	holds   bool
	number  uint32
	err     error
}

// maxRemarks bounds what one packet is told to bear.
const maxRemarks = 64

// Wants takes everything.
func (s *packetSink) Wants(uint64, event.Layer, event.Part) bool { return true }

// Emit takes an event.
func (s *packetSink) Emit(e *event.Event) {
	if e.Kind == event.Packet {
		s.flush()
		s.held.Time, s.held.Wire, s.held.Interface = e.Time, int(e.Len), s.network
		s.held.Data = append(s.held.Data[:0], e.Data...)
		s.holds, s.number = true, e.Packet
	}
	for _, text := range s.judge.hears(e, s.number) {
		if len(s.held.Comments) < maxRemarks {
			s.held.Comments = append(s.held.Comments, text)
		}
	}
}

// flush writes the packet that is held.
func (s *packetSink) flush() {
	if !s.holds {
		return
	}
	if s.err == nil {
		s.err = s.w.Packet(&s.held)
	}
	s.holds, s.held.Comments = false, s.held.Comments[:0]
}
