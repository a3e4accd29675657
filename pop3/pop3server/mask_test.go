package pop3server

import (
	"strings"
	"testing"

	"posta/mail"
)

// A secret may be as short as a keyword. Behind a log-in's command, understood
// or not, a strict listener shows no stray word; the lab shows what was typed.
func TestMasksShort(t *testing.T) {
	for _, lines := range []string{
		"USER pepe|1234", "USER pepe|RSET|USER pepe|12|YWJj", "AUTH NONE|YWJj", "AUTH PLAIN x|YWJj", "AUTH|YWJj",
		"PASS|1234", "USRE pepe|1234", "APOP pepe|1234", "USER pepe|12 YWJj", "USER pepe| 1234",
	} {
		shown := shownOf(t, mail.Strict, lines)
		if strings.Contains(shown, "1234") || strings.Contains(shown, "YWJj") {
			t.Errorf("%q: the transcript is\n%s", lines, shown)
		}
	}
	for lines, want := range map[string]string{"QIUT": "QIUT", "STAT|XTND": "XTND", "USER pepe|NOOP|QIUT": "QIUT"} {
		if shown := shownOf(t, mail.Strict, lines); !strings.Contains(shown, want) {
			t.Errorf("%q: the transcript is\n%s", lines, shown)
		}
	}
	if shown := shownOf(t, mail.Lab, "USER pepe|1234"); !strings.Contains(shown, "1234") {
		t.Errorf("in the lab the transcript is\n%s", shown)
	}
}

// shownOf is what watchers see of lines and their answers of one line each.
func shownOf(t *testing.T, mode mail.Mode, lines string) string {
	cfg := config(newDrops())
	cfg.Mode = mode
	k := dial(t, New(cfg))
	for _, l := range strings.Split(lines, "|") {
		k.play("C: " + l + "\nS: …")
	}
	return k.w.transcript()
}
