//go:build whole && linux

package faults

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// way is how a letter is handed over.
type way int

const (
	byData  way = iota // one command at a time
	grouped            // MAIL, RCPT and DATA in one write (RFC 2920)
	byBDAT             // in chunks, all in one write (RFC 3030)
	ways
)

// sender is an SMTP client that knows nothing but how to send.
type sender struct {
	conn net.Conn
	in   *bufio.Reader
}

// refused is a reply that says no.
type refused struct{ reply string }

func (r refused) Error() string { return "refused: " + strings.TrimSpace(r.reply) }

func newSender(addr string) (*sender, error) {
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	s := &sender{conn, bufio.NewReader(conn)}
	if err = s.expect("220"); err == nil {
		err = s.ask("EHLO client.test\r\n", "250")
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

func (s *sender) close() { _ = s.conn.Close() }

// reply reads one whole reply.
func (s *sender) reply() (string, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	var all strings.Builder
	for {
		line, err := s.in.ReadString('\n')
		all.WriteString(line)
		if err != nil {
			return "", err
		}
		if len(line) < 4 || line[3] != '-' {
			return all.String(), nil
		}
	}
}

func (s *sender) expect(codes ...string) error {
	var wrong error
	for _, code := range codes {
		reply, err := s.reply()
		if err != nil {
			return err
		}
		if !strings.HasPrefix(reply, code) && wrong == nil {
			wrong = refused{reply}
		}
	}
	return wrong
}

func (s *sender) ask(line string, codes ...string) error {
	if _, err := s.conn.Write([]byte(line)); err != nil {
		return err
	}
	return s.expect(codes...)
}

// send hands a letter over; nil says that it was acknowledged.
func (s *sender) send(l letter, w way) error {
	err := s.hand(l, w)
	var no refused
	if errors.As(err, &no) {
		if e := s.ask("RSET\r\n", "250"); e != nil {
			return e
		}
	}
	return err
}

func (s *sender) hand(l letter, w way) error {
	commands := []string{"MAIL FROM:<sender@elsewhere.test>\r\n"}
	codes := []string{"250"}
	for _, to := range l.to {
		commands = append(commands, "RCPT TO:<"+account(to)+"@"+domain+">\r\n")
		codes = append(codes, "250")
	}
	if w == byBDAT {
		return s.chunks(l, strings.Join(commands, ""), codes)
	}
	commands, codes = append(commands, "DATA\r\n"), append(codes, "354")
	if w == grouped {
		if err := s.ask(strings.Join(commands, ""), codes...); err != nil {
			return err
		}
	} else {
		for i, c := range commands {
			if err := s.ask(c, codes[i]); err != nil {
				return err
			}
		}
	}
	return s.ask(string(l.stuffed()), "250")
}

// chunks sends everything at once: the commands and every chunk.
func (s *sender) chunks(l letter, commands string, codes []string) error {
	const most = 50_000
	var all bytes.Buffer
	all.WriteString(commands)
	for text := l.text(); len(text) > 0; codes = append(codes, "250") {
		n := min(len(text), most)
		last := ""
		if n == len(text) {
			last = " LAST"
		}
		fmt.Fprintf(&all, "BDAT %d%s\r\n", n, last)
		all.Write(text[:n])
		text = text[n:]
	}
	return s.ask(all.String(), codes...)
}

func account(i int) string { return fmt.Sprintf("u%d", i) }

func accounts(n int) []string {
	var names []string
	for i := range n {
		names = append(names, account(i))
	}
	return names
}
