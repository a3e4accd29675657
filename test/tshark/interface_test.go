//go:build whole

package tshark_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/capture"
)

const insideVariable = "POSTA_TEST_NETWORK"

// alone runs the test again in a network of its own, in which it may capture,
// and says whether this is that run.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(insideVariable) != "" {
		if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
			t.Fatalf("ip: %v\n%s", err, out)
		}
		return true
	}
	args := []string{"-n", os.Args[0], "-test.v", "-test.run", "^" + t.Name() + "$"}
	if os.Getuid() != 0 {
		args = append([]string{"-r"}, args...)
	}
	c := exec.Command("unshare", args...)
	c.Env = append(os.Environ(), insideVariable+"=1")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("it did not run:\n%s", out)
	}
	return false
}

// passedAt are the packets of a capture that have a port.
func passedAt(t *testing.T, file string, port uint16) (all []capture.Packet) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := capture.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for p := (capture.Packet{}); ; {
		err := r.Next(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		ports := p.Data[34:38] // Ethernet, IPv4 without options
		if uint16(ports[0])<<8|uint16(ports[1]) == port || uint16(ports[2])<<8|uint16(ports[3]) == port {
			p.Data = slices.Clone(p.Data)
			all = append(all, p)
		}
	}
}

// knock connects again and again, until those who listen have heard it.
func knock(address string) (stop func()) {
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-over:
				return
			case <-time.After(50 * time.Millisecond):
				if c, err := net.Dial("tcp", address); err == nil {
					_, _ = io.WriteString(c, "QUIT\r\n")
					_, _ = io.Copy(io.Discard, c)
					_ = c.Close()
				}
			}
		}
	}()
	return func() {
		close(over)
		<-done
	}
}

// What posta captures at an interface is what tshark captures there.
func TestInterface(t *testing.T) {
	if !alone(t) {
		return
	}
	b := newBench(t)
	addresses := b.lab(t)
	_, port, _ := net.SplitHostPort(addresses["smtp"])
	folder := t.TempDir()
	ours, picked, theirs := filepath.Join(folder, "ours.pcapng"), filepath.Join(folder, "picked.pcapng"), filepath.Join(folder, "theirs.pcapng")
	endOurs := b.capturing(t, "-i", "lo", "--ports", port, "-w", ours)
	endPicked := b.capturing(t, "-i", "lo", "--ports", port, "-w", picked, "--filter", `smtp.req.command == "NOOP"`)
	shown, endShown := b.lines(t, "posta", "capture", "-i", "lo", "--ports", port)
	await, end := b.lines(t, "tshark", "-i", "lo", "-B", "64", "-f", "tcp port "+port, "-d", "tcp.port=="+port+",smtp", "-w", theirs, "-P", "-l")
	stop := knock(addresses["smtp"])
	await("QUIT")
	shown("C: QUIT")
	stop()

	s := call(t, addresses["smtp"])
	for _, line := range []string{"EHLO first.example", "NOOP", "MAIL FROM:<ana@example.net>", "RCPT TO:<pepe@pepito.es>", "DATA"} {
		s.say(line)
	}
	s.say(strings.Repeat("a line of a long message\r\n", 80_000) + ".")
	s.say("QUIT")
	call(t, addresses["smtp"]).say("EHLO last.example") // who hears this has heard all before
	shown("C: EHLO last.example")
	await("EHLO last.example")
	endOurs()
	endPicked()
	endShown()
	end()

	client := uint16(s.conn.LocalAddr().(*net.TCPAddr).Port)
	want := passedAt(t, theirs, client)
	got := passedAt(t, ours, client)
	if len(want) < 50 || len(got) != len(want) {
		t.Fatalf("posta has %d packets, tshark %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i].Data, want[i].Data) || got[i].Wire != want[i].Wire || got[i].Link != want[i].Link ||
			got[i].Time.Sub(want[i].Time).Abs() > 100*time.Millisecond {
			t.Errorf("packet %d differs: %d octets at %v, and %d at %v", i, got[i].Wire, got[i].Time, want[i].Wire, want[i].Time)
		}
	}
	if all := passedAt(t, picked, mustPort(t, port)); len(all) < len(want)-2 || len(all) > len(want) {
		t.Errorf("of the one session that the filter holds of, %d packets of %d", len(all), len(want))
	}
	if said := b.must(t, "capinfos", ours); !strings.Contains(said, "Number of stat entries = 1") {
		t.Errorf("capinfos: %s", said)
	}
	c := b.command(t.Context(), "setpriv", "--bounding-set=-net_raw", b.program, "capture", "-i", "lo", "-w", filepath.Join(folder, "x.pcapng"))
	if said, err := c.CombinedOutput(); err == nil || !bytes.Contains(said, []byte("setcap cap_net_raw+ep "+b.program)) {
		t.Errorf("without the capability: %v\n%s", err, said)
	}
}

func mustPort(t *testing.T, text string) uint16 {
	t.Helper()
	n, err := net.LookupPort("tcp", text)
	if err != nil {
		t.Fatal(err)
	}
	return uint16(n)
}

// capturing runs a posta capture until end is called.
func (b *bench) capturing(t *testing.T, args ...string) (end func()) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	c := b.command(ctx, "posta", append([]string{"capture"}, args...)...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	out, err := c.StderrPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	begun := make([]byte, 9)
	if _, err := io.ReadFull(out, begun); err != nil || string(begun) != "capturing" {
		rest, _ := io.ReadAll(out)
		t.Fatalf("%q: %s%s", args, begun, rest)
	}
	return func() {
		stop()
		rest, _ := io.ReadAll(out)
		if c.Wait(); c.ProcessState.ExitCode() != 0 {
			t.Errorf("%q ended with %v: %s", args, c.ProcessState, rest)
		}
	}
}
