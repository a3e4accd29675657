package dsn

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"posta/mail"
)

// Nothing that a report says contradicts itself, and nothing stands there twice.
func TestSpeechAgreesWithItself(t *testing.T) {
	full, expired := mail.Status{Class: 4, Subject: 2, Detail: 2}, mail.Status{Class: 5, Subject: 4, Detail: 7}
	until := time.Date(2026, 11, 27, 16, 5, 0, 0, time.UTC)
	long := "Nobody answered, " + strings.Repeat("and again nobody answered, ", 5)
	behind := func(final string) Recipient {
		return Recipient{Original: "rfc822;dos@uno.test", Final: "rfc822;" + final, Action: Failed, Status: expired, Reason: long}
	}
	for _, tt := range []struct {
		name, list string
		about      []Recipient
		want, not  []string
	}{
		{"delayed, full", "", []Recipient{{Final: "rfc822;a@b", Action: Delayed, Status: full, RetryUntil: until}},
			[]string{"full at present", "You need not send it again", "lleno por ahora", "until Fri, 27 Nov 2026 16:05:00 +0000", "hasta el viernes, 27 de noviembre de 2026, 16:05:00 +0000"},
			[]string{"again when there is room", "otra vez cuando haya"}},
		{"owner, delayed", "l@uno.test", []Recipient{{Final: "rfc822;a@b", Action: Delayed, Status: full}},
			[]string{"you need do nothing", "no tiene que hacer nada"}, []string{"need not send it", "lo envíe otra vez"}},
		{"owner, given up", "l@uno.test", []Recipient{{Final: "rfc822;a@b", Action: Failed, Status: expired}},
			[]string{"a@b is a member of the list", "a@b es miembro", "not affected"}, []string{"once more later", "Envíelo de nuevo", "concerned"}},
		{"two of a list without owner", "dos@uno.test", []Recipient{behind("x@b"), behind("y@b")},
			[]string{"x@b is a member of the list", "y@b es miembro"}, []string{"mail for it is sent on"}},
		{"two behind an alias", "", []Recipient{behind("x@b"), behind("y@b")},
			[]string{"may have the message"}, []string{"once more later", "Envíelo de nuevo"}},
	} {
		r := example()
		r.List, r.Recipients = tt.list, tt.about
		var b bytes.Buffer
		if err := r.Write(&b, English(), Spanish()); err != nil {
			t.Fatal(err)
		}
		speech, _, _ := strings.Cut(b.String(), "Reporting-MTA")
		text := strings.Join(strings.Fields(speech), " ")
		for _, want := range tt.want {
			if strings.Count(text, want) != 1 {
				t.Errorf("%s: not once %q in\n%s", tt.name, want, speech)
			}
		}
		for _, not := range tt.not {
			if strings.Contains(text, not) {
				t.Errorf("%s: %q in\n%s", tt.name, not, speech)
			}
		}
		_, body, _ := strings.Cut(speech, "\r\n\r\n")
		for line := range strings.Lines(body) {
			if len([]rune(line)) > 100 {
				t.Errorf("%s: %q is long", tt.name, line)
			}
		}
	}
}
