//go:build whole

package captures

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"testing"

	"posta/admin"
	"posta/capture"
	"posta/config"
)

// insecure takes the certificates that the houses of tests make.
func insecure() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }

// sendLetter sends one with a log-in. It is short: where a packet has several
// records of TLS, tshark 4.0 passes over the dot that ends the data.
func sendLetter(t *testing.T, address string, starttls, implicit bool) {
	t.Helper()
	var c *smtp.Client
	var err error
	if implicit {
		var nc net.Conn
		if nc, err = tls.Dial("tcp", address, insecure()); err == nil {
			c, err = smtp.NewClient(nc, "127.0.0.1")
		}
	} else {
		c, err = smtp.Dial(address)
	}
	if err == nil && starttls {
		err = c.StartTLS(insecure())
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
		_, err = w.Write([]byte("From: pepe@pepito.es\r\nSubject: Asunto\r\n\r\n" + strings.Repeat("una carta\r\n", 20)))
	}
	if err == nil {
		err = errors.Join(w.Close(), c.Quit())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fetchLetter fetches the first one by POP3 over TLS.
func fetchLetter(t *testing.T, address string) {
	t.Helper()
	nc, err := tls.Dial("tcp", address, insecure())
	if err != nil {
		t.Fatal(err)
	}
	c := textproto.NewConn(nc)
	defer c.Close()
	for _, command := range []string{"", "USER pepe", "PASS " + secret, "RETR 1", "QUIT"} {
		if command != "" {
			err = c.PrintfLine("%s", command)
		}
		line, readErr := c.ReadLine()
		if command == "RETR 1" && readErr == nil {
			_, readErr = c.ReadDotLines()
		}
		if err = errors.Join(err, readErr); err != nil || !strings.HasPrefix(line, "+OK") {
			t.Fatal(command, line, err)
		}
	}
}

// exportedOf plays sessions in a house and gives what it writes of them.
func exportedOf(t *testing.T, cfg *config.Config, starttls bool, in admin.SessionExport) (file string, all []admin.Recorded) {
	t.Helper()
	r := &recorder{closed: make(chan struct{}, 16)}
	ports, operations := houseOf(t, cfg, r)
	sendLetter(t, ports["submission"], starttls, false)
	<-r.closed
	sendLetter(t, ports["submission"], true, false)
	<-r.closed
	sendLetter(t, ports["submissions"], false, true)
	<-r.closed
	fetchLetter(t, ports["pop3s"])
	<-r.closed
	if err := operations.Call(t.Context(), "session.recorded", admin.RecordedWhich{}, &all); err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		in.IDs = append(in.IDs, one.ID)
	}
	var b bytes.Buffer
	if err := operations.Call(t.Context(), "session.export", in, &b); err != nil {
		t.Fatal(err)
	}
	return saved(t, b.Bytes()), all
}

// noneStrange fails where tshark finds something wrong with the packets.
func noneStrange(t *testing.T, file, more string) {
	t.Helper()
	strange := wireshark(t, "tshark", "-n", "-r", file, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
		"-Y", "tcp.checksum.status != 1 || ip.checksum.status != 1 || _ws.malformed"+more)
	if strange != "" {
		t.Errorf("tshark finds strange\n%s", strange)
	}
}

// commandsOf are those that tshark sees, by stream.
func commandsOf(t *testing.T, file string) string {
	t.Helper()
	var out []string
	for _, line := range fields(t, file, "smtp.req.command || pop.request.command", "tcp.stream", "smtp.req.command", "pop.request.command") {
		stream, command, _ := strings.Cut(line, "|")
		out = append(out, stream+" "+strings.Trim(command, "|"))
	}
	return strings.Join(out, "|")
}

// tshark's smtp.req.command has four letters.
const (
	bySTARTTLS = "EHLO|# STAR|# EHLO|# AUTH|# MAIL|# RCPT|# DATA|# QUIT|"
	inClear    = "EHLO|# AUTH|# MAIL|# RCPT|# DATA|# QUIT|"
	byPOP3     = "USER|# PASS|# RETR|# QUIT"
)

func numbered(dialogues ...string) string {
	var out string
	for i, d := range dialogues {
		n := string(rune('0' + i))
		out += n + " " + strings.ReplaceAll(d, "#", n)
	}
	return out
}

// What a lab recorded, tshark opens and reads, inside TLS too, with the keys
// that the file itself holds.
func TestLabExport(t *testing.T) {
	file, all := exportedOf(t, config.Lab(), false, admin.SessionExport{StandardPorts: true})
	noneStrange(t, file, " || tcp.analysis.flags")
	if got, want := commandsOf(t, file), numbered(inClear, bySTARTTLS, inClear, byPOP3); got != want {
		t.Errorf("tshark sees\n%s, not\n%s", got, want)
	}
	subjects := fields(t, file, "imf.subject", "tcp.stream", "imf.subject")
	if want := []string{"0|Asunto", "1|Asunto", "2|Asunto"}; !slices.Equal(subjects, want) {
		t.Errorf("tshark sees the letters %q", subjects)
	}
	for i, one := range all {
		if one.Masked || one.Incomplete || one.Keys != (i > 0) || one.Closed.IsZero() {
			t.Errorf("session %d is %+v", one.ID, one)
		}
	}
}

// What a strict house recorded has no secret and no letter in it, in no octet
// of the file, and its dialogues stand in the clear.
func TestStrictExport(t *testing.T) {
	cfg := config.Default()
	file, all := exportedOf(t, cfg, true, admin.SessionExport{StandardPorts: true, Masked: true})
	noneStrange(t, file, "")
	octets, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + pepe + "\x00" + secret))
	for _, word := range []string{secret, plain, "una carta", "Subject", "SECRET", "CLIENT_"} {
		if bytes.Contains(octets, []byte(word)) {
			t.Errorf("%q stands in the file", word)
		}
	}
	if !bytes.Contains(octets, []byte(capture.Masked)) {
		t.Error("the file does not say that it is masked")
	}
	// Behind STARTTLS tshark 4.0 takes what follows missing octets for TLS.
	cut := strings.TrimSuffix(bySTARTTLS, "# QUIT|")
	if got, want := commandsOf(t, file), numbered(cut, cut, inClear, byPOP3); got != want {
		t.Errorf("tshark sees\n%s, not\n%s", got, want)
	}
	if passes := fields(t, file, "pop.request.command == \"PASS\"", "pop.request.parameter"); !slices.Equal(passes, []string{"********"}) {
		t.Errorf("PASS has %q", passes)
	}
	for _, one := range all {
		if !one.Masked || one.Keys {
			t.Errorf("session %d is %+v", one.ID, one)
		}
	}
}

// No capture of a masked session is made as if it were a clear one.
func TestStrictExportClear(t *testing.T) {
	r := &recorder{closed: make(chan struct{}, 16)}
	ports, operations := houseOf(t, config.Default(), r)
	sendLetter(t, ports["submissions"], false, true)
	<-r.closed
	err := operations.Call(t.Context(), "session.export", admin.SessionExport{IDs: []uint64{1}}, &bytes.Buffer{})
	var refused *admin.Error
	if !errors.As(err, &refused) || refused.Code != "refused" {
		t.Errorf("it says %v", err)
	}
}

// A house that records nothing says so.
func TestNoRecord(t *testing.T) {
	cfg := config.Lab()
	cfg.Record.Enabled = false
	r := &recorder{closed: make(chan struct{}, 16)}
	ports, operations := houseOf(t, cfg, r)
	sendLetter(t, ports["submissions"], false, true)
	<-r.closed
	var refused *admin.Error
	if err := operations.Call(t.Context(), "session.recorded", admin.RecordedWhich{}, nil); !errors.As(err, &refused) || refused.Code != "refused" {
		t.Errorf("it says %v", err)
	}
}
