//go:build !race

package wire

import (
	"io"
	"testing"
)

// The race detector makes pools forget, hence the build tag.
func TestSteadyStateDoesNotAllocate(t *testing.T) {
	conn := NewConn(&endless{say: sessionOctets()}, Options{})
	body := []byte("body")
	if n := testing.AllocsPerRun(200, func() {
		if err := session(conn, body); err != nil {
			t.Fatal(err)
		}
	}); n > 0.1 { // the pools may be emptied by the collector
		t.Errorf("%v allocations", n)
	}
}

func session(conn *Conn, body []byte) error {
	if _, err := conn.Line(100); err != nil {
		return err
	}
	if _, err := conn.Dot(io.Discard, 0); err != nil {
		return err
	}
	if err := conn.Chunk(io.Discard, 4096); err != nil {
		return err
	}
	conn.Reply("250 2.0.0 OK\r\n")
	conn.Write(body)
	return conn.Flush()
}
