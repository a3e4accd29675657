package capture

import (
	"bytes"
	"testing"

	"posta/event"
)

// A command that came along with a message is taken up when that has its reply;
// it is written where it came. A live capture does not wait.
func TestSessionsInOrder(t *testing.T) {
	events := lab()
	quit := events[6]
	quit.Part, quit.Dot, quit.Data, quit.Len = event.Command, false, []byte("QUIT\r\n"), 6
	reply := events[8]
	reply.Data, reply.Len = []byte("250 2.0.0 OK\r\n"), 14
	bye := events[8]
	bye.Time = bye.Time.Add(1)
	events = append(events[:7:7], reply, quit, bye, events[9])
	for _, live := range []bool{false, true} {
		file := written(t, SessionOptions{Live: live}, events)
		asked, answered := bytes.Index(file, []byte("QUIT\r\n")), bytes.Index(file, []byte("250 2.0.0 OK"))
		if asked < 0 || answered < 0 || (asked < answered) == live {
			t.Errorf("live %v: QUIT stands at %d, the reply at %d", live, asked, answered)
		}
		if bytes.Index(file, []byte("221 2.0.0 Bye")) < answered {
			t.Errorf("live %v: the last reply is not the last", live)
		}
	}
}
