//go:build whole && linux

package faults

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strings"
	"time"
)

// fetcher is a POP3 client in the transaction state.
type fetcher struct {
	conn net.Conn
	in   *bufio.Reader
}

func newFetcher(addr string, who int) (*fetcher, error) {
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	f := &fetcher{conn, bufio.NewReaderSize(conn, 64<<10)}
	_, err = f.line()
	if err == nil {
		_, err = f.ask("USER " + account(who))
	}
	if err == nil {
		_, err = f.ask("PASS " + password)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return f, nil
}

func (f *fetcher) close() { _ = f.conn.Close() }

func (f *fetcher) line() (string, error) {
	if err := f.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	line, err := f.in.ReadString('\n')
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(line, "+OK") {
		return "", refused{line}
	}
	return line, nil
}

func (f *fetcher) ask(command string) (string, error) {
	if _, err := fmt.Fprintf(f.conn, "%s\r\n", command); err != nil {
		return "", err
	}
	return f.line()
}

// count is what STAT says.
func (f *fetcher) count() (n int, err error) {
	line, err := f.ask("STAT")
	if err == nil {
		_, err = fmt.Sscanf(line, "+OK %d", &n)
	}
	return n, err
}

// retr gives a message without its stuffing.
func (f *fetcher) retr(n int) ([]byte, error) {
	if _, err := f.ask(fmt.Sprintf("RETR %d", n)); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err := f.lines(func(line []byte) { text.Write(line) })
	return text.Bytes(), err
}

// lines lends the lines of a multi-line answer.
func (f *fetcher) lines(each func([]byte)) error {
	for {
		line, err := f.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if string(line) == ".\r\n" {
			return nil
		}
		each(bytes.TrimPrefix(line, []byte(".")))
	}
}

// uidls are the unique ids, in order.
func (f *fetcher) uidls() ([]string, error) {
	if _, err := f.ask("UIDL"); err != nil {
		return nil, err
	}
	var ids []string
	err := f.lines(func(line []byte) {
		if _, id, ok := strings.Cut(strings.TrimSpace(string(line)), " "); ok {
			ids = append(ids, id)
		}
	})
	return ids, err
}
