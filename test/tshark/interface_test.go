//go:build whole && linux

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

	"golang.org/x/sys/unix"

	"posta/capture"
	"posta/capture/nic"
	"posta/event"
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

// sentBy are the packets that one end sent. Two sockets that listen at an
// interface agree about their order, and not about that of what both ends send in
// the same microsecond on two processors.
func sentBy(port uint16, packets []capture.Packet) (sent []capture.Packet) {
	for _, p := range packets {
		if uint16(p.Data[34])<<8|uint16(p.Data[35]) == port {
			sent = append(sent, p)
		}
	}
	return sent
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
	if _, err := io.Copy(io.Discard, s.in); err != nil { // the server has hung up, too
		t.Fatal(err)
	}
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
	for _, end := range []uint16{client, mustPort(t, port)} {
		want, got := sentBy(end, want), sentBy(end, got)
		if len(want) < 10 || len(got) != len(want) {
			t.Fatalf("of port %d posta has %d packets, tshark %d", end, len(got), len(want))
		}
		for i := range want {
			if !bytes.Equal(got[i].Data, want[i].Data) || got[i].Wire != want[i].Wire || got[i].Link != want[i].Link ||
				got[i].Time.Sub(want[i].Time).Abs() > 100*time.Millisecond {
				t.Errorf("packet %d of port %d differs: %d octets at %v, and %d at %v", i, end, got[i].Wire, got[i].Time, want[i].Wire, want[i].Time)
			}
		}
	}
	if all := passedAt(t, picked, mustPort(t, port)); len(all) < len(want)-2 || len(all) > len(want) {
		t.Errorf("of the one session that the filter holds of, %d packets of %d", len(all), len(want))
	}
	for _, file := range []string{ours, picked} { // what is found stands at the packets
		said := b.must(t, "tshark", "-r", file, "-Y", `frame.comment contains "message-readable"`, "-T", "fields", "-e", "frame.comment")
		if !strings.Contains(said, "warning, message-readable: 2080000 octets of a message could be read.") {
			t.Errorf("%s bears no finding of the message:\n%s", filepath.Base(file), said)
		}
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
	ctx, stop := context.WithTimeout(context.Background(), patience)
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

// listening opens an interface.
func listening(t *testing.T, name string, o nic.Options) *nic.Source {
	t.Helper()
	s, err := nic.Open(name, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// ip configures the network of the test.
func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %q: %v\n%s", args, err, out)
	}
}

// A frame with a VLAN tag, which the kernel takes out, is captured as it was; one
// of another port is not captured.
func TestInterfaceVLAN(t *testing.T) {
	if !alone(t) {
		return
	}
	ip(t, "link", "add", "left", "type", "veth", "peer", "name", "right")
	ip(t, "link", "set", "left", "up")
	ip(t, "link", "set", "right", "up")
	s := listening(t, "right", nic.Options{Ports: []uint16{25}})
	frame := func(port byte) []byte {
		b := append(bytes.Repeat([]byte{0xff}, 6), 2, 0, 0, 0, 0, 1, 0x81, 0, 0x20, 7, 8, 0) // IEEE 802.1Q: priority 1, VLAN 7
		b = append(b, 0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2)
		return append(b, 0x9c, 0x40, 0, port, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	left, err := net.InterfaceByName("left")
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range []byte{80, 25} {
		if err := unix.Sendto(fd, frame(port), 0, &unix.SockaddrLinklayer{Ifindex: left.Index, Halen: 6}); err != nil {
			t.Fatal(err)
		}
	}
	var p capture.Packet
	if ok, err := s.Next(&p, patience); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if !bytes.Equal(p.Data, frame(25)) || p.Wire != len(p.Data) {
		t.Errorf("% x\nnot\n% x", p.Data, frame(25))
	}
	ip(t, "link", "set", "right", "down")
	if ok, err := s.Next(&p, patience); ok || !errors.Is(err, unix.ENETDOWN) {
		t.Errorf("of an interface that is down: %v, %v", ok, err)
	}
}

// heardText is a Sink that gathers what was said.
type heardText struct{ text strings.Builder }

func (h *heardText) Wants(uint64, event.Layer, event.Part) bool { return true }
func (h *heardText) Emit(e *event.Event) {
	if e.Kind == event.Data {
		h.text.Write(e.Data)
	}
}

// All interfaces together are one; what is said over IPv6 comes once.
func TestInterfaceAny(t *testing.T) {
	if !alone(t) {
		return
	}
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := listening(t, nic.Any, nic.Options{Ports: []uint16{uint16(l.Addr().(*net.TCPAddr).Port)}})
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = io.WriteString(c, "220 hello\r\n")
			_ = c.Close()
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, c)
	_ = c.Close()
	heard := &heardText{}
	j := capture.NewJoiner(heard, capture.Limits{})
	packets := 0
	const least, most = 7, 10
	for p, wait := (capture.Packet{}), patience; ; packets++ {
		if packets >= least { // what is too much comes soon behind it
			wait = 500 * time.Millisecond
		}
		ok, err := s.Next(&p, wait)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		p.Number = uint32(packets + 1)
		j.Feed(&p)
	}
	j.End()
	if heard.text.String() != "220 hello\r\n" || packets < least || packets > most {
		t.Errorf("in %d packets, it hears %q", packets, heard.text.String())
	}
}

// What is not taken in time is counted.
func TestInterfaceDrops(t *testing.T) {
	if !alone(t) {
		return
	}
	s := listening(t, "lo", nic.Options{All: true})
	to, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	const sent = 2000
	for range sent {
		if _, err := to.WriteTo(make([]byte, 40_000), to.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	got := uint64(0)
	for p := (capture.Packet{}); ; {
		ok, err := s.Next(&p, 500*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		if len(p.Data) != 40_000+42 || p.Wire != len(p.Data) {
			t.Fatalf("%d octets of %d", len(p.Data), p.Wire)
		}
		got++
	}
	if stats := s.Stats(); stats.Dropped == 0 || got < 300 || got > sent/2 || stats.Received != got+stats.Dropped {
		t.Errorf("%d came, and it counts %+v", got, stats)
	}
}
