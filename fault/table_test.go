package fault_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"posta/event"
	"posta/fault"
	"posta/wire"
	"posta/wire/wiretest"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		rule fault.Rule
		want string // what is wrong; "" is nothing
	}{
		{fault.Rule{At: "rcpt", Reply: "451 4.7.1 Later"}, ""},
		{fault.Rule{At: "rcpt", Reply: "550"}, ""},
		{fault.Rule{At: "rcpt", Reply: "451 Four times 4.7.1"}, ""},
		{fault.Rule{At: "rcpt", Reply: "250 2.1.5"}, ""},
		{fault.Rule{At: "connect", Reply: "421 4.3.2 Busy"}, ""},
		{fault.Rule{At: "connect", Reply: "-ERR [SYS/TEMP] Busy"}, ""},
		{fault.Rule{At: "quit", Close: true}, ""},
		{fault.Rule{At: "quit", Delay: 3_600_000, Times: 1}, ""},
		{fault.Rule{At: "pass", Reply: "+OK"}, ""},
		{fault.Rule{At: "RCPT", Close: true}, "the points are connect, ehlo"},
		{fault.Rule{At: "rcpt"}, "say what goes wrong"},
		{fault.Rule{At: "rcpt", Delay: 3_600_001}, "up to 1 h"},
		{fault.Rule{At: "rcpt", Delay: -1}, "up to 1 h"},
		{fault.Rule{At: "rcpt", Close: true, Times: -1}, "--times"},
		{fault.Rule{At: "rcpt", Close: true, Match: "/(/"}, "no regular expression"},
		{fault.Rule{At: "rcpt", Close: true, Match: strings.Repeat("x", 501)}, "longer than 500"},
		{fault.Rule{At: "rcpt", Reply: "451 one\r\n250 two"}, "without CR or LF"},
		{fault.Rule{At: "rcpt", Reply: "451 ñ"}, "printable ASCII"},
		{fault.Rule{At: "rcpt", Reply: "451 " + strings.Repeat("x", 500)}, "longer than 500"},
		{fault.Rule{At: "rcpt", Reply: "later"}, "is no reply"},
		{fault.Rule{At: "rcpt", Reply: "651 x"}, "is no reply"},
		{fault.Rule{At: "rcpt", Reply: "461 x"}, "is no reply"},
		{fault.Rule{At: "rcpt", Reply: "451-x"}, "is no reply"},
		{fault.Rule{At: "rcpt", Reply: "451 5.7.1 x"}, "must begin with 4"},
		{fault.Rule{At: "rcpt", Reply: "-ERR x"}, "is a point of SMTP"},
		{fault.Rule{At: "retr", Reply: "451 x"}, "is a point of POP3"},
		{fault.Rule{At: "retr", Reply: "+OK x"}, "promises a message"},
		{fault.Rule{At: "retr", Reply: "-ERROR x"}, "is no reply"},
		{fault.Rule{At: "data", Reply: "354 Go ahead"}, "asks for more"},
	} {
		err := c.rule.Check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", c.rule, err, c.want)
		}
	}
}

// meeting is a connection at which faults can be met.
func meeting(t *testing.T) *wire.Conn {
	t.Helper()
	_, server := wiretest.Pipe()
	c := wire.NewConn(server, wire.Options{Sink: event.Discard{}})
	t.Cleanup(func() { _ = c.Close("quit") })
	return c
}

// The first rule that fits is met; globs match the whole without regard to
// case, and regular expressions what they say.
func TestOrder(t *testing.T) {
	var table fault.Table
	for _, r := range []fault.Rule{
		{At: "rcpt", Match: "Ana?@*.net", Reply: "451 1"},
		{At: "rcpt", Match: "/^b/", Reply: "451 2"},
		{At: "rcpt", Match: "c.d@x", Reply: "451 3", Times: 1},
		{At: "rcpt", Match: "c*", Reply: "451 4"},
		{At: "quit", Reply: "-ERR 5"},
		{At: "quit", Reply: "421 6"},
		{At: "connect", Close: true},
	} {
		if _, err := table.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	c, smtp, pop3 := meeting(t), table.Side(fault.SMTP), table.Side(fault.POP3)
	for _, m := range []struct {
		side      fault.Side
		at, about string
		reply     string
	}{
		{smtp, "rcpt", "ANA1@EXAMPLE.NET", "451 1"},
		{smtp, "rcpt", "ana@example.net", ""},
		{smtp, "rcpt", "xana1@example.net", ""},
		{smtp, "rcpt", "b@x", "451 2"},
		{smtp, "rcpt", "B@x", ""},
		{smtp, "rcpt", "c.d@x", "451 3"},
		{smtp, "rcpt", "c.d@x", "451 4"},
		{smtp, "rcpt", "cxd@x", "451 4"},
		{smtp, "mail", "b@x", ""},
		{smtp, "quit", "", "421 6"},
		{pop3, "quit", "", "-ERR 5"},
	} {
		if reply, hangUp, met := m.side.Meet(c, m.at, m.about); reply != m.reply || hangUp || met != (m.reply != "") {
			t.Errorf("%s %s: %q %v %v, want %q", m.at, m.about, reply, hangUp, met, m.reply)
		}
	}
	for _, side := range []fault.Side{smtp, pop3} {
		if reply, hangUp, met := side.Meet(c, "connect", "192.0.2.1"); reply != "" || !hangUp || !met {
			t.Error("not closed", reply, hangUp, met)
		}
	}
	if got := table.List(); len(got) != 7 || got[6].ID != 7 || got[6].Met != 2 || got[2].Met != 1 || got[3].Met != 2 {
		t.Errorf("%+v", got)
	}
	if table.Clear(99) != 0 || table.Clear(2) != 1 || table.Clear(2) != 0 || table.Clear(0) != 6 || len(table.List()) != 0 {
		t.Error(table.List())
	}
	if r, err := table.Add(fault.Rule{At: "rcpt", Close: true}); err != nil || r.ID != 8 {
		t.Errorf("a number is given again: %+v %v", r, err)
	}
}

// "50 times" is 50 times, however many sessions there are.
func TestTimes(t *testing.T) {
	var table fault.Table
	if _, err := table.Add(fault.Rule{At: "rcpt", Reply: "451 x", Times: 50}); err != nil {
		t.Fatal(err)
	}
	var n atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		c := meeting(t)
		all.Go(func() {
			for range 20 {
				if _, _, met := table.Side(fault.SMTP).Meet(c, "rcpt", "a@x"); met {
					n.Add(1)
				}
			}
		})
	}
	all.Wait()
	if n.Load() != 50 {
		t.Errorf("met %d times", n.Load())
	}
}

func TestBound(t *testing.T) {
	var table fault.Table
	for range 1000 {
		if _, err := table.Add(fault.Rule{At: "rcpt", Close: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := table.Add(fault.Rule{At: "rcpt", Close: true}); err == nil || !strings.Contains(err.Error(), "1000 faults already") {
		t.Error(err)
	}
}
