//go:build whole

package captures

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posta/admin"
	"posta/capture"
	"posta/config"
	"posta/dissect"
	"posta/draw"
	"posta/event"
	"posta/field"
	"posta/story"
	"posta/words"
)

// caught is what tshark writes while something is done; it needs the right to
// capture. Closed tells of each session's end; none is open when do begins.
func caught(t *testing.T, ports map[string]string, closed <-chan struct{}, do func()) []byte {
	t.Helper()
	var filter []string
	for _, name := range []string{"smtp", "pop3"} {
		_, port, err := net.SplitHostPort(ports[name])
		if err != nil {
			t.Fatal(err)
		}
		filter = append(filter, "tcp port "+port)
	}
	file := filepath.Join(t.TempDir(), "caught.pcapng")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "tshark", "-i", "lo", "-w", file, "-f", strings.Join(filter, " or "), "-P", "-l", "-T", "fields", "-e", "tcp.srcport")
	c.Env = []string{"HOME=" + t.TempDir(), "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}
	shown, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatalf("tshark: %v; test/setup installs it", err)
	}
	from := make(chan string, 1<<16)
	go func() {
		defer close(from)
		for lines := bufio.NewScanner(shown); lines.Scan(); {
			from <- lines.Text()
		}
	}()
	knocks(t, ports["pop3"], closed, from)
	do()
	knocks(t, ports["pop3"], closed, from) // what came before the knock has been written
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	octets, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

// knocks connects until tshark has seen a packet of who does, which from names by
// its port, and until the server has seen the end of all that.
func knocks(t *testing.T, address string, closed <-chan struct{}, from <-chan string) {
	t.Helper()
	ours := map[string]bool{}
	for late := time.Now().Add(patience); time.Now().Before(late); {
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(nc.LocalAddr().String())
		ours[port] = true
		seen := heard(t, from, ours, 300*time.Millisecond)
		_ = nc.Close()
		<-closed
		if seen {
			return
		}
	}
	t.Fatal("tshark sees nothing")
}

// heard waits for a packet of one of ours.
func heard(t *testing.T, from <-chan string, ours map[string]bool, wait time.Duration) bool {
	t.Helper()
	for late := time.After(wait); ; {
		select {
		case port, ok := <-from:
			if !ok {
				t.Fatal("tshark cannot capture on lo; it needs the right to (root, or setcap cap_net_raw on dumpcap)")
			}
			if ours[port] {
				return true
			}
		case <-late:
			return false
		}
	}
}

// byHand are the lab's dialogues: a log-in and a message with a mistake, in telnet, one
// with pipelining, and the fetch.
func byHand(t *testing.T, ports map[string]string, closed <-chan struct{}) {
	t.Helper()
	smtp := dialog(t, ports["smtp"])
	if _, err := smtp.c.W.WriteString("\xff\xfb\x1f\xff\xfb\x18\xff\xfd\x03"); err != nil { // as PuTTY begins
		t.Fatal(err)
	}
	for _, line := range []string{"EHLO pc-pepe", "AUTH LOGIN", "cGVwZUBwZXBpdG8uZXM=", "Y2xhdmUtMjAyNg==", "MAIL FROM:<" + pepe + ">", "RCPT TO: nadie@pepito.es",
		"RCPT TO:<" + pepe + ">", "DATA", "Subject: one\r\n\r\nx\r\n.", "QUIT"} {
		smtp.says(line)
	}
	smtp.ends(closed)
	smtp = dialog(t, ports["smtp"])
	smtp.says("EHLO mta.example.org")
	smtp.says("MAIL FROM:<a@example.org>\r\nRCPT TO:<"+pepe+">\r\nRCPT TO:<nadie@pepito.es>\r\nDATA", 4)
	smtp.says("Subject: two\r\n\r\nx\r\n.\r\nQUIT", 2)
	smtp.ends(closed)
	pop := dialog(t, ports["pop3"])
	for _, line := range []string{"USER pepe", "PASS wrong", "USER pepe", "PASS " + secret, "STAT"} {
		pop.says(line)
	}
	for _, line := range []string{"LIST", "RETR 1", "UIDL"} {
		pop.says(line)
		if _, err := pop.c.ReadDotBytes(); err != nil {
			t.Fatal(err)
		}
	}
	pop.says("DELE 1\r\nNOOP\r\nQUIT", 3)
	pop.ends(closed)
}

// talked is a dialogue that a test holds.
type talked struct {
	t *testing.T
	c *textproto.Conn
}

func dialog(t *testing.T, address string) *talked {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	d := &talked{t, textproto.NewConn(nc)}
	d.hears(1)
	return d
}

func (d *talked) says(text string, replies ...int) {
	d.t.Helper()
	if err := d.c.PrintfLine("%s", text); err != nil {
		d.t.Fatal(err)
	}
	n := 1
	if len(replies) > 0 {
		n = replies[0]
	}
	d.hears(n)
}

func (d *talked) hears(n int) {
	d.t.Helper()
	for range n {
		for {
			line, err := d.c.ReadLine()
			if err != nil {
				d.t.Fatal(err)
			}
			for len(line) > 3 && line[0] == 0xff { // what it says in telnet
				line = line[3:]
			}
			if len(line) < 4 || line[0] < '0' || line[0] > '9' || line[3] != '-' {
				break
			}
		}
	}
}

// ends waits for the server's end too, so that sessions follow one another.
func (d *talked) ends(closed <-chan struct{}) {
	_ = d.c.Close()
	<-closed
}

// telling reads events into a book.
type telling struct {
	d    *dissect.Dissector
	book *story.Book
}

func newTelling() *telling {
	w := &telling{d: dissect.New(field.Set{}, func(*dissect.Frame) {}), book: story.New(story.Options{Keep: func(*story.Session) bool { return true }})}
	w.d.Tell(w.book)
	return w
}

func (w *telling) Wants(uint64, event.Layer, event.Part) bool { return true }

func (w *telling) Emit(e *event.Event) { w.d.Feed(e) }

func (w *telling) readCapture(t *testing.T, octets []byte) {
	t.Helper()
	r, err := capture.NewReader(bytes.NewReader(octets))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := capture.Read(t.Context(), r, w, capture.Limits{}); err != nil {
		t.Fatal(err)
	}
}

// drawing is the diagram of the sessions in which something was asked, as text
// and as a picture.
func (w *telling) drawing(t *testing.T, lang string) string {
	t.Helper()
	says, err := words.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	all, _ := w.book.Sessions()
	var asked []*story.Session
	for _, s := range all {
		for _, a := range s.Acts {
			if a.Kind == story.Command {
				asked = append(asked, s)
				break
			}
		}
	}
	if len(asked) != 3 {
		t.Fatalf("%d sessions", len(asked))
	}
	for i, s := range asked { // the list's numbers are no capture's streams
		s.Number = uint64(i + 1)
	}
	d := draw.New(asked, draw.Options{Words: says, NoTimes: true})
	var b bytes.Buffer
	if err := errors.Join(d.Text(&b, draw.TextOptions{Width: 120}), d.SVG(&b, draw.Light)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The diagram is the same from what the server recorded and exports, and from
// what tshark caught of it.
func TestSameDiagram(t *testing.T) {
	r := &recorder{closed: make(chan struct{}, 1<<10)}
	ports, operations := houseOf(t, config.Lab(), r)
	octets := caught(t, ports, r.closed, func() { byHand(t, ports, r.closed) })
	seen := newTelling()
	seen.readCapture(t, octets)

	var all []admin.Recorded
	if err := operations.Call(t.Context(), "session.recorded", admin.RecordedWhich{}, &all); err != nil {
		t.Fatal(err)
	}
	in := admin.SessionExport{}
	for _, one := range all {
		in.IDs = append(in.IDs, one.ID)
	}
	var exported bytes.Buffer
	if err := operations.Call(t.Context(), "session.export", in, &exported); err != nil {
		t.Fatal(err)
	}
	recorded := newTelling()
	recorded.readCapture(t, exported.Bytes())

	want := seen.drawing(t, "es")
	if !strings.Contains(want, "mensaje, 19 octetos") || !strings.Contains(want, "✗ 550 5.1.1") || !strings.Contains(want, "(2) RCPT") || !strings.Contains(want, "negociación de telnet, 9 octetos: WILL NAWS") {
		t.Errorf("tshark's capture gives\n%.6000s", want)
	}
	if got := recorded.drawing(t, "es"); got != want {
		t.Errorf("%s", firstDifference("the export", got, "the capture", want))
	}
}

// firstDifference shows the first lines that differ.
func firstDifference(aName, a, bName, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d of %s is\n%s\nof %s\n%s", i, aName, x[i], bName, y[i])
		}
	}
	return fmt.Sprintf("%s has %d lines, %s %d", aName, len(x), bName, len(y))
}
