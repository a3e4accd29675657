//go:build whole

package captures

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"

	"posta/admin"
	"posta/capture"
	"posta/config"
	"posta/event"
	"posta/server"
	"posta/test/serving"
)

const (
	pepe   = "pepe@pepito.es"
	secret = "clave-2026"
)

// recorder keeps copies of what sessions do.
type recorder struct {
	mu     sync.Mutex
	events []event.Event
	closed chan struct{} // a session ended
}

func (r *recorder) Wants(uint64, event.Layer, event.Part) bool { return true }

func (r *recorder) Emit(e *event.Event) {
	r.mu.Lock()
	one := *e
	one.Data, one.Mask = bytes.Clone(e.Data), slices.Clone(e.Mask)
	r.events = append(r.events, one)
	r.mu.Unlock()
	if e.Kind == event.Close {
		r.closed <- struct{}{}
	}
}

// recorded is what a lab's sessions did: a letter sent in the clear with a
// log-in, one under STARTTLS, and a POP3 session. Keys is the client's key log.
func recorded(t *testing.T) (r *recorder, keys []byte) {
	r = &recorder{closed: make(chan struct{}, 16)}
	ports := house(t, r)
	letter := "From: pepe@pepito.es\r\nSubject: Asunto\r\n\r\n" + strings.Repeat("una carta larga\r\n", 10_000)
	var log bytes.Buffer
	for _, secured := range []bool{false, true} {
		c, err := smtp.Dial(ports["smtp"])
		if err == nil && secured {
			err = c.StartTLS(&tls.Config{InsecureSkipVerify: true, KeyLogWriter: &log})
		}
		if err == nil {
			err = c.Auth(smtp.PlainAuth("", pepe, secret, "127.0.0.1"))
		}
		if err == nil {
			err = errors.Join(c.Mail(pepe), c.Rcpt(pepe))
		}
		if err != nil {
			t.Fatal(err)
		}
		w, err := c.Data()
		if err == nil {
			_, err = w.Write([]byte(letter))
		}
		if err == nil {
			err = errors.Join(w.Close(), c.Quit())
		}
		if err != nil {
			t.Fatal(err)
		}
		<-r.closed
	}
	popDialogue(t, ports["pop3"])
	<-r.closed
	return r, log.Bytes()
}

func popDialogue(t *testing.T, address string) {
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c := textproto.NewConn(nc)
	defer c.Close()
	for _, command := range []string{"", "USER pepe", "PASS " + secret, "STAT", "QUIT"} {
		if command != "" {
			err = c.PrintfLine("%s", command)
		}
		line, readErr := c.ReadLine()
		if err = errors.Join(err, readErr); err != nil || !strings.HasPrefix(line, "+OK") {
			t.Fatal(command, line, err)
		}
	}
}

// house is a lab on free ports, watched by sink.
func house(t *testing.T, sink event.Sink) map[string]string {
	ports, _ := houseOf(t, config.Lab(), sink)
	return ports
}

// houseOf is one of a configuration, on free ports.
func houseOf(t *testing.T, cfg *config.Config, sink event.Sink) (map[string]string, *admin.Table) {
	t.Helper()
	cfg.Hostname, cfg.DefaultDomain, cfg.Data = "mail.posta.test", "pepito.es", t.TempDir()
	for i := range cfg.Listeners {
		cfg.Listeners[i].Addr = "127.0.0.1:0"
	}
	h, addrs, _ := serving.Start(t, cfg, server.Options{Sink: sink})
	password := secret
	err := h.Operations().Call(t.Context(), "domain.add", admin.DomainChange{Name: "pepito.es"}, nil)
	if err == nil {
		err = h.Operations().Call(t.Context(), "account.add", admin.AccountChange{Address: pepe, Password: &password}, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return addrs, h.Operations()
}

// written is a capture of what was recorded, and how many packets it has.
func (r *recorder) written(t *testing.T, o capture.SessionOptions, keys []byte) (file string, packets int) {
	var b bytes.Buffer
	s, err := capture.NewSessions(&b, o)
	if err == nil && keys != nil {
		err = s.Secret(capture.Secret{Type: capture.SecretTLS, Data: keys})
	}
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.events {
		s.Emit(&r.events[i])
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	in, err := capture.NewReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var p capture.Packet
	for err == nil {
		err = in.Next(&p)
	}
	return saved(t, b.Bytes()), in.Packets()
}

// Wireshark's programs open what posta writes of its sessions, find nothing
// wrong with it, and see the dialogues, those inside TLS too.
func TestSessionsInWireshark(t *testing.T) {
	r, keys := recorded(t)
	file, packets := r.written(t, capture.SessionOptions{Application: "posta", StandardPorts: true}, keys)
	if about := wireshark(t, "capinfos", "-M", "-c", "-k", "-E", file); !strings.Contains(about, fmt.Sprintf("Number of packets:   %d\n", packets)) ||
		!strings.Contains(about, capture.Synthesized) || !strings.Contains(about, "Ethernet") {
		t.Errorf("%d packets; capinfos says\n%s", packets, about)
	}
	wireshark(t, "editcap", file, file+".again")
	checked := []string{"-n", "-r", file, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-Y"}
	if strange := wireshark(t, "tshark", append(checked, "tcp.checksum.status != 1 || ip.checksum.status != 1 || tcp.analysis.flags || _ws.malformed")...); strange != "" {
		t.Errorf("tshark finds strange\n%s", strange)
	}
	// tshark's smtp.req.command has four letters.
	want := "0 EHLO|0 AUTH|0 MAIL|0 RCPT|0 DATA|0 QUIT|1 EHLO|1 STAR|1 EHLO|1 AUTH|1 MAIL|1 RCPT|1 DATA|1 QUIT|2 USER|2 PASS|2 STAT|2 QUIT"
	var commands []string
	for _, line := range fields(t, file, "smtp.req.command || pop.request.command", "tcp.stream", "smtp.req.command", "pop.request.command") {
		stream, command, _ := strings.Cut(line, "|")
		commands = append(commands, stream+" "+strings.Trim(command, "|"))
	}
	if got := strings.Join(commands, "|"); got != want {
		t.Errorf("tshark sees\n%s, not\n%s", got, want)
	}
	if subjects := fields(t, file, "imf.subject", "tcp.stream", "imf.subject"); !slices.Equal(subjects, []string{"0|Asunto", "1|Asunto"}) {
		t.Errorf("tshark sees the letters %q", subjects)
	}
	if whole := slices.Compact(fields(t, file, "tcp.completeness == 31", "tcp.stream")); !slices.Equal(whole, []string{"0", "1", "2"}) {
		t.Errorf("only the streams %q are complete", whole)
	}
}

// Without keys tshark sees nothing inside TLS, and with the ports as they are
// the file says how it sees the rest.
func TestSessionsAsTheyAre(t *testing.T) {
	r, _ := recorded(t)
	file, _ := r.written(t, capture.SessionOptions{}, nil)
	comments := fields(t, file, "tcp.flags.syn == 1 && tcp.flags.ack == 0", "frame.comment", "tcp.dstport")
	if len(comments) != 3 {
		t.Fatalf("the sessions begin with %q", comments)
	}
	_, rule, _ := strings.Cut(comments[0], "tshark with -d ")
	rule, _, _ = strings.Cut(rule, ".|")
	port := comments[0][strings.LastIndex(comments[0], "|")+1:]
	if rule != "tcp.port=="+port+",smtp" {
		t.Fatalf("the comment is %q", comments[0])
	}
	out := wireshark(t, "tshark", "-n", "-r", file, "-d", rule, "-Y", "smtp.req.command == \"MAIL\"", "-T", "fields", "-e", "tcp.stream")
	if out != "0\n" {
		t.Errorf("MAIL is seen in the streams %q", out)
	}
}

// Masked, the secrets and the letters are in no packet, and the dialogue of
// the TLS session stands in the clear.
func TestSessionsMaskedInWireshark(t *testing.T) {
	r, _ := recorded(t)
	file, _ := r.written(t, capture.SessionOptions{Masked: true, StandardPorts: true}, nil)
	for _, secret := range []string{secret, "AHBlcGVA", "una carta"} {
		if found := wireshark(t, "tshark", "-n", "-r", file, "-Y", fmt.Sprintf("frame contains %q", secret)); found != "" {
			t.Errorf("%q stands in\n%s", secret, found)
		}
	}
	mails := fields(t, file, "smtp.req.command == \"MAIL\"", "tcp.stream")
	passes := fields(t, file, "pop.request.command == \"PASS\"", "pop.request.parameter")
	if !slices.Equal(mails, []string{"0", "1"}) || !slices.Equal(passes, []string{"********"}) {
		t.Errorf("MAIL is in the streams %q; PASS has %q", mails, passes)
	}
}

// The ends of what was recorded are those of the packets.
func TestSessionsEnds(t *testing.T) {
	r, _ := recorded(t)
	file, _ := r.written(t, capture.SessionOptions{}, nil)
	var ends []string
	for _, e := range r.events {
		if f, ok := e.Fact.(event.Opened); ok {
			ends = append(ends, both(f.Remote, f.Local))
		}
	}
	if got := fields(t, file, "tcp.flags.syn == 1 && tcp.flags.ack == 0", "ip.src", "tcp.srcport", "ip.dst", "tcp.dstport"); !slices.Equal(got, ends) {
		t.Errorf("the packets are of %q, not %q", got, ends)
	}
}

func both(a, b netip.AddrPort) string {
	return fmt.Sprintf("%s|%d|%s|%d", a.Addr(), a.Port(), b.Addr(), b.Port())
}
