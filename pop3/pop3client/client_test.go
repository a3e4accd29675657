package pop3client

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/event"
	"posta/pop3"
	"posta/wire"
	"posta/wire/wiretest"
)

// against plays a script against a client, and gives what the client's use gave.
func against(t *testing.T, script string, o Options, use func(context.Context, *Client) error) error {
	t.Helper()
	near, played := wiretest.Play(script, nil)
	c := New(near, o)
	err := c.Greeting(t.Context())
	if err == nil {
		err = use(t.Context(), c)
	}
	_ = c.Close("done")
	if e := <-played; e != nil {
		t.Errorf("the server: %v (the client: %v)", e, err)
	}
	return err
}

// rfc: 1939-3-4, 1939-4-1, 1939-5-1, 1939-7.USER-2, 1939-7.USER-3, 1939-9-1, 2449-8-1
func TestFetch(t *testing.T) {
	const script = `
		S: +OK hello
		C: CAPA
		S: +OK
		S: USER
		S: UIDL
		S: .
		C: USER pepe
		S: +OK
		C: PASS geh eim
		S: +OK
		C: STAT
		S: +OK 2 320 octets
		C: LIST
		S: +OK 9 messages, or so
		S: 1 120
		S: 2 200
		S: .
		C: UIDL
		S: +OK
		S: 1 .a
		S: 2 b
		S: .
		C: RETR 1
		S: +OK
		S: Subject: x
		S:
		S: ..dot
		S: .
		C: TOP 2 0
		S: +OK
		S: Subject: y
		S: .
		C: DELE 1
		S: +OK
		C: DELE 1
		S: -ERR [SYS/TEMP] later
		C: QUIT
		S: +OK bye
		closed`
	w := &watcher{}
	err := against(t, script, Options{ID: 1, Sink: w}, func(ctx context.Context, c *Client) error {
		if weak, err := c.Weak(ctx, Account{}); !weak || err != nil {
			t.Error(weak, err)
		}
		if err := c.Login(ctx, Account{User: "pepe", Password: "geh eim"}); err != nil {
			return err
		}
		if d, err := c.Stat(ctx); d != (pop3.Drop{Messages: 2, Octets: 320}) || err != nil {
			t.Error(d, err)
		}
		if l, err := c.List(ctx); !slices.Equal(l, []pop3.Scan{{Message: 1, Octets: 120}, {Message: 2, Octets: 200}}) || err != nil {
			t.Error(l, err)
		}
		if l, err := c.UIDL(ctx); !slices.Equal(l, []pop3.Unique{{Message: 1, ID: ".a"}, {Message: 2, ID: "b"}}) || err != nil {
			t.Error(l, err)
		}
		var b strings.Builder
		if n, err := c.Retr(ctx, 1, &b, 0); n != int64(b.Len()) || b.String() != "Subject: x\r\n\r\n.dot\r\n" || err != nil {
			t.Errorf("%q, %v", b.String(), err)
		}
		b.Reset()
		if _, err := c.Top(ctx, 2, 0, &b); b.String() != "Subject: y\r\n" || err != nil {
			t.Errorf("%q, %v", b.String(), err)
		}
		if err := c.Dele(ctx, 1); err != nil {
			t.Error(err)
		}
		var refusal *Refusal
		if err := c.Dele(ctx, 1); !errors.As(err, &refusal) || refusal.Code != "SYS/TEMP" || refusal.Text != "later" || !refusal.Temporary() {
			t.Error(err)
		}
		return c.Quit(ctx)
	})
	if err != nil {
		t.Error(err)
	}
	if s := w.text.String(); strings.Contains(s, "geh") || !strings.Contains(s, "C PASS ********\r\nS +OK\r\n") {
		t.Error(s)
	}
}

// Each server gets the best way that it has.
// rfc: 2449-7-1, 5034-3-1, 5034-3-2, 5034-4-1, 1939-7.USER-2
func TestWays(t *testing.T) {
	const stamp = "S: +OK <1896.697170952@dbc.mtview.ca.us>"
	for name, c := range map[string]struct{ script, way string }{
		"apop of an old server": {stamp + `
		C: CAPA
		S: -ERR what?
		C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
		S: +OK`, ""},
		"plain": {`S: +OK
		C: CAPA
		S: +OK
		S: SASL LOGIN PLAIN
		S: .
		C: AUTH PLAIN AG1yb3NlAHRhbnN0YWFm
		S: +OK`, ""},
		"login, as asked for": {`S: +OK
		C: CAPA
		S: +OK
		S: SASL PLAIN LOGIN
		S: .
		C: AUTH LOGIN
		S: + VXNlcm5hbWU6
		C: bXJvc2U=
		S: + UGFzc3dvcmQ6
		C: dGFuc3RhYWY=
		S: +OK`, "login"},
		"no AUTH where SASL is not listed": {`S: +OK
		C: CAPA
		S: +OK
		S: TOP
		S: USER
		S: .
		C: USER mrose
		S: +OK
		C: PASS tanstaaf
		S: +OK`, ""},
		"plain, as asked for and not listed": {`S: +OK
		C: CAPA
		S: -ERR what?
		C: AUTH PLAIN
		S: + \
		S:
		C: AG1yb3NlAHRhbnN0YWFm
		S: +OK`, "plain"},
		"user of an old server": {`S: +OK
		C: CAPA
		S: -ERR what?
		C: USER mrose
		S: +OK
		C: PASS tanstaaf
		S: +OK`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if err := against(t, c.script, Options{}, func(ctx context.Context, cl *Client) error {
				return cl.Login(ctx, Account{User: "mrose", Password: "tanstaaf", Way: c.way})
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// rfc: 1939-4-6, 5034-4-11, 5034-4-12
func TestRefused(t *testing.T) {
	var refusal *Refusal
	if err := against(t, "S: -ERR go away", Options{}, nil); !errors.As(err, &refusal) || refusal.Verb != pop3.NoVerb {
		t.Error(err)
	}
	const script = `
		S: +OK
		C: CAPA
		S: +OK
		S: SASL PLAIN LOGIN
		S: .
		C: AUTH PLAIN AGEAYg==
		S: -ERR [AUTH] no
		C: CAPA
		S: -ERR no more
		C: AUTH LOGIN
		S: + ???
		C: *
		S: -ERR cancelled
		C: CAPA
		S: -ERR no more
		C: AUTH PLAIN
		S: + =AAA
		C: *
		S: -ERR cancelled
		C: RETR 1
		S: +OK
		S: 0123456789
		S: .
		C: NOOP`
	err := against(t, script, Options{}, func(ctx context.Context, c *Client) error {
		a := Account{User: "a", Password: "b", Way: "PLAIN"}
		if err := c.Login(ctx, a); !errors.As(err, &refusal) || refusal.Code != "AUTH" {
			t.Error(err)
		}
		a.Way, refusal = "LOGIN", nil
		if err := c.Login(ctx, a); err == nil || errors.As(err, &refusal) {
			t.Error(err)
		}
		a.Way = "PLAIN" // whose response waits to be asked for
		if err := c.Login(ctx, a); err == nil || errors.As(err, &refusal) {
			t.Error(err)
		}
		a.Way = "APOP"
		if err := c.Login(ctx, a); !errors.Is(err, ErrNoMechanism) {
			t.Error(err)
		}
		if _, err := c.Retr(ctx, 1, &strings.Builder{}, 5); !errors.Is(err, wire.ErrTooBig) {
			t.Error(err)
		}
		c.conn.Reply("NOOP\r\n")
		return c.conn.Flush()
	})
	if err != nil {
		t.Error(err)
	}
}

// A refused name is not followed by a password, and there may be another try.
// rfc: 1939-7.USER-4, 1939-4-6
func TestUserRefused(t *testing.T) {
	const script = `
		S: +OK
		C: USER nobody
		S: -ERR never heard of
		C: USER mrose
		S: +OK
		C: PASS tanstaaf
		S: -ERR no
		C: QUIT
		S: +OK`
	err := against(t, script, Options{}, func(ctx context.Context, c *Client) error {
		var name, password *Refusal
		if err := c.Login(ctx, Account{User: "nobody", Password: "tanstaaf", Way: User}); !errors.As(err, &name) || name.Verb != pop3.USER {
			t.Error(err)
		}
		if err := c.Login(ctx, Account{User: "mrose", Password: "tanstaaf", Way: User}); !errors.As(err, &password) || password.Verb != pop3.PASS {
			t.Error(err)
		}
		return c.Quit(ctx)
	})
	if err != nil {
		t.Error(err)
	}
}

// A line of a list that begins with a dot has had another put before it.
func TestStuffedList(t *testing.T) {
	var got []string
	err := against(t, "S: +OK\nC: CAPA\nS: +OK\nS: ..x\nS: y\nS: .", Options{}, func(_ context.Context, c *Client) error {
		return c.list(pop3.CAPA, "", 10, func(line []byte) error {
			got = append(got, string(line))
			return nil
		})
	})
	if err != nil || !slices.Equal(got, []string{".x", "y"}) {
		t.Errorf("%q, %v", got, err)
	}
}

// A server that lists without end is given up.
func TestEndless(t *testing.T) {
	near, far := wiretest.Pipe()
	go func() {
		_, _ = far.Write([]byte("+OK\r\n+OK\r\n"))
		for {
			if _, err := far.Write([]byte(strings.Repeat("X\r\n", 1000))); err != nil {
				return
			}
		}
	}()
	c := New(near, Options{})
	if err := c.Greeting(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Capabilities(t.Context()); !errors.Is(err, ErrTooMuch) {
		t.Error(err)
	}
	near.Close()
	far.Close()
}

func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := wiretest.Pipe()
		defer far.Close()
		start := time.Now()
		c := New(near, Options{})
		if err := c.Greeting(t.Context()); err == nil || time.Since(start) != 10*time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		near.Close()
	})
}

// watcher writes down the clear text, secrets masked.
type watcher struct{ text strings.Builder }

func (w *watcher) Wants(uint64, event.Layer, event.Part) bool { return true }

func (w *watcher) Emit(e *event.Event) {
	if e.Kind != event.Data || e.Layer != event.Text {
		return
	}
	if s := w.text.String(); s == "" || strings.HasSuffix(s, "\n") {
		w.text.WriteString([]string{"C ", "S "}[e.Dir])
	}
	w.text.Write(event.AppendMasked(nil, e.Data, e.Mask))
}
