package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"posta/words"
)

// Another server's words stay as they came, between quotation marks; posta's are
// said in the user's language, also where the other server says the same.
func TestAttemptsAreSaid(t *testing.T) {
	for _, c := range []struct{ lang, kept, want string }{
		{"es", "No connection: connection refused", "Sin conexión: conexión rechazada"},
		{"en", "No connection: connection refused", "No connection: connection refused"},
		{"es", "The host mx.x.example could not be looked up: the name server 192.0.2.53:53 says SERVFAIL",
			"No se pudo averiguar nada del servidor mx.x.example: el servidor de nombres 192.0.2.53:53 dice SERVFAIL"},
		{"es", "550 5.1.1 No such user", "550 5.1.1 «No such user»"},
		{"en", "550 No such user", `550 "No such user"`},
		{"es", "550 5.7.1 The domain does not exist", "550 5.7.1 «The domain does not exist»"},
		{"es", "250 OK: queued", "250 «OK: queued»"},
		{"es", "250 unexpected answer: hello", "250 «unexpected answer: hello»"},
		{"es", "250 4.5.0 unexpected answer: hello", "250 4.5.0 respuesta inesperada: hello"},
		{"es", "354 4.5.0 unexpected answer: go", "354 4.5.0 respuesta inesperada: go"},
		{"es", "421", "421"},
		{"en", "450 5.1.1 odd", `450 "5.1.1 odd"`}, {"en", "250 5.0.0", `250 "5.0.0"`}, {"en", "450 4.1.1 even", `450 4.1.1 "even"`},
		{"es", "what a later posta says", "what a later posta says"},
		{"es", "550 \x1b[31mred", `550 «\x1b[31mred»`},
	} {
		w, err := words.New(c.lang)
		if err != nil {
			t.Fatal(err)
		}
		if got := replyText(w, c.kept); got != c.want {
			t.Errorf("%s: %q became %q, want %q", c.lang, c.kept, got, c.want)
		}
	}
}

func TestSpans(t *testing.T) {
	w, err := words.New("es")
	if err != nil {
		t.Fatal(err)
	}
	a := &app{words: w}
	for d, want := range map[time.Duration][2]string{
		-time.Second: {"0 s", "0 segundos"}, 1500 * time.Millisecond: {"1 s", "1 segundo"}, 10 * time.Minute: {"10 min", "10 minutos"},
		10*time.Minute + 9*time.Second: {"10 min", "10 minutos"}, time.Hour: {"1 h", "1 hora"}, 3*time.Hour + time.Minute: {"3 h 1 min", "3 horas 1 minuto"},
		24 * time.Hour: {"1 d", "1 día"}, 49*time.Hour + 59*time.Minute: {"2 d 1 h", "2 días 1 hora"}, 48*time.Hour + time.Minute: {"2 d", "2 días"},
	} {
		if short, long := shortSpan(d), a.lasting(d); short != want[0] || long != want[1] {
			t.Errorf("%v: %q, %q, want %q", d, short, long, want)
		}
	}
}

// What stands beneath a line of a list takes two lines, and no more than the screen.
func TestWrapFew(t *testing.T) {
	for _, n := range []int{1, 10, 20, 40, 200} {
		var b strings.Builder
		wrapFew(&b, "    ", strings.TrimSpace(strings.Repeat("palabras ", n)))
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(lines) > 2 || strings.HasSuffix(lines[len(lines)-1], "…") != (n > 16) {
			t.Errorf("%d words: %q", n, lines)
		}
		for _, one := range lines {
			if utf8.RuneCountInString(one) > terminalWidth {
				t.Errorf("%d words: %q is too wide", n, one)
			}
		}
	}
}
