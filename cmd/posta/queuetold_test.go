package main

import (
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/event"
	"posta/trace"
	"posta/words"
)

// What was answered is named in the user's words where it has no verb.
func TestAnsweredTo(t *testing.T) {
	for lang, want := range map[string]string{"en": "greeting message RCPT", "es": "saludo mensaje RCPT"} {
		w, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		a := &app{words: w}
		var got []string
		for _, verb := range []string{"greeting", "message", "RCPT"} {
			all := a.answered(&admin.Tried{Verb: verb, Code: 421, Text: "no"})
			name, _, _ := strings.Cut(all[0], ": ")
			got = append(got, name)
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: %q", lang, text)
		}
	}
}

// A story has a line for each host of a try, in the order of time, and says of
// what nobody was asked for when it was said.
func TestStoryHostByHost(t *testing.T) {
	at := func(second int) time.Time { return time.Date(2026, 1, 2, 3, 4, second, 0, time.Local) }
	story := []admin.Tried{
		{At: at(2), Host: "mx1", Code: 451, Text: "later", Session: 5, Before: []admin.Tried{{At: at(1), Host: "mx0", Code: 421, Text: "no", Session: 4},
			{At: at(3), Host: "mx2", Code: 554, Text: "never"}}},
		{At: at(9), Host: "mx1", Code: 451, Text: "later", Session: 5, AsOf: at(2)},
		{At: at(12), Host: "mx1", Verb: "message", Text: "The message was sent, and no answer came: timeout", Session: 6},
	}
	for lang, want := range map[string]string{
		"en": `
  2026-01-02 03:04:01  mx0, 421 "no", session 4; the next host was asked
  2026-01-02 03:04:02  mx1, 451 "later", session 5; the next host was asked
  2026-01-02 03:04:03  mx2, 554 "never"
  2026-01-02 03:04:09  nobody was asked for this message; as of 2026-01-02
                       03:04:02: mx1, 451 "later", session 5
  2026-01-02 03:04:12  mx1, The message was sent, and no answer came: timeout,
                       in clear text, session 6
`,
		"es": `
  2026-01-02 03:04:01  mx0, 421 «no», sesión 4; se preguntó al siguiente servidor
  2026-01-02 03:04:02  mx1, 451 «later», sesión 5; se preguntó al siguiente servidor
  2026-01-02 03:04:03  mx2, 554 «never»
  2026-01-02 03:04:09  no se preguntó a nadie por este mensaje; a fecha de 2026-01-02 03:04:02: mx1, 451 «later», sesión 5
  2026-01-02 03:04:12  mx1, El mensaje se envió y no llegó respuesta: timeout, en texto claro, sesión 6
`,
	} {
		w, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		a := &app{words: w}
		var b strings.Builder
		for _, one := range inTurn(story) {
			a.tried(&b, &one)
		}
		if flat(b.String()) != flat(want) {
			t.Errorf("%s:\n%s\nwant\n%s", lang, b.String(), want)
		}
		for line := range strings.Lines(b.String()) {
			if len([]rune(line)) > 81 {
				t.Errorf("%s: %q", lang, line)
			}
		}
	}
}

// A release says of those who wait on for their site in one sentence.
func TestReleasedForSite(t *testing.T) {
	for _, c := range []struct {
		lang string
		out  admin.QueueChanged
		want string
	}{
		{"en", admin.QueueChanged{Recipients: 1, Kept: 1}, "1 recipient is released, and waits until its site asks"},
		{"es", admin.QueueChanged{Recipients: 2, Kept: 2}, "2 destinatarios quedan sueltos, y esperan hasta que sus sitios pidan"},
		{"en", admin.QueueChanged{Recipients: 3, Kept: 1}, "3 recipients are released; 1 of them waits until its site asks"},
		{"es", admin.QueueChanged{Recipients: 3, Kept: 2}, "3 destinatarios quedan sueltos; 2 de ellos esperan hasta que sus sitios pidan"},
		{"en", admin.QueueChanged{Recipients: 3}, "3 recipients are released"},
	} {
		w, err := words.New(c.lang)
		if err != nil {
			t.Fatal(err)
		}
		if said := (&app{words: w}).queueChanged("release", "done.queue_release", &c.out); said != c.want {
			t.Errorf("%q, want %q", said, c.want)
		}
	}
}

// Who is being tried is told with since when and in which session.
func TestWorkingSince(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	for lang, want := range map[string]string{"en": "working since 2026-01-02 03:04:05, session 7", "es": "en curso desde 2026-01-02 03:04:05, sesión 7"} {
		w, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		a := &app{words: w}
		if got := a.doing(&admin.Queued{State: admin.QueueWorking, Since: at, Session: 7}, when); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		then := map[string]string{"en": want + "; then held, unless the host takes it", "es": want + "; después retenido, si el servidor no lo acepta"}[lang]
		if got := a.doing(&admin.Queued{State: admin.QueueWorking, Since: at, Session: 7, Then: admin.QueueHeld}, when); got != then {
			t.Errorf("%q, want %q", got, then)
		}
	}
}

// A change says apart who is being tried, where, and what becomes of them.
func TestChangedUnderWay(t *testing.T) {
	for _, c := range []struct {
		lang, verb string
		out        admin.QueueChanged
		want       string
	}{
		{"en", "bounce", admin.QueueChanged{Recipients: 3, Working: 1, Sessions: []uint64{7}},
			"2 recipients are given up; the senders get reports 1 recipient is being tried now (session 7): given up when that ends, unless the host takes the message"},
		{"es", "delete", admin.QueueChanged{Recipients: 1, Working: 1},
			"1 destinatario se está intentando ahora: sale de la cola cuando eso acabe, si el servidor no acepta el mensaje"},
		{"en", "hold", admin.QueueChanged{Recipients: 5, Working: 4, Sessions: []uint64{7, 8, 9, 10}},
			"1 recipient is held 4 recipients are being tried now (session 7, session 8, session 9, …): held when that ends, unless their hosts take the message"},
	} {
		w, err := words.New(c.lang)
		if err != nil {
			t.Fatal(err)
		}
		said := (&app{words: w}).queueChanged(c.verb, "done.queue_"+c.verb, &c.out)
		if flat(said) != c.want {
			t.Errorf("%q, want %q", flat(said), c.want)
		}
		for line := range strings.Lines(said) {
			if len([]rune(line)) > 81 {
				t.Errorf("%q", line)
			}
		}
	}
}

// The list, the story of a message and its trace tell alike that nobody was asked,
// and none counts it as an attempt.
func TestUnaskedToldAlike(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	a := &app{words: w}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	q := admin.Queued{From: "a@b.example", Tries: 1, Unasked: 2, Due: at, Expires: at, Last: &admin.Tried{At: at, Host: "mx1", Code: 451, Text: "later", AsOf: at}}
	const told = "nobody was asked for this message; as of 2026-01-02 03:04"
	if got := a.beneath(&q); got != "from <a@b.example>; 1 attempt; "+told+": mx1, 451 \"later\"" {
		t.Errorf("the list: %s", got)
	}
	if got := a.prospect(&q); !strings.HasPrefix(got, "1 attempt, put off 2 times with nobody asked, ") {
		t.Errorf("the story: %s", got)
	}
	step := trace.Step{What: event.Delayed, Onward: "b@c.example", Host: "mx1", Reply: "451 later", AsOf: at}
	if got := strings.Join(a.leaving(&step, "b@c.example"), ", "); got != told+":05: mx1, 451 \"later\"" {
		t.Errorf("the trace: %s", got)
	}
}

func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// A time that has passed is not when somebody is tried next.
func TestQueueNext(t *testing.T) {
	past, later := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local), time.Date(2126, 1, 2, 3, 4, 5, 0, time.Local)
	for _, c := range []struct {
		lang             string
		q                admin.Queued
		next, told, seen string
	}{
		{"en", admin.Queued{Due: past, Stage: admin.QueueLooking}, "now", "0 attempts, the way to it is being looked up, given up", "; the way to it is being looked up"},
		{"es", admin.Queued{Due: past, Stage: admin.QueueTurn}, "ahora", "0 intentos, espera su turno, se renuncia", "; espera su turno"},
		{"en", admin.Queued{Due: past}, "due", "0 attempts, due since 2026-01-02 03:04:05, given up", ""},
		{"es", admin.Queued{Due: past}, "le toca", "0 intentos, le toca desde el 2026-01-02 03:04:05, se renuncia", ""},
		{"en", admin.Queued{Due: later}, "2126-01-02 03:04", "0 attempts, again at 2126-01-02 03:04:05, given up", ""},
		{"en", admin.Queued{State: admin.QueueHeld}, "held", "0 attempts, not given up", ""},
	} {
		w, err := words.New(c.lang)
		if err != nil {
			t.Fatal(err)
		}
		a := &app{words: w}
		if next := a.queueNext(&c.q); next != c.next {
			t.Errorf("%s: next %q, want %q", c.lang, next, c.next)
		}
		if told := a.prospect(&c.q); !strings.HasPrefix(told, c.told) {
			t.Errorf("%s: %q, want %q", c.lang, told, c.told)
		}
		if seen := a.beneath(&c.q); !strings.HasSuffix(seen, ">"+c.seen) {
			t.Errorf("%s: beneath %q, want %q", c.lang, seen, c.seen)
		}
	}
}
