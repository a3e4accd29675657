package observe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posta/event"
)

// logged plays facts and gives the log's lines.
func logged(t *testing.T, o LogOptions, play func(*Log)) []string {
	t.Helper()
	var out bytes.Buffer
	o.Out = &out
	l := NewLog(o)
	play(l)
	l.Close()
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

// everyFact plays each kind of event once, most of one session.
func everyFact(l *Log) {
	open(l, 7)
	for _, f := range []any{
		event.Secured{Version: "TLSv1.3", Cipher: "X"},
		event.Named{Helo: "h"},
		event.Authenticated{Mechanism: "PLAIN", User: "pe\npe", Reason: "wrong"},
		event.Banned{User: "pe pe", Until: began},
		event.Authenticated{Mechanism: "PLAIN", User: "pepe", OK: true},
		event.Enveloped{From: "a@b.example"},
		event.Addressed{To: "c@d.example"},
		event.Refused{Verb: "RCPT", Reply: "550 5.1.1 no", Path: "x@d.example"},
		event.Refused{Verb: "MAIL", Reply: "550 5.7.1 no", Path: "x@d.example"},
		event.Refused{Verb: "DATA", Reply: "550 5.5.2 bare LF"},
		event.Refused{Verb: "FOO", Reply: "500 5.5.2 what"},
		event.Accepted{ID: "q1", MessageID: "m@x", From: "a@b.example", Recipients: 2, Size: 10},
		event.Delivered{ID: "q1", To: []event.Delivery{{Recipient: "c@d.example", Mailbox: "pepe@d.example", Account: 1, UID: 9},
			{Recipient: "e@d.example", Mailbox: "ana@d.example", Account: 2, UID: 1}}},
		event.Foreign{ID: "q1", Account: "luis@b.example", Field: "From", Address: "x@y.example"},
		event.Fetched{UID: 9, UIDL: "u", Size: 3},
		event.Deleted{Messages: 4, UIDs: []uint32{1, 2, 3, 9}},
		event.Note{Text: strings.Repeat("ñ", 300)},
	} {
		state(l, 7, f)
	}
	l.Emit(&event.Event{Conn: 7, Kind: event.Gap, Time: began, Len: 77})
	state(l, 7, event.Closed{Reason: "quit"})
	state(l, 0, event.Delivered{ID: "q2", To: []event.Delivery{{Mailbox: "ana@d.example", UID: 2}}})
	state(l, 0, event.Queued{ID: "q3", To: []event.Onward{{Recipient: "all@d.example", To: "bob@e.example"}}})
	dial(l, 8)
	state(l, 8, event.Authenticated{Mechanism: "PLAIN", User: "us", Reason: "535 no"})
	state(l, 8, event.Attempted{ID: "q3", Recipient: "bob@e.example", Outcome: event.Delayed, Host: "mx.e.example", Addr: "192.0.2.9:25",
		TLS: "TLSv1.3 X", Reply: "451 4.7.1 later", Session: 8, Delay: 90 * time.Second, Next: began})
	state(l, 8, event.Attempted{ID: "q3", Recipient: "bob@e.example", Outcome: event.Relayed, Host: "mx.e.example", Addr: "192.0.2.9:25", Reply: "250 ok", Session: 8})
	state(l, 0, event.Attempted{ID: "q4", Recipient: "b@no.example", Outcome: event.Failed, Reply: "no such domain"})
	state(l, 0, event.Attempted{ID: "q4", Recipient: "c@no.example", Outcome: event.Removed, Reply: "taken out"})
	state(l, 0, event.Attempted{ID: "q4", Recipient: "e@d.example", Outcome: event.Filed, Reply: "is here"})
	state(l, 0, event.Attempted{ID: "q4", Recipient: "d@no.example", Outcome: event.Held, Host: "mx.no.example", Reply: "450 later"})
	state(l, 0, event.Halted{ID: "q4", Recipient: "d@no.example"})
	state(l, 0, event.Halted{ID: "q4", Recipient: "d@no.example", Released: true})
	state(l, 0, event.Missed{ID: "q5", Failed: true, Why: "no way", To: []event.Onward{{Recipient: "all@d.example", To: "d@no.example"}}})
	state(l, 0, event.Missed{ID: "q5", Why: "round", To: []event.Onward{{Recipient: "all@d.example", To: "e@d.example"}, {To: "f@d.example"}}})
}

// dial opens a session of the house's own.
func dial(s event.Sink, conn uint64) {
	s.Emit(&event.Event{Conn: conn, Kind: event.Open, Time: began, Fact: event.Opened{Endpoints: event.Endpoints{
		Remote: netip.MustParseAddrPort("192.0.2.1:40001"), Local: netip.MustParseAddrPort("192.0.2.9:25")},
		Protocol: "smtp", Listener: event.Outgoing, Mode: "strict"}})
}

func TestLogLines(t *testing.T) {
	got := logged(t, LogOptions{Level: "debug"}, everyFact)
	const who = "session=7 protocol=smtp client=192.0.2.7 remote=192.0.2.7:40000 listener=smtp "
	const there = "session=8 protocol=smtp client=192.0.2.9 remote=192.0.2.9:25 listener=outgoing "
	const known = who + "account=pepe "
	want := []string{
		`level=INFO msg=opened ` + who + `mode=strict tls=false`,
		`level=DEBUG msg=secured ` + who + `version=TLSv1.3 cipher=X name=""`,
		`level=DEBUG msg=named ` + who + `helo=h`,
		`level=WARN msg=auth.failed ` + who + `mechanism=PLAIN reason=wrong account="pe\npe"`,
		`level=WARN msg=banned ` + who + `until=` + began.Format("2006-01-02T15:04:05.000Z07:00") + ` account="pe pe"`,
		`level=INFO msg=auth.ok ` + known + `mechanism=PLAIN`,
		`level=DEBUG msg=mail ` + known + `from=a@b.example`,
		`level=DEBUG msg=rcpt ` + known + `to=c@d.example`,
		`level=INFO msg=rcpt.refused ` + known + `reply="550 5.1.1 no" from=a@b.example to=x@d.example`,
		`level=INFO msg=mail.refused ` + known + `reply="550 5.7.1 no" from=x@d.example`,
		`level=INFO msg=data.refused ` + known + `reply="550 5.5.2 bare LF" from=x@d.example`,
		`level=DEBUG msg=refused ` + known + `verb=FOO reply="500 5.5.2 what"`,
		`level=INFO msg=accepted ` + known + `id=q1 message_id=m@x from=a@b.example recipients=2 size=10`,
		`level=INFO msg=delivered ` + known + `id=q1 to=c@d.example mailbox=pepe@d.example uid=9`,
		`level=INFO msg=delivered ` + known + `id=q1 to=e@d.example mailbox=ana@d.example uid=1`,
		`level=WARN msg=sender.foreign ` + known + `id=q1 field=From address=x@y.example`,
		`level=DEBUG msg=fetched ` + known + `uid=9 uidl=u size=3`,
		`level=INFO msg=deleted ` + known + `messages=4 uids=1-3,9`,
		`level=INFO msg=note ` + known + `text=` + strings.Repeat("ñ", 128) + "…",
		`level=WARN msg=gap ` + known + `octets=77`,
		`level=INFO msg=closed ` + known + `reason=quit seconds=3593`,
		`level=INFO msg=delivered id=q2 to="" mailbox=ana@d.example uid=2`,
		`level=INFO msg=queued id=q3 recipient=all@d.example to=bob@e.example`,
		`level=INFO msg=opened ` + there + `mode=strict tls=false`,
		`level=WARN msg=auth.declined ` + there + `mechanism=PLAIN reason="535 no" account=us`,
		`level=INFO msg=delayed ` + there + `id=q3 to=bob@e.example host=mx.e.example address=192.0.2.9:25 tls="TLSv1.3 X" seconds=90 next=` +
			began.Format("2006-01-02T15:04:05.000Z07:00") + ` reply="451 4.7.1 later"`,
		`level=INFO msg=relayed ` + there + `id=q3 to=bob@e.example host=mx.e.example address=192.0.2.9:25 tls="" seconds=0 reply="250 ok"`,
		`level=WARN msg=failed id=q4 to=b@no.example host="" address="" tls="" seconds=0 reply="no such domain"`,
		`level=INFO msg=removed id=q4 to=c@no.example host="" address="" tls="" seconds=0 reply="taken out"`,
		`level=INFO msg=filed id=q4 to=e@d.example host="" address="" tls="" seconds=0 reply="is here"`,
		`level=INFO msg=held id=q4 to=d@no.example host=mx.no.example address="" tls="" seconds=0 reply="450 later"`,
		`level=INFO msg=held id=q4 to=d@no.example`,
		`level=INFO msg=released id=q4 to=d@no.example`,
		`level=WARN msg=failed id=q5 to=d@no.example host="" address="" tls="" seconds=0 reply="no way"`,
		`level=INFO msg=unsent id=q5 recipient=all@d.example to=e@d.example reply=round`,
		`level=INFO msg=unsent id=q5 recipient="" to=f@d.example reply=round`,
	}
	if len(got) != len(want) {
		t.Fatalf("%d lines:\n%s", len(got), strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasSuffix(got[i], want[i]) {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

// Every number of milliseconds is written as it is.
func TestLogSeconds(t *testing.T) {
	for ms := range 20_000 {
		want := strings.TrimRight(strings.TrimRight(fmt.Sprintf("%d.%03d", ms/1000, ms%1000), "0"), ".")
		if got := strconv.FormatFloat(seconds(time.Duration(ms)*time.Millisecond+400*time.Microsecond), 'g', -1, 64); got != want {
			t.Fatalf("%d ms are %s", ms, got)
		}
	}
}

// A client that sends ahead goes on behind a refused MAIL: the log says for
// whom and from whom, and no message that never was is refused.
func TestLogSentAhead(t *testing.T) {
	got := logged(t, LogOptions{Level: "info"}, func(l *Log) {
		open(l, 7)
		for _, f := range []event.Refused{
			{Verb: "MAIL", Reply: "553 5.7.1 not yours", Path: "x@d.example"},
			{Verb: "RCPT", Reply: "503 5.5.1 Send MAIL first", Path: "c@d.example"},
			{Verb: "MAIL", Reply: "503 5.5.1 A message is begun already", Path: "z@d.example"},
			{Verb: "DATA", Reply: "503 5.5.1 Send MAIL first"}, {Verb: "DATA", Reply: "550 5.7.1 no"},
		} {
			state(l, 7, f)
		}
	})
	want := []string{`mode=strict tls=false`, `reply="553 5.7.1 not yours" from=x@d.example`, `reply="503 5.5.1 Send MAIL first" from=x@d.example to=c@d.example`,
		`reply="503 5.5.1 A message is begun already" from=z@d.example`, `msg=data.refused session=7 protocol=smtp client=192.0.2.7 remote=192.0.2.7:40000 listener=smtp reply="550 5.7.1 no" from=x@d.example`}
	if !slices.EqualFunc(got, want, strings.HasSuffix) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestLogLevelAndJSON(t *testing.T) {
	got := logged(t, LogOptions{Level: "warn", Format: "json"}, func(l *Log) {
		open(l, 7)
		state(l, 7, event.Authenticated{User: "pepe"})
		l.Info("listening", "addr", ":25")
		l.Error("store.failed", "error", "disk")
	})
	if len(got) != 2 {
		t.Fatalf("lines: %q", got)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(got[0]), &line); err != nil || line["msg"] != "auth.failed" || line["session"] != 7.0 {
		t.Errorf("%v, %v", line, err)
	}
}

func TestLogTakesNoOctets(t *testing.T) {
	got := logged(t, LogOptions{Level: "debug"}, func(l *Log) {
		if l.Wants(1, event.Text, event.Command) {
			t.Error("the log wants octets")
		}
		say(l, 1, said{dialer, event.Command, "PASS x\r\n"})
	})
	if len(got) != 1 || got[0] != "" {
		t.Errorf("logged %q", got)
	}
}

// frozen is an output that stands still until it is thawed.
type frozen struct {
	thaw chan struct{}
	mu   sync.Mutex
	got  bytes.Buffer
}

func (f *frozen) Write(p []byte) (int, error) {
	<-f.thaw
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.got.Write(p)
}

func TestFrozenConsoleStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &frozen{thaw: make(chan struct{})}
		l := NewLog(LogOptions{Out: out, Buffer: 4096})
		for range 1000 {
			l.Info("hello", "what", "world")
		}
		if l.Dropped() == 0 {
			t.Error("nothing was dropped")
		}
		began := time.Now()
		l.Close()
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("Close waited %v", waited)
		}
		close(out.thaw)
		synctest.Wait()
		out.mu.Lock()
		defer out.mu.Unlock()
		text := out.got.String()
		if !strings.Contains(text, "log.dropped") || strings.Count(text, "hello")+int(l.Dropped()) != 1000 {
			t.Errorf("%d dropped, written:\n%s", l.Dropped(), text)
		}
	})
}

func TestMetrics(t *testing.T) {
	m := NewMetrics("smtp")
	m.Gauge("posta_bans", "Bans in force.", func() float64 { return 2 })
	m.Counter("posta_log_dropped_total", "Log lines lost.", func() float64 { return 3 })
	open(m, 1)
	open(m, 2)
	m.Emit(&event.Event{Conn: 3, Kind: event.Open, Time: began, Fact: event.Opened{Listener: "strange"}})
	for _, f := range []any{
		event.Secured{}, event.Authenticated{OK: true}, event.Authenticated{}, event.Authenticated{},
		event.Refused{Reply: "452 x"}, event.Refused{Reply: "550 x"}, event.Refused{Reply: "-ERR"},
		event.Accepted{Recipients: 3, Size: 100}, event.Fetched{Size: 50}, event.Deleted{Messages: 4},
	} {
		state(m, 1, f)
	}
	state(m, 1, event.Attempted{Outcome: event.Relayed, Delay: 2 * time.Second})
	state(m, 0, event.Attempted{Outcome: event.Failed})
	state(m, 0, event.Attempted{Outcome: "strange"})
	state(m, 0, event.Attempted{Outcome: event.Delayed, AsOf: time.Unix(9, 0)}) // nobody was asked
	state(m, 2, event.Closed{})
	state(m, 99, event.Accepted{}) // unknown: counted nowhere
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	body, err := io.ReadAll(rec.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`posta_sessions_open{listener="smtp"} 1`, `posta_sessions_total{listener="smtp"} 2`,
		`posta_sessions_total{listener="other"} 1`, `posta_tls_sessions_total{listener="smtp"} 1`,
		`posta_auth_total{listener="smtp",result="ok"} 1`, `posta_auth_total{listener="smtp",result="failed"} 2`,
		`posta_commands_refused_total{kind="temporary",listener="smtp"} 1`, `posta_commands_refused_total{kind="permanent",listener="smtp"} 2`,
		`posta_messages_accepted_total{listener="smtp"} 1`, `posta_recipients_accepted_total{listener="smtp"} 3`,
		`posta_accepted_octets_total{listener="smtp"} 100`, `posta_messages_fetched_total{listener="smtp"} 1`,
		`posta_fetched_octets_total{listener="smtp"} 50`, `posta_messages_deleted_total{listener="smtp"} 4`,
		`posta_attempts_total{outcome="relayed"} 1`, `posta_attempts_total{outcome="delayed"} 0`, `posta_attempts_total{outcome="failed"} 1`,
		`posta_relay_seconds_bucket{le="10"} 1`, `posta_relay_seconds_sum 2`,
		`posta_session_seconds_count{listener="smtp"} 1`, `posta_bans 2`, `posta_log_dropped_total 3`, `go_goroutines`,
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %s", want)
		}
	}
	rec = httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	if rec.Code != 404 {
		t.Errorf("/ gave %d", rec.Code)
	}
}

func TestSinks(t *testing.T) {
	var out bytes.Buffer
	l, s := NewLog(LogOptions{Out: &out}), New(Options{})
	both := Sinks{l, s}
	if !both.Wants(1, event.Text, event.Command) || both.Wants(1, event.Wire, event.Command) || (Sinks{}).Wants(1, event.Text, event.Body) {
		t.Error("Wants is not what one of them wants")
	}
	open(both, 1)
	l.Close()
	if len(s.List(Filter{})) != 1 || !strings.Contains(out.String(), "opened") {
		t.Error("one of them was not told")
	}
}

func BenchmarkLog(b *testing.B) {
	l := NewLog(LogOptions{Out: io.Discard})
	open(l, 1)
	b.ReportAllocs()
	for b.Loop() {
		state(l, 1, event.Accepted{ID: "q1", From: "a@b.example", Recipients: 2, Size: 10})
	}
	l.Close()
}

func BenchmarkMetrics(b *testing.B) {
	m := NewMetrics("smtp")
	open(m, 1)
	fact := any(event.Accepted{Recipients: 2, Size: 10})
	b.ReportAllocs()
	for b.Loop() {
		state(m, 1, fact)
	}
}
