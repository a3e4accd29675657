package record

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"posta/event"
)

// told is a Sink that writes down what it is told.
type told struct{ lines []string }

func (t *told) Wants(uint64, event.Layer, event.Part) bool { return true }

func (t *told) Emit(e *event.Event) {
	who := [2]string{"D", "L"}[e.Dir] + [2]string{"wire", ""}[e.Layer]
	switch e.Kind {
	case event.Open:
		t.say("%d open %s", e.Conn, e.Fact.(event.Opened).Listener)
	case event.Data:
		part := [3]string{"", "", " body"}[e.Part]
		if e.Data == nil {
			t.say("%d %s@%d%s %d octets", e.Conn, who, e.Off, part, e.Len)
		} else {
			t.say("%d %s@%d%s %s", e.Conn, who, e.Off, part, short(e.Data))
		}
	case event.Gap:
		t.say("%d %s@%d gap %d", e.Conn, who, e.Off, e.Len)
	case event.Close:
		t.say("%d close", e.Conn)
	case event.Keys:
		t.say("%d keys %s", e.Conn, short(e.Data))
	default:
		t.say("%d %T", e.Conn, e.Fact)
	}
}

func (t *told) say(format string, a ...any) { t.lines = append(t.lines, fmt.Sprintf(format, a...)) }

func short(data []byte) string {
	if n := len(data); n > 40 {
		return fmt.Sprintf("%.2q×%d", data, n)
	}
	return fmt.Sprintf("%q", data)
}

// played is what a ring has of sessions.
func played(t *testing.T, r *Ring, ids ...uint64) string {
	t.Helper()
	var out told
	if err := r.Play(context.Background(), ids, &out); err != nil {
		t.Fatal(err)
	}
	return strings.Join(out.lines, "\n")
}

// peer is a connection: it emits what passes on it.
type peer struct {
	em   event.Emitter
	to   event.Sink
	conn uint64
	at   ends
	told bool // everything, because another watcher wants it
}

func connect(to event.Sink, conn uint64, mode string) *peer {
	p := &peer{em: event.NewEmitter(to, conn), to: to, conn: conn}
	ends := event.Endpoints{Remote: netip.MustParseAddrPort("192.0.2.7:40000"), Local: netip.MustParseAddrPort("192.0.2.1:25")}
	p.em.Fact(event.Open, event.Opened{Endpoints: ends, Protocol: "smtp", Listener: mode, Mode: mode})
	return p
}

func (p *peer) say(d event.Dir, l event.Layer, part event.Part, text string, mask ...event.Span) {
	if p.told || p.to.Wants(p.conn, l, part) {
		p.em.Octets(time.Now(), d, l, part, p.at[d][l], []byte(text), mask)
	}
	p.at[d][l] += int64(len(text))
}

func (p *peer) command(text string, mask ...event.Span) {
	p.say(event.FromDialer, event.Text, event.Command, text, mask...)
}

func (p *peer) reply(text string) { p.say(event.FromListener, event.Text, event.Reply, text) }
func (p *peer) body(text string)  { p.say(event.FromDialer, event.Text, event.Body, text) }
func (p *peer) end(text string) {
	p.em.Mail(time.Now(), event.FromDialer, p.at[event.FromDialer][event.Text], []byte(text), true)
	p.at[event.FromDialer][event.Text] += int64(len(text))
}
func (p *peer) close() { p.em.Fact(event.Close, event.Closed{Reason: "quit"}) }

func lab(o Options) *Ring {
	o.Clear = func(mode string) bool { return mode == "lab" }
	return New(o)
}

// dialogue is one with a secret and a message.
func dialogue(r *Ring, conn uint64, mode string) {
	p := connect(r, conn, mode)
	p.reply("220 hi\r\n")
	p.command("PASS geheim\r\n", event.Span{Off: 5, Len: 6})
	p.em.Fact(event.State, event.Named{Helo: "x"})
	p.command("DATA\r\n")
	p.end("brief\r\n.\r\n")
	p.command("QUIT\r\n")
	p.close()
}

func TestClear(t *testing.T) {
	r := lab(Options{})
	defer r.Close()
	dialogue(r, 1, "lab")
	want := `1 open lab
1 L@0 "220 hi\r\n"
1 D@0 "PASS geheim\r\n"
1 event.Named
1 D@13 "DATA\r\n"
1 D@19 body "brief\r\n.\r\n"
1 D@29 "QUIT\r\n"
1 close`
	if got := played(t, r, 1); got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
}

// A masked session has no secret and no body in the ring, and its places don't
// tell how long the secret was.
func TestMasked(t *testing.T) {
	r := lab(Options{})
	defer r.Close()
	dialogue(r, 1, "strict")
	want := `1 open strict
1 L@0 "220 hi\r\n"
1 D@0 "PASS ********\r\n"
1 event.Named
1 D@15 "DATA\r\n"
1 D@21 body 5 octets
1 D@26 body "\r\n.\r\n"
1 D@31 "QUIT\r\n"
1 close`
	if got := played(t, r, 1); got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
	for _, b := range r.blocks.all {
		if bytes.Contains(b.buf, []byte("geheim")) || bytes.Contains(b.buf, []byte("brief")) {
			t.Error("the ring holds a secret or a body")
		}
	}
}

// Several sessions come in the order in which things happened, and nothing of
// others; open ones, too.
func TestSeveral(t *testing.T) {
	r := lab(Options{})
	defer r.Close()
	a, b, c := connect(r, 1, "lab"), connect(r, 2, "lab"), connect(r, 3, "lab")
	a.command("A\r\n")
	c.command("C\r\n")
	b.command("B\r\n")
	a.command("AA\r\n")
	a.close()
	want := `1 open lab
2 open lab
1 D@0 "A\r\n"
2 D@0 "B\r\n"
1 D@3 "AA\r\n"
1 close`
	if got := played(t, r, 2, 1, 99); got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
	all := r.Sessions()
	if len(all) != 3 || all[0].ID != 1 || all[0].Closed.IsZero() || !all[2].Closed.IsZero() || all[0].Dropped {
		t.Errorf("the sessions are %+v", all)
	}
}

// A session that has its fill keeps the lines behind a large body, and says
// what is missing.
func TestPerSession(t *testing.T) {
	r := lab(Options{PerSession: 100 << 10})
	defer r.Close()
	p := connect(r, 1, "lab")
	for range 3 {
		p.body(strings.Repeat("x", 30<<10))
	}
	p.reply("250 ok\r\n")
	p.command("QUIT\r\n")
	p.close()
	want := `1 open lab
1 D@0 body "xx"×30720
1 D@30720 body "xx"×30720
1 L@0 "250 ok\r\n"
1 D@61440 gap 30720
1 D@92160 "QUIT\r\n"
1 close`
	if got := played(t, r, 1); got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
	if !r.Sessions()[0].Dropped {
		t.Error("the session does not say that something is missing")
	}
	q := connect(r, 2, "lab")
	for range 2000 {
		q.command(strings.Repeat("y", 100) + "\r\n")
		q.em.Fact(event.State, event.Refused{Verb: "YYY", Reply: "500 no"})
	}
	q.close()
	got := played(t, r, 2)
	if r.ended[1].size > 101<<10 || !strings.HasSuffix(got, "\n2 close") || !strings.Contains(got, " gap ") {
		t.Errorf("%d octets are kept of a session of lines: …%.100s", r.ended[1].size, got[max(0, len(got)-100):])
	}
}

// One event with more than a record holds becomes several, with its secrets.
func TestPieces(t *testing.T) {
	r := lab(Options{})
	defer r.Close()
	p := connect(r, 1, "lab")
	p.command(strings.Repeat("x", 70_000), event.Span{Off: 32_760, Len: 16})
	var events []event.Event
	if err := r.Play(t.Context(), []uint64{1}, collect(&events)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events[1:] {
		got = append(got, fmt.Sprint(e.Off, e.Len, len(e.Data), e.Mask))
	}
	if want := "0 32768 32768 [{32760 8}]|32768 32768 32768 [{0 8}]|65536 4464 4464 []"; strings.Join(got, "|") != want {
		t.Errorf("%s, not %s", strings.Join(got, "|"), want)
	}
}

// kept is a Sink that keeps events as they come.
type kept struct{ to *[]event.Event }

func collect(to *[]event.Event) event.Sink                { return kept{to} }
func (c kept) Wants(uint64, event.Layer, event.Part) bool { return true }
func (c kept) Emit(e *event.Event)                        { *c.to = append(*c.to, *e) }

// Where the ring has lost how TLS began, that is told all the same: first the
// clear text before it as a gap, then that TLS is up, then ciphertext, which is
// counted on from that clear text.
func TestLostTLS(t *testing.T) {
	const plain, up = "1 open lab\n1 D@0 gap 10\n1 L@0 gap 5\n", "1 event.Secured\n"
	for _, c := range []struct{ steps, want string }{
		{"t|csUxq", plain + `1 Dwire@10 "hello"` + "\n" + `1 Lwire@5 "hi"` + "\n" + up + `1 D@10 "EHLO\r\n"` + "\n1 close"},
		{"tc|sUxq", plain + `1 Lwire@5 "hi"` + "\n" + up + `1 D@10 "EHLO\r\n"` + "\n1 Dwire@10 gap 5\n1 close"},
		{"tcs|Uxcq", plain + up + `1 D@10 "EHLO\r\n"` + "\n1 Dwire@10 gap 5\n" + `1 Dwire@15 "hello"` + "\n1 Lwire@5 gap 2\n1 close"},
		{"tcsU|xcq", plain + up + `1 D@10 "EHLO\r\n"` + "\n1 Dwire@10 gap 5\n" + `1 Dwire@15 "hello"` + "\n1 Lwire@5 gap 2\n1 close"},
		{"tcsUx|sq", plain + up + "1 Lwire@5 gap 2\n" + `1 Lwire@7 "hi"` + "\n1 Dwire@10 gap 5\n1 D@10 gap 6\n1 close"},
		{"tcsUx|q", plain + up + "1 Dwire@10 gap 5\n1 D@10 gap 6\n1 Lwire@5 gap 2\n1 close"},
		{"tcsUx|", plain + up + "1 Dwire@10 gap 5\n1 D@10 gap 6\n1 Lwire@5 gap 2"},
		{"tcs|q", plain + "1 Dwire@10 gap 5\n1 Lwire@5 gap 2\n1 close"}, // the handshake failed
	} {
		r := lab(Options{Size: 64 << 10})
		p := connect(r, 1, "lab")
		for _, step := range c.steps {
			switch step {
			case 't':
				p.command("STARTTLS\r\n")
				p.reply("220\r\n")
				for d := range p.at {
					p.at[d][event.Wire] = p.at[d][event.Text]
				}
			case 'c':
				p.say(event.FromDialer, event.Wire, event.Command, "hello")
			case 's':
				p.say(event.FromListener, event.Wire, event.Reply, "hi")
			case 'U':
				p.em.Fact(event.Secure, event.Secured{Version: "TLSv1.3"})
			case 'x':
				p.command("EHLO\r\n")
			case 'q':
				p.close()
			case '|': // the ring forgets what came until now
				for i := range uint64(128) {
					q := connect(r, 100+i, "lab")
					q.body(strings.Repeat("x", 1000))
					q.close()
				}
			}
		}
		if got := played(t, r, 1); got != c.want {
			t.Errorf("%s:\n%s\nnot\n%s", c.steps, got, c.want)
		}
		r.Close()
	}
}

// While one plays, others go on; what the ring takes meanwhile is a gap.
func TestPlayWhileWriting(t *testing.T) {
	r := lab(Options{Size: 128 << 10, PerSession: 64 << 10})
	defer r.Close()
	p := connect(r, 1, "lab")
	for range 8 {
		p.body(strings.Repeat("x", 4000))
	}
	var out told
	slow := &pushed{to: &out, each: func() {
		for i := range uint64(100) {
			q := connect(r, 1000+i, "lab")
			q.body(strings.Repeat("y", 4000))
			q.close()
		}
	}}
	p.command("QUIT\r\n")
	p.close()
	if err := r.Play(t.Context(), []uint64{1}, slow); err != nil {
		t.Fatal(err)
	}
	want := "1 open lab\n1 D@0 body \"xx\"×4000\n1 D@4000 body \"xx\"×4000\n1 D@8000 gap 24006" // the block that was being read is whole
	if got := strings.Join(out.lines, "\n"); got != want {
		t.Errorf("it was played\n%s\nnot\n%s", got, want)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for conn := range uint64(300) {
			dialogue(r, 5000+conn, "lab")
		}
	}()
	for range 50 {
		all := r.Sessions()
		ids := make([]uint64, len(all))
		for i := range all {
			ids[i] = all[i].ID
		}
		if err := r.Play(t.Context(), ids, &told{}); err != nil {
			t.Fatal(err)
		}
	}
	<-done
}

// pushed does something before the first event that it passes on.
type pushed struct {
	to   event.Sink
	each func()
}

func (p *pushed) Wants(uint64, event.Layer, event.Part) bool { return true }

func (p *pushed) Emit(e *event.Event) {
	if p.each != nil {
		p.each()
		p.each = nil
	}
	p.to.Emit(e)
}

func TestEnded(t *testing.T) {
	r := lab(Options{})
	dialogue(r, 1, "lab")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Play(ctx, []uint64{1}, &told{}); err == nil {
		t.Error("it plays to nobody")
	}
	r.Close()
	dialogue(r, 2, "lab")
	if all := r.Sessions(); len(all) != 0 || played(t, r, 1) != "" {
		t.Errorf("after its end it has %+v", all)
	}
}
