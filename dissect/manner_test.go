package dissect

import (
	"fmt"
	"strings"
	"testing"

	"posta/story"
)

func TestHowDataWereSent(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{"Subject: x\r\n\r\nhello\r\n.\r\n", "bare 0 longest 10"},
		{"a\r\n.\r\n", "bare 0 longest 1"},
		{"a\n.\nMAIL FROM:<x@y>\r\n.\r\n", `bare 2 longest 15 ["\n.\n" "MAIL FROM:<x@y>"]`},
		{"a\n.\r\nMAIL FROM:<x@y>\r\nRCPT\r\n.\r\n", `bare 1 longest 15 ["\n.\r\n" "MAIL FROM:<x@y>"]`},
		{"a\r\n.\nRSET\r\n.\r\n", `bare 1 longest 4 ["\r\n.\n" "RSET"]`},
		{"a\r.\rRSET\r\n.\r\n", `bare 2 longest 4 ["\r.\r" "RSET"]`},
		{".\nQUIT\r\n.\r\n", `bare 1 longest 4 ["\r\n.\n" "QUIT"]`},
		{"a\n.\n", `bare 2 longest 1 ["\n.\n" ""] ended`},
		{"a\n.\nb\r\n.\n", `bare 3 longest 1 ["\n.\n" "b"] ["\r\n.\n" ""] ended`},
		{"a\n.\n\n", `bare 3 longest 1 ["\n.\n" ""]`},
		{"a\n..\nb\r\n.\r\n", "bare 2 longest 2"},
		{"a\n.\n.\nb\r\n.\r\n", `bare 3 longest 1 ["\n.\n" "."] ["\n.\n" "b"]`},
		{"a\n.\n" + strings.Repeat("x", 200) + "\r\n.\r\n", `bare 2 longest 200 ["\n.\n" "` + strings.Repeat("x", story.MaxBehind) + `"]`},
	} {
		for _, step := range []int{1, 2, 1000} {
			var s manner
			for rest := c.data; rest != ""; {
				n := min(step, len(rest))
				s.scan([]byte(rest[:n]), story.Moment{})
				rest = rest[n:]
			}
			got := s.told()
			text := fmt.Sprintf("bare %d longest %d", got.Bare, got.Longest)
			for _, l := range got.Lookalikes {
				text += fmt.Sprintf(" [%q %q]", l.Ends, l.Behind)
				if l.Ended {
					text += " ended"
				}
			}
			if text != c.want {
				t.Errorf("%q in steps of %d: %s, want %s", c.data, step, text, c.want)
			}
		}
	}
}

func TestSentIsTold(t *testing.T) {
	all := tell(t, "smtp", story.Options{}, "S:220 here\r\n", "C:EHLO x\n", "S:250 here\r\n", "C:MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n",
		"S:250 ok\r\n250 ok\r\n354 go\r\n", "C:Subject: x\r\n\r\nhello\n.\nRSET\r\n.\r\n", "S:250 queued\r\n")
	s := all[0]
	if !s.Acts[1].Bare || s.Acts[3].Bare || s.Acts[0].Bare {
		t.Errorf("bare line ends are told as %v %v %v", s.Acts[1].Bare, s.Acts[3].Bare, s.Acts[0].Bare)
	}
	for _, a := range s.Acts {
		if a.Kind == story.Mail && (a.Message.Sent.Bare != 2 || len(a.Message.Sent.Lookalikes) != 1 || !a.Message.Whole || !strings.Contains(string(a.Message.Octets), "hello\n.\nRSET")) {
			t.Errorf("the message was sent as %+v, whole %v", a.Message.Sent, a.Message.Whole)
		}
	}
}
