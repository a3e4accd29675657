package console

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"posta/talk"
	"posta/words"
)

// Options are what a console is given.
type Options struct {
	Protocol string // "smtp" or "pop3"
	TLS      bool   // Dial begins it
	StartTLS bool   // turn it on first thing
	Name     string // what this computer calls itself to servers
	Words    *words.Words
	Editor   Editor
	Color    bool
	Past     []string // what was typed in earlier conversations

	Dial   func(context.Context) (*talk.Tap, error) // its errors are for people
	Secure func(context.Context, *talk.Tap) error   // STARTTLS's handshake; so are its
	Ended  func(error) error                        // explains what ended the connection
	Record func(file string) error                  // writes what has passed as a capture
	Why    func() []string                          // what was said last means this; nil: nobody knows

	Patience time.Duration // how long a reply is waited for before more may be typed; 0: 10 s
}

const (
	patience = 10 * time.Second
	farewell = 2 * time.Second // for the server to close behind its last words
	shown    = 200             // lines of one response that are shown
)

// Console is one conversation. Its methods belong to one goroutine.
type Console struct {
	o       Options
	speaker speaker
	tap     *talk.Tap
	scribe  *talk.Scribe

	typed     chan answer   // what was typed
	asks      chan question // what is to be typed next
	asked     bool          // a question is open
	arrived   chan chunk    // from the network
	more      chan struct{} // the next chunk may be read
	queue     []string      // commands that are typed by the console itself
	rest      []byte        // of the network, no whole line yet
	said      [][]byte      // lines of the response under way
	lines     int           // of it, shown or not
	expect    string        // of it, for the transcript
	half      []byte        // of raw octets sent, no whole line yet
	file      string        // whose content is sent at the next 354
	sentAt    time.Time     // when the last command went out; zero: nothing is waited for
	hint      string        // the one shown last
	hints     bool          //
	helped    bool          // the first hint was shown, with what explains it
	raw       bool          // octets as typed, hex shown
	letter    *letter       // the message being typed
	login     *login        // the exchange under way
	verb      string        // of the command sent last
	secrets   bool          // the transcript holds some
	over      bool          // there is no connection any more
	leaving   bool          // the person said so
	encrypted bool          // STARTTLS has led to TLS
	turned    bool          // the sides have changed: the person answers
	left      bool          // and the server has said QUIT
	failure   error         // what ended the connection, if that was not wanted
	asking    int           // challenges that the transcript captured

	mu   sync.Mutex    // the speaker, while a line is typed: Tab asks it
	done chan struct{} // closed at the end
}

// question is what the editor is to ask.
type question struct {
	prompt   string
	secret   bool
	remember bool
}

// answer is what was typed.
type answer struct {
	line string
	err  error
}

// chunk is what came from the network.
type chunk struct {
	octets []byte
	when   time.Time
	err    error
}

// New makes a console.
func New(o Options) *Console {
	c := &Console{o: o, hints: true, typed: make(chan answer, 1), asks: make(chan question),
		arrived: make(chan chunk, 1), more: make(chan struct{}, 1), done: make(chan struct{})}
	if c.o.Patience == 0 {
		c.o.Patience = patience
	}
	if o.Protocol == "pop3" {
		c.speaker = &pop3Speaker{tls: o.TLS}
	} else {
		c.speaker = &smtpSpeaker{tls: o.TLS, name: o.Name, addresses: addressesIn(o.Past)}
	}
	return c
}

// Transcript gives what was typed and answered so far, to be played again, and
// whether it holds passwords.
func (c *Console) Transcript() (text []byte, secrets bool, err error) {
	if c.scribe == nil {
		return nil, false, errors.New("console: nothing was said")
	}
	text, err = c.scribe.Transcript()
	return text, c.secrets, err
}

// Run talks until the person or the server ends it. The error says what went
// wrong with the connection; a server that closes where it was asked to does
// nothing wrong.
func (c *Console) Run(ctx context.Context) error {
	if err := c.connect(ctx); err != nil {
		return err
	}
	go c.listen()
	go c.read()
	defer close(c.asks)
	defer close(c.done)
	defer func() { _ = c.tap.End("closed by the user") }() // what matters has been said
	c.more <- struct{}{}
	c.wait(ctx)
	if c.o.StartTLS && !c.over {
		c.startFirst(ctx)
	}
	for !c.over && !c.leaving {
		c.step(ctx)
	}
	return c.failure
}

// startFirst turns encryption on before anything is typed, and ends the
// conversation where that does not come about: who asked for it would go on
// unaware.
func (c *Console) startFirst(ctx context.Context) {
	c.startTLS()
	for len(c.queue) > 0 && !c.over && !c.leaving && c.login == nil && c.letter == nil {
		c.step(ctx)
	}
	if !c.encrypted && !c.over && !c.leaving {
		c.over, c.failure = true, words.Fail("talk.no_tls", words.Args{"Address": c.tap.RemoteAddr().String()})
	}
}

func (c *Console) connect(ctx context.Context) (err error) {
	if c.tap, err = c.o.Dial(ctx); err != nil {
		return err
	}
	kind := c.o.Protocol
	if c.o.TLS {
		kind = map[string]string{"smtp": "submissions", "pop3": "pop3s"}[kind]
	}
	c.scribe = talk.NewScribe(c.say("talk.scribe", words.Args{"Address": c.tap.RemoteAddr().String(), "Time": time.Now().Format(time.DateTime)}))
	c.scribe.Do("connect " + kind)
	c.tell("talk.connected", words.Args{"Address": c.tap.RemoteAddr().String()})
	if s, ok := c.tap.TLS(); ok {
		c.tellTLS(s)
	}
	c.sentAt = time.Now()
	return nil
}

func (c *Console) tellTLS(s tls.ConnectionState) {
	c.tell("talk.secured", words.Args{"Version": tls.VersionName(s.Version), "Cipher": tls.CipherSuiteName(s.CipherSuite)})
}

// listen asks the person, one question after the other.
func (c *Console) listen() {
	for q := range c.asks {
		var a answer
		if q.secret {
			a.line, a.err = c.o.Editor.Secret(q.prompt)
		} else {
			a.line, a.err = c.o.Editor.Line(q.prompt, q.remember)
		}
		c.typed <- a
	}
}

// read reads from the network, a chunk each time that it is told to: while TLS
// begins, nobody else may read.
func (c *Console) read() {
	buf := make([]byte, 32<<10)
	for {
		select {
		case <-c.done:
			return
		case <-c.more:
		}
		n, err := c.tap.Read(buf)
		select {
		case <-c.done:
			return
		case c.arrived <- chunk{append([]byte{}, buf[:n]...), time.Now(), err}:
		}
		if err != nil {
			return
		}
	}
}

// step does the next thing that happens.
func (c *Console) step(ctx context.Context) {
	if len(c.queue) > 0 && c.login == nil && c.letter == nil && !c.asked {
		line := c.queue[0]
		c.queue = c.queue[1:]
		c.print("C: " + line)
		c.command(line)
		c.wait(ctx)
		return
	}
	if !c.asked {
		c.asked = true
		c.asks <- c.question()
	}
	select {
	case <-ctx.Done():
		c.leaving, c.failure = true, ctx.Err()
	case in := <-c.arrived:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.hear(ctx, in)
	case a := <-c.typed:
		c.asked = false
		c.take(a)
		c.wait(ctx)
	}
}

// wait hears what the server says to what was sent, before more is typed. A
// server that takes its time is not waited for: its reply is shown when it
// comes.
func (c *Console) wait(ctx context.Context) {
	timer := time.NewTimer(c.o.Patience)
	defer timer.Stop()
	for !c.over && !c.sentAt.IsZero() {
		select {
		case <-ctx.Done():
			c.leaving, c.failure = true, ctx.Err()
			return
		case in := <-c.arrived:
			c.hear(ctx, in)
		case <-timer.C:
			c.tell("talk.no_answer", words.Args{"Wait": c.o.Patience})
			c.sentAt = time.Time{}
		}
	}
	c.tellHint()
}

// question is what to ask now.
func (c *Console) question() question {
	switch {
	case c.login != nil && !c.login.waiting:
		return c.login.question(c)
	case c.letter != nil:
		return question{prompt: "C| "}
	case c.raw:
		return question{prompt: "raw> "}
	}
	return question{prompt: "C: ", remember: true}
}

// take does what was typed.
func (c *Console) take(a answer) {
	switch {
	case a.err != nil:
		c.leave(a.err)
	case c.login != nil && !c.login.waiting:
		c.login.take(c, a.line)
	case c.letter != nil:
		c.write(a.line)
	case c.local(a.line):
	case c.raw:
		c.file = ""
		c.sendRaw(a.line)
	case a.line == "":
		c.hint = "" // who only presses Enter wants to know what to type
	default:
		c.file = "" // what DATA is typed for is typed too
		c.echo(a.line)
		c.command(strings.TrimPrefix(a.line, "//"[:slashes(a.line)]))
	}
}

// slashes is 1 for a line that begins with two: it is sent with one.
func slashes(line string) int {
	if strings.HasPrefix(line, "//") {
		return 1
	}
	return 0
}

// leave ends the conversation from this side: the input is over.
func (c *Console) leave(err error) {
	c.leaving = true
	if !errors.Is(err, io.EOF) {
		c.failure = err
	}
	if c.letter != nil {
		c.tell("talk.unfinished", nil)
	}
}

// echo shows what was typed, where the editor doesn't.
func (c *Console) echo(line string) {
	if !c.o.Editor.Echoes() {
		if at := c.speaker.secret(line); at >= 0 {
			line = line[:at] + "********"
		}
		c.print("C: " + line)
	}
}

// command sends a command.
func (c *Console) command(line string) {
	if c.passAsked(line) {
		return
	}
	if at := c.speaker.secret(line); at >= 0 {
		c.secrets = true
	}
	c.verb, _, _ = strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " ")
	if m := c.speaker.mechanism(line); m != "" {
		c.login = &login{mechanism: m, waiting: true}
	}
	c.speaker.sent([]byte(line))
	c.scribe.Line([]byte(line))
	c.send([]byte(line + "\r\n"))
	if what, n := c.speaker.next(); what == aChunk {
		c.letter = &letter{size: n}
		c.sentAt = time.Time{}
		c.tell("talk.chunk", words.Args{"Size": n})
	}
}

// send writes to the network and begins to wait.
func (c *Console) send(octets []byte) {
	if c.raw {
		c.print(hexdump("C", octets))
	}
	c.sentAt = time.Now()
	if err := c.tap.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
		c.lost(err)
		return
	}
	if _, err := c.tap.Write(octets); err != nil {
		c.lost(err)
	}
}

// lost ends the conversation because the connection has ended.
func (c *Console) lost(err error) {
	if c.over {
		return
	}
	c.over = true
	if c.leaving {
		return
	}
	c.failure = c.o.Ended(err)
}
