package dsn

import (
	"strings"
	"testing"

	"posta/mail"
)

// Both languages know what to say of each cause, in ASCII where it is English.
func TestAdvice(t *testing.T) {
	english, spanish := English().Advice, Spanish().Advice
	for c, text := range english {
		if spanish[c] == "" || text == "" || !mail.IsASCII(text) {
			t.Errorf("%q: %q, %q", c, text, spanish[c])
		}
	}
	if len(english) != len(spanish) {
		t.Error(len(english), len(spanish))
	}
	for status, want := range map[string]Cause{"5.1.1": NoUser, "5.1.2": NoDomain, "5.1.3": BadAddress, "5.1.6": Moved, "5.1.10": NoMail, "5.2.1": Disabled,
		"5.2.2": Full, "4.2.2": FullYet, "5.2.3": TooLarge, "5.3.4": TooLarge, "4.4.1": Silent, "4.4.2": Silent, "4.4.3": Unknown, "5.4.4": NoWay, "5.4.6": Misled, "4.4.6": Misled,
		"5.4.7": Expired, "5.5.3": TooMany, "5.6.3": EightBit, "5.6.7": International, "5.6.9": WideHeader, "5.6.0": Content, "5.7.1": OwnRule, "5.7.26": Unproven, "4.7.5": NoTLS,
		"4.7.10": NoTLS, "4.7.8": LogIn, "4.7.1": Later, "5.0.0": "", "4.3.0": Later, "5.3.0": ""} {
		s, err := mail.ParseStatus(status)
		if err != nil {
			t.Fatal(err)
		}
		rc := Recipient{Status: s, Action: Failed}
		if s.Class == 4 {
			rc.Action = Delayed
		}
		if got := rc.cause(); got != want || want != "" && english[want] == "" {
			t.Errorf("%s: %q", status, got)
		}
		rc.Action = Relayed
		if rc.cause() != "" {
			t.Error("advice on what went well")
		}
	}
	rc := Recipient{Status: mail.Status{Class: 5, Subject: 7, Detail: 1}, Action: Failed, Diagnostic: "550 5.7.1 no"}
	if rc.cause() != Blocked {
		t.Error(rc.cause())
	}
	rc = Recipient{Status: mail.Status{Class: 5, Subject: 4, Detail: 6}, Action: Failed, Diagnostic: "554 5.4.6 too many hops"}
	if rc.cause() != Loop {
		t.Error(rc.cause())
	}
	rc = Recipient{Status: mail.Status{Class: 5}, Action: Failed, Diagnostic: "550 no"}
	if rc.cause() != Refused {
		t.Error(rc.cause())
	}
	if rc.Returned = true; rc.cause() != Returned {
		t.Error(rc.cause())
	}
}

// Whose address a host does not know for its letters: the recipient's, if it has any.
func TestWhoseAddress(t *testing.T) {
	for _, c := range []struct {
		from, final string
		want        Cause
	}{
		{"a@x.es", "utf-8;ñ@y.es", International},
		{"ñ@x.es", "utf-8;ñ@y.es", International},
		{"ñ@x.es", `rfc822;\x{F1}@y.es`, International},
		{"ñ@x.es", "rfc822;a@y.es", OfSender},
		{"ñ@x.es", "utf-8;a@ñandú.es", OfSender},   // it was told the A-label
		{"a@x.es", "rfc822;a@y.es", International}, // the host says so, whatever it means
	} {
		from, err := mail.ParseAddress(c.from)
		if err != nil {
			t.Fatal(err)
		}
		r := Report{To: from}
		if got := r.cause(&Recipient{Final: c.final, Action: Failed, Status: mail.Status{Class: 5, Subject: 6, Detail: 7}}); got != c.want {
			t.Errorf("%s to %s: %q", c.from, c.final, got)
		}
	}
}

func TestWrapped(t *testing.T) {
	got := wrapped("  ", strings.Repeat("ñandú x ", 12))
	for _, line := range strings.Split(strings.TrimSuffix(got, "\r\n"), "\r\n") {
		if n := len([]rune(line)); n > 74 || n < 10 || !strings.HasPrefix(line, "  ñ") && !strings.HasPrefix(line, "  x") {
			t.Errorf("%q", line)
		}
	}
	if strings.Count(got, "x") != 12 {
		t.Error(got)
	}
}
