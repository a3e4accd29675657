package queue

import (
	"testing"

	"posta/smtp"
)

// A refusal without an enhanced code gets the one that its standard has beside the
// reply's, or the generic one of what it is about, and never one that says more
// than the host did.
func TestUnsaidStatus(t *testing.T) {
	for _, tt := range []struct {
		verb             smtp.Verb
		line, want, soft string
	}{
		{smtp.AUTH, "454 later", "4.7.0", "4.7.0"},
		{smtp.AUTH, "421 bye", "4.7.0", "4.7.0"},
		{smtp.AUTH, "432 change it", "4.7.12", "4.7.12"},
		{smtp.AUTH, "535 no", "5.7.8", "4.7.8"},
		{smtp.AUTH, "534 too weak", "5.7.9", "4.7.9"},
		{smtp.AUTH, "538 not in clear", "5.7.11", "4.7.11"},
		{smtp.AUTH, "500 too long", "5.5.6", "4.5.6"},
		{smtp.AUTH, "550 no", "5.7.0", "4.7.0"},
		{smtp.AUTH, "454 4.3.2 down", "4.3.2", "4.3.2"},
		{smtp.STARTTLS, "454 later", "4.7.0", "4.7.0"},
		{smtp.STARTTLS, "554 no", "5.7.0", "4.7.0"},
		{smtp.MAIL, "451 later", "4.0.0", "4.0.0"},
		{smtp.RCPT, "550 no", "5.0.0", "4.0.0"},
	} {
		v := answered(tt.verb, false, reply(tt.line))
		if v.status.String() != tt.want || v.softer().status.String() != tt.soft {
			t.Errorf("%v to %v: %v and %v, want %s and %s", tt.line, tt.verb, v.status, v.softer().status, tt.want, tt.soft)
		}
	}
}
