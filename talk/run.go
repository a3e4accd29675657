package talk

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"slices"
	"time"
)

// Host is a server under test.
type Host interface {
	// Dial opens a connection to a listener: smtp, submission, submissions,
	// pop3 or pop3s. TLS is the Runner's affair.
	Dial(kind string) (net.Conn, error)
	// TLS is how the client upgrades.
	TLS() *tls.Config
	// Mailbox gives an account's messages as stored, oldest first.
	Mailbox(address string) ([][]byte, error)
	// Stop tells the server to shut down, and does not wait for it.
	Stop()
	// Close ends the server and frees what it held.
	Close() error
}

// Way is how the client's lines are sent.
type Way string

const (
	Lines Way = "lines" // as written
	Typed Way = "keys"  // octet by octet, with pauses
	Paste Way = "paste" // everything up to the next action at once
)

// Runner plays transcripts.
type Runner struct {
	Build    func(context.Context, Fixture) (Host, error)
	Files    fs.FS         // where @file is looked up
	Patience time.Duration // how long an answer may take; 30 s
	Quiet    time.Duration // how long "silent" listens; 0.1 s
	Key      time.Duration // pause between keys; 5 ms
}

// Play runs a transcript in one way. An *Error says which line failed.
func (r *Runner) Play(ctx context.Context, f *File, way Way) error {
	es, err := compile(f)
	if err != nil {
		return err
	}
	return r.play(ctx, f, inWay(es, way))
}

// Mutants counts the ways in which a transcript's expectations can be altered.
func Mutants(f *File) (int, error) {
	es, err := compile(f)
	n := 0
	for _, e := range es {
		if c, ok := e.op.(check); ok {
			n += len(c.mutants())
		}
	}
	return n, err
}

// ErrSurvived says that a transcript passed although an expectation was altered.
var ErrSurvived = errors.New("the altered expectation was met")

// PlayMutant runs a transcript with its n-th alteration. It must fail there:
// then PlayMutant returns nil.
func (r *Runner) PlayMutant(ctx context.Context, f *File, n int) error {
	es, err := compile(f)
	if err != nil {
		return err
	}
	es = inWay(es, f.Ways()[0])
	at := -1
	for i := range es {
		c, ok := es[i].op.(check)
		if !ok {
			continue
		}
		ms := c.mutants()
		if n < len(ms) {
			at = i
			es[i].op = ms[n]
			break
		}
		n -= len(ms)
	}
	if at < 0 {
		return errors.New("talk: there is no such mutant")
	}
	err = r.play(ctx, f, es)
	var failed *Error
	switch {
	case err == nil:
		return complain(es[at].line, "%v", ErrSurvived)
	case errors.As(err, &failed) && failed.Line == es[at].line:
		return nil
	}
	return fmt.Errorf("altered in line %d, it failed elsewhere: %w", es[at].line, err)
}

func (r *Runner) play(ctx context.Context, f *File, es []entry) (err error) {
	fixture, err := f.Fixture(r.Files)
	if err != nil {
		return err
	}
	host, err := r.Build(ctx, fixture)
	if err != nil {
		return fmt.Errorf("the house could not be built: %w", err)
	}
	p := &player{host: host, files: r.Files, peers: map[string]*peer{}, vars: vars{},
		Patience: orElse(r.Patience, patience), Quiet: orElse(r.Quiet, hush), Key: orElse(r.Key, keyPause)}
	defer func() {
		p.hangUp()
		if e := host.Close(); e != nil && err == nil {
			err = fmt.Errorf("the house did not close: %w", e)
		}
	}()
	for _, e := range es {
		if err := e.op.run(p); err != nil {
			failed := &Error{Line: e.line, Text: err.Error()}
			errors.As(err, &failed.Got)
			return failed
		}
	}
	return p.leftovers(es)
}

func orElse(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}

// player is one run.
type player struct {
	host     Host
	files    fs.FS
	peers    map[string]*peer
	vars     vars
	box      box
	Patience time.Duration
	Quiet    time.Duration
	Key      time.Duration
}

func (p *player) peer(name string) (*peer, error) {
	c := p.peers[name]
	if c == nil {
		return nil, fmt.Errorf("connection %q is not open", name)
	}
	return c, nil
}

// leftovers complains of what the server said beyond the transcript.
func (p *player) leftovers(es []entry) error {
	last := 1
	if len(es) > 0 {
		last = es[len(es)-1].line
	}
	for _, name := range slices.Sorted(maps.Keys(p.peers)) {
		if got, _ := p.peers[name].peek(p.Quiet); len(got) > 0 {
			return complain(last, "at the end of the transcript the server said more on connection %q: %q", name, got)
		}
	}
	return nil
}

func (p *player) hangUp() {
	for _, c := range p.peers {
		c.nc.Close()
	}
}

func (a action) run(p *player) error {
	switch a.verb {
	case "connect":
		return p.connect(a)
	case "wait":
		time.Sleep(a.wait)
		return nil
	case "message":
		return p.box.choose(a.n)
	case "stop":
		p.host.Stop()
		return nil
	}
	c, err := p.peer(a.conn)
	if err != nil {
		return err
	}
	switch a.verb {
	case "tls":
		return c.upgrade(p.host.TLS())
	case "half-close":
		return c.halfClose()
	case "reset":
		delete(p.peers, a.conn)
		return c.reset()
	case "close":
		delete(p.peers, a.conn)
		return c.nc.Close()
	}
	return fmt.Errorf("unknown action %q", a.verb)
}

func (p *player) connect(a action) error {
	if old := p.peers[a.conn]; old != nil {
		old.nc.Close()
	}
	nc, err := p.host.Dial(a.arg)
	if err != nil {
		return err
	}
	c := &peer{nc: nc, raw: nc, patience: p.Patience, pop: a.arg == "pop3" || a.arg == "pop3s"}
	p.peers[a.conn] = c
	if a.arg == "submissions" || a.arg == "pop3s" {
		return c.upgrade(p.host.TLS())
	}
	return nil
}

// sendOp is "C:" with the "C|" behind it.
type sendOp struct {
	conn  string
	parts []payload
	keys  bool
}

func (s *sendOp) run(p *player) error {
	c, err := p.peer(s.conn)
	if err != nil {
		return err
	}
	var out []byte
	for _, b := range s.parts {
		octets, err := s.say(b, p, c)
		if err != nil {
			return err
		}
		out = append(out, octets...)
	}
	if !s.keys {
		return c.write(out)
	}
	for i := range out {
		if err := c.write(out[i : i+1]); err != nil {
			return err
		}
		time.Sleep(p.Key)
	}
	return nil
}

func (s *sendOp) say(b payload, p *player, c *peer) ([]byte, error) {
	if b.bulk() {
		return b.octets(p.files)
	}
	out, err := b.text.expand(p.vars, c.do)
	if err == nil && !b.text.noEOL {
		out = append(out, '\r', '\n')
	}
	return out, err
}
