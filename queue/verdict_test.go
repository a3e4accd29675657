package queue

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"posta/mail"
	"posta/smtp"
	"posta/smtp/smtpclient"
)

func reply(line string) smtp.Reply {
	if line == "" {
		return smtp.Reply{}
	}
	r, err := smtp.ParseReply(line + "\r\n")
	if err != nil {
		panic(err)
	}
	return r
}

// Every answer, and every way in which one fails to come, has its meaning for
// each recipient.
//
// rfc: 1870-6.2-2, 1870-6.2-5, 1870-6.4-2, 1870-6.4-3, 3461-6.3-13, 5321-3.8-3, 5321-4.2-7, 5321-4.2-9
// rfc: 5321-4.3.2-1, 5321-4.3.2-2, 5321-4.5.3.1.10-1, 5321-4.5.3.1.10-3
func TestJudge(t *testing.T) {
	refused := func(verb smtp.Verb, line string) error { return &smtpclient.Refusal{Verb: verb, Reply: reply(line)} }
	body := func(line string) error { return &smtpclient.Refusal{Verb: smtp.DATA, Body: true, Reply: reply(line)} }
	names := map[fate]string{relayed: "relayed", later: "later", failed: "failed", elsewhere: "elsewhere", again: "again", untouched: "untouched"}
	for name, tt := range map[string]struct {
		mail   string
		rcpt   []string
		done   string
		err    error
		got    passed
		want   string // of each recipient
		usable bool
	}{
		"all taken":            {"250 ok", []string{"250 ok", "251 forwarded"}, "250 2.0.0 mine", nil, whole, "relayed relayed", true},
		"other 2yz":            {"299 ok", []string{"288 ok"}, "277 mine", nil, whole, "relayed", true},
		"one unknown":          {"250 ok", []string{"250 ok", "550 5.1.1 no"}, "250 2.0.0 mine", nil, whole, "relayed failed", true},
		"one later":            {"250 ok", []string{"450 4.2.1 no", "250 ok"}, "250 2.0.0 mine", nil, whole, "later relayed", true},
		"other 4yz and 5yz":    {"250 ok", []string{"499 no", "599 no", "250 ok"}, "250 2.0.0 mine", nil, whole, "later failed relayed", true},
		"too many":             {"250 ok", []string{"250 ok", "452 enough"}, "250 2.0.0 mine", nil, whole, "relayed again", true},
		"too many, 4.5.3":      {"250 ok", []string{"250 ok", "452 4.5.3 enough"}, "250 2.0.0 mine", nil, whole, "relayed again", true},
		"too many, RFC 821":    {"250 ok", []string{"250 ok", "552 enough"}, "250 2.0.0 mine", nil, whole, "relayed again", true},
		"mailbox full":         {"250 ok", []string{"250 ok", "452 4.2.2 full"}, "250 2.0.0 mine", nil, whole, "relayed later", true},
		"mailbox full, 552":    {"250 ok", []string{"250 ok", "552 5.2.2 full"}, "250 2.0.0 mine", nil, whole, "relayed failed", true},
		"all too many":         {"250 ok", []string{"452 no"}, "", refused(smtp.RCPT, "452 no"), nothing, "later", true},
		"an intermediate RCPT": {"250 ok", []string{"354 go", "250 ok"}, "250 2.0.0 mine", nil, whole, "later relayed", false},
		"sender unwelcome":     {"550 5.7.1 no", []string{"", ""}, "", refused(smtp.MAIL, "550 5.7.1 no"), nothing, "failed failed", true},
		"sender later":         {"451 no", []string{"503 no MAIL", "503 no MAIL"}, "", refused(smtp.MAIL, "451 no"), nothing, "later later", true},
		"MAIL 3yz":             {"354 go", []string{""}, "", refused(smtp.MAIL, "354 go"), nothing, "later", false},
		"421 to MAIL":          {"421 bye", []string{""}, "", refused(smtp.MAIL, "421 bye"), nothing, "elsewhere", false},
		"421 to the second":    {"250 ok", []string{"250 ok", "421 bye"}, "", io.EOF, nothing, "elsewhere elsewhere", false},
		"421 to all":           {"250 ok", []string{"421 bye"}, "", refused(smtp.RCPT, "421 bye"), nothing, "elsewhere", false},
		"550 and the end":      {"250 ok", []string{"550 no", ""}, "", io.EOF, nothing, "failed elsewhere", false},
		"DATA later":           {"250 ok", []string{"250 ok", "550 no"}, "", refused(smtp.DATA, "451 no"), nothing, "later failed", true},
		"DATA never":           {"250 ok", []string{"250 ok"}, "", refused(smtp.DATA, "554 no"), nothing, "failed", true},
		"DATA 250":             {"250 ok", []string{"250 ok"}, "", refused(smtp.DATA, "250 what"), nothing, "later", false},
		"421 to DATA":          {"250 ok", []string{"250 ok"}, "", refused(smtp.DATA, "421 bye"), nothing, "elsewhere", false},
		"message later":        {"250 ok", []string{"250 ok", "550 no"}, "451 4.3.0 no", body("451 4.3.0 no"), whole, "later failed", true},
		"message never":        {"250 ok", []string{"250 ok"}, "554 5.6.0 spam", body("554 5.6.0 spam"), whole, "failed", true},
		"message 354":          {"250 ok", []string{"250 ok"}, "354 again", body("354 again"), whole, "later", false},
		"421 to the message":   {"250 ok", []string{"250 ok"}, "421 bye", body("421 bye"), whole, "later", false},
		"421 inside":           {"250 ok", []string{"250 ok"}, "", body("421 bye"), some, "later", false},
		"no end":               {"250 ok", []string{"250 ok"}, "", io.ErrUnexpectedEOF, some, "later", false},
		"no reply":             {"250 ok", []string{"250 ok", "550 no"}, "", io.EOF, whole, "later failed", false},
		"nothing":              {"", []string{"", ""}, "", io.EOF, nothing, "elsewhere elsewhere", false},
		"no room for it":       {"452 full", []string{"503 no MAIL"}, "", refused(smtp.MAIL, "452 full"), nothing, "later", true},
		"too large for it":     {"552 large", []string{"503 no MAIL"}, "", refused(smtp.MAIL, "552 large"), nothing, "failed", true},
		"no room, DATA":        {"250 ok", []string{"250 ok"}, "", refused(smtp.DATA, "452 full"), nothing, "later", true},
		"too large, DATA":      {"250 ok", []string{"250 ok"}, "", refused(smtp.DATA, "552 large"), nothing, "failed", true},
		"no room, message":     {"250 ok", []string{"250 ok"}, "452 full", body("452 full"), whole, "later", true},
		"too large, message":   {"250 ok", []string{"250 ok"}, "552 large", body("552 large"), whole, "failed", true},
		"too large for one":    {"250 ok", []string{"250 ok", "552 5.3.4 large"}, "250 2.0.0 mine", nil, whole, "relayed failed", true},
		"too large for all":    {"250 ok", []string{"552 large"}, "", refused(smtp.RCPT, "552 large"), nothing, "failed", true},
		"too large":            {"", nil, "", mail.Refuse(552, "5.3.4", "large"), nothing, "elsewhere", true},
	} {
		n := max(1, len(tt.rcpt))
		out := smtpclient.Outcome{Mail: reply(tt.mail), Done: reply(tt.done)}
		for _, r := range tt.rcpt {
			out.To = append(out.To, reply(r))
		}
		all, usable := judge(n, out, tt.err, tt.got)
		var got []string
		for _, v := range all {
			got = append(got, names[v.fate])
			if c := v.status.Class; v.fate == relayed && c != 2 || v.fate == failed && c != 5 || v.fate == later && c != 4 || v.text == "" ||
				v.code == 0 && v.status == status(4, 4, 2) && v.verb == "" {
				t.Errorf("%s: %+v", name, v)
			}
		}
		if name == "other 4yz and 5yz" && (all[0].status.String() != "4.0.0" || all[1].status.String() != "5.0.0") {
			t.Errorf("%s: %+v", name, all)
		}
		if s := strings.Join(got, " "); s != tt.want || usable != tt.usable {
			t.Errorf("%s: %s, %v; want %s, %v", name, s, usable, tt.want, tt.usable)
		}
	}
}

// What a peer says is made fit to be printed and kept.
func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"a\x1b[31m b\tc\r\nd": "a [31m b c d", "\xff\xfe": "?", "x\u202ey": "x?y", "  a  ": "a", "ñ": "ñ",
		strings.Repeat("x", 1000): strings.Repeat("x", wordsMost) + " ...",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestReason(t *testing.T) {
	if got := reason(fmt.Errorf("x: %w", io.EOF)).Error(); got != "the other side closed the connection" {
		t.Error(got)
	}
	if got := reason(errors.New("odd\x00")).Error(); got != "odd" {
		t.Error(got)
	}
}

// Waits grow, never shrink below what greylisting needs, and end at three hours.
//
// rfc: 5321-4.5.4.1-3, 5321-4.5.4.1-5
func TestWait(t *testing.T) {
	r := New(Config{})
	for n, min := range []float64{0, 5, 10, 20, 40, 80, 160, 180, 180} {
		if n == 0 {
			continue
		}
		for range 100 {
			if got := r.wait(n, mostWait).Minutes(); got < min || got > min*1.2 {
				t.Fatalf("%d: %v", n, got)
			}
		}
	}
	other := New(Config{Limits: Limits{FirstWait: time.Minute}})
	if got := other.wait(2, 90*time.Second).Seconds(); got < 90 || got > 108 {
		t.Error(got)
	}
	if got := r.wait(1000, mostSilence).Minutes(); got < 60 || got > 72 {
		t.Error(got)
	}
}

// A reply's enhanced code is part of the remote's words, where it has one.
func TestReplyWords(t *testing.T) {
	for reply, want := range map[string]string{
		"550 5.0.0 no":                    "550 5.0.0 no",
		"550 no":                          "550 no",
		"450-4.7.1 not\r\n450 4.7.1 now":  "450 4.7.1 not now",
		"250 2.1.5 what":                  "250 4.5.0 unexpected answer: 2.1.5 what",
		"354 go":                          "354 4.5.0 unexpected answer: go",
		"250-2.0.0 OK\r\n250 2.0.0 as 12": "250 2.0.0 OK as 12",
		"250 OK":                          "250 OK",
	} {
		r, err := smtp.ParseReply(reply + "\r\n")
		if err != nil {
			t.Fatal(err)
		}
		v := answered(smtp.RCPT, false, r)
		if strings.Contains(r.Text, "OK") {
			v, _ = overall(smtpclient.Outcome{Done: r}, nil, whole)
		}
		if got := v.words(); got != want || v.status.Class != 2 && v.status.Class != 4 && v.status.Class != 5 {
			t.Errorf("%q: %q, %v", reply, got, v.status)
		}
	}
}

// A connection that was lost behind a refusal ended for the loss.
func TestEndOf(t *testing.T) {
	refused := &smtpclient.Refusal{Verb: smtp.DATA, Reply: smtp.Reply{Code: 451, Text: "later"}}
	lost := &smtpclient.Lost{Verb: smtp.RSET, Err: io.EOF}
	for want, err := range map[string]error{
		"broken off: 451 later": refused,
		"broken off: The connection broke: the other side closed the connection": errors.Join(refused, lost),
		"peer closed: 421 bye": &smtpclient.Refusal{Reply: smtp.Reply{Code: 421, Text: "bye"}},
		"broken off: posta ended the connection: what the other side answered makes no sense": &smtpclient.Lost{Verb: smtp.RCPT, Err: smtpclient.ErrStrange},
	} {
		if got := endOf(smtpclient.Outcome{}, err, nothing).ending(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
