//go:build whole && linux

package hops

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// sink is a next hop that does what a test wants, and counts what it has taken.
type sink struct {
	t       *testing.T
	addr    string
	offer   string                                  // the reply to EHLO; "": one that offers PIPELINING
	does    func(what string, n int) (said, ending) // in the place of the usual; nil: nothing
	holds   func(nc net.Conn, gone <-chan struct{}) // instead of all: a tarpit
	running sync.WaitGroup

	mu     sync.Mutex
	l      net.Listener
	gone   chan struct{} // closed when it is stopped
	open   map[net.Conn]struct{}
	counts map[string]int // of each thing that was said to it
	taken  map[string]int // copies, by recipient
	first  time.Time      // when the first was taken
	last   time.Time
	silent int // messages that were taken without a word
}

// said is a reply with its line ends; "" is the usual.
type said string

// ending is what becomes of the connection.
type ending int

const (
	goesOn ending = iota
	closes        // behind the reply
	breaks        // without a reply
)

// listen makes a sink and starts it.
func listen(t *testing.T, addr string) *sink {
	s := &sink{t: t, addr: addr + ":25", counts: map[string]int{}, taken: map[string]int{}}
	t.Cleanup(s.stop)
	return s
}

func (s *sink) start() *sink {
	s.t.Helper()
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	s.l, s.gone, s.open = l, make(chan struct{}), map[net.Conn]struct{}{}
	s.mu.Unlock()
	s.running.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			if !s.enters(l, nc) {
				continue
			}
			s.running.Go(func() {
				if s.holds != nil {
					s.holds(nc, s.gone)
				} else {
					(&visit{s: s, nc: nc, in: bufio.NewReaderSize(nc, 64<<10)}).serve()
				}
				nc.Close()
				s.mu.Lock()
				delete(s.open, nc)
				s.mu.Unlock()
			})
		}
	})
	return s
}

// enters notes a connection, unless the sink was stopped before it came so far.
func (s *sink) enters(l net.Listener, nc net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.l != l {
		nc.Close()
		return false
	}
	s.open[nc] = struct{}{}
	return true
}

// stop is as if the host's plug were pulled.
func (s *sink) stop() {
	s.mu.Lock()
	if s.l != nil {
		s.l.Close()
		s.l = nil
		close(s.gone)
		for nc := range s.open {
			_ = nc.(*net.TCPConn).SetLinger(0)
			nc.Close()
		}
	}
	s.mu.Unlock()
	s.running.Wait()
}

// connections is how many are open.
func (s *sink) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// got gives the recipients whose mail was taken, with the copies.
func (s *sink) got() (all map[string]int, copies int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all = map[string]int{}
	for to, n := range s.taken {
		all[to] = n
		copies += n
	}
	return all, copies
}

// visit is one connection.
type visit struct {
	s  *sink
	nc net.Conn
	in *bufio.Reader
	to []string
	of int // recipients that were named in this transaction
}

// answer says the usual, or what the test wants; false: the connection ends.
func (v *visit) answer(what string, n int, usual string) bool {
	reply, end := said(""), goesOn
	if v.s.does != nil {
		reply, end = v.s.does(what, n)
	}
	if end == breaks {
		return false
	}
	if reply == "" {
		reply = said(usual + "\r\n")
	}
	_, err := io.WriteString(v.nc, string(reply))
	return err == nil && end != closes
}

// count counts what was said, among all connections.
func (v *visit) count(what string) int {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	v.s.counts[what]++
	return v.s.counts[what]
}

func (v *visit) serve() {
	offer := v.s.offer
	if offer == "" {
		offer = "250-sink.test\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES"
	}
	for on := v.answer("greeting", v.count("greeting"), "220 sink.test ESMTP"); on; {
		line, err := v.in.ReadString('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(strings.TrimSpace(line[:min(len(line), 4)]))
		n := v.count(verb)
		switch verb {
		case "EHLO":
			on = v.answer(verb, n, offer)
		case "MAIL":
			v.to, v.of = nil, 0
			on = v.answer(verb, n, "250 ok")
		case "RCPT":
			on = v.rcpt(line, n)
		case "DATA":
			if len(v.to) == 0 {
				on = v.answer(verb, n, "554 no recipients")
				continue
			}
			on = v.answer(verb, n, "354 go") && v.message()
		case "QUIT":
			v.answer(verb, n, "221 bye")
			return
		default:
			on = v.answer(verb, n, "250 ok")
		}
	}
}

// rcpt notes a recipient, unless the test refuses it: crowded is every third of a
// transaction.
func (v *visit) rcpt(line string, n int) bool {
	v.of++
	what, refused := "RCPT", false
	if v.of%3 == 0 {
		what = "third RCPT"
	}
	if v.s.does != nil {
		reply, _ := v.s.does(what, n)
		refused = reply != "" && reply[0] != '2'
	}
	if to, _, ok := strings.Cut(line[strings.IndexByte(line, '<')+1:], "@"); ok && !refused {
		v.to = append(v.to, to)
	}
	return v.answer(what, n, "250 ok")
}

// message takes a message, and counts it before it says so.
func (v *visit) message() bool {
	for {
		line, err := v.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
	}
	n := v.count("dot")
	reply, end := said(""), goesOn
	if v.s.does != nil {
		reply, end = v.s.does("dot", n)
	}
	if reply == "" || reply[0] == '2' {
		v.s.mu.Lock()
		for _, to := range v.to {
			v.s.taken[to]++
		}
		if v.s.last = time.Now(); v.s.first.IsZero() {
			v.s.first = v.s.last
		}
		if end == breaks {
			v.s.silent++
		}
		v.s.mu.Unlock()
	}
	v.to, v.of = nil, 0
	return v.answer("dot", n, "250 2.0.0 mine")
}

// The tarpits. Each ends with its sink.

// neverGreets accepts, and that is all.
func neverGreets(nc net.Conn, _ <-chan struct{}) { _, _ = io.Copy(io.Discard, nc) }

// drips answers everything, an octet a second.
func drips(nc net.Conn, gone <-chan struct{}) {
	in := bufio.NewScanner(nc)
	for reply := "220 tarpit.test ESMTP\r\n"; ; reply = "250 tarpit.test\r\n" {
		for i := range len(reply) {
			if _, err := nc.Write([]byte{reply[i]}); err != nil || over(gone) {
				return
			}
		}
		if !in.Scan() {
			return
		}
	}
}

// readsSlowly is quick until the message, of which it reads an octet a second.
func readsSlowly(nc net.Conn, gone <-chan struct{}) {
	_ = nc.(*net.TCPConn).SetReadBuffer(1024)
	v := &visit{s: &sink{counts: map[string]int{}, does: func(what string, _ int) (said, ending) {
		if what == "DATA" {
			return "354 go\r\n", closes
		}
		return "", goesOn
	}}, nc: nc, in: bufio.NewReaderSize(nc, 16)}
	v.serve()
	for _, err := v.in.ReadByte(); err == nil && !over(gone); {
		_, err = v.in.ReadByte()
	}
}

// over waits for a second, or the end.
func over(gone <-chan struct{}) bool {
	select {
	case <-gone:
		return true
	case <-time.After(time.Second):
		return false
	}
}

// inject hands messages in over some connections, and gives the recipients of those
// that were acknowledged. It ends early where the server does.
func (p *posta) inject(all [][]string, connections int) (taken []string) {
	work := make(chan []string, len(all))
	for _, to := range all {
		work <- to
	}
	close(work)
	var mu sync.Mutex
	var clients sync.WaitGroup
	for range connections {
		clients.Go(func() {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(10, 78, 0, 2)}}
			nc, err := d.Dial("tcp", p.address+":587")
			if err != nil {
				return
			}
			defer nc.Close()
			in := bufio.NewReader(nc)
			ask := func(text string, codes ...string) bool {
				if _, err := io.WriteString(nc, text); err != nil {
					return false
				}
				for _, code := range codes {
					line, err := in.ReadString('\n')
					for err == nil && len(line) > 3 && line[3] == '-' {
						line, err = in.ReadString('\n')
					}
					if err == nil && !strings.HasPrefix(line, code) {
						p.t.Errorf("%q: %s", text, line)
					}
					if err != nil || !strings.HasPrefix(line, code) {
						return false
					}
				}
				return true
			}
			if !ask("", "220") || !ask("EHLO client.test\r\n", "250") {
				return
			}
			for to := range work {
				envelope, codes := "MAIL FROM:<pepe@a.test>\r\n", []string{"250"}
				for _, one := range to {
					envelope += "RCPT TO:<" + one + ">\r\n"
					codes = append(codes, "250")
				}
				if !ask(envelope+"DATA\r\n", append(codes, "354")...) || !ask("Subject: "+to[0]+"\r\n\r\n"+strings.Repeat("Some text in a line.\r\n", 100)+".\r\n", "250") {
					return
				}
				mu.Lock()
				for _, one := range to {
					name, _, _ := strings.Cut(one, "@")
					taken = append(taken, name)
				}
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	return taken
}

// numbered gives so many messages, each to a recipient of its own in a domain.
func numbered(from, n int, domain string) (all [][]string) {
	for i := range n {
		all = append(all, []string{fmt.Sprintf("n%05d@%s", from+i, domain)})
	}
	return all
}

// crowds gives messages to several recipients each.
func crowds(messages, of int, domain string) (all [][]string) {
	for chunk := range slices.Chunk(numbered(0, messages*of, domain), of) {
		var to []string
		for _, one := range chunk {
			to = append(to, one...)
		}
		all = append(all, to)
	}
	return all
}
