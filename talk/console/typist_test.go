package console

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"posta/event"
	"posta/talk"
	"posta/wire/wiretest"
	"posta/words"
)

// typist is an Editor that types lines out of a list.
type typist struct {
	mu      sync.Mutex
	lines   []string
	screen  strings.Builder
	secrets int // lines that were typed unseen
	echoes  bool
}

func (e *typist) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.screen.Write(p)
}

func (e *typist) next() (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.lines) == 0 {
		return "", io.EOF
	}
	line := e.lines[0]
	e.lines = e.lines[1:]
	return line, nil
}

func (e *typist) Line(string, bool) (string, error) { return e.next() }

func (e *typist) Secret(string) (string, error) {
	e.secrets++
	return e.next()
}

func (e *typist) Echoes() bool { return e.echoes }

func (e *typist) Columns() int { return 80 }

func (e *typist) Close() error { return nil }

// scene is a conversation with a server that plays a script.
type scene struct {
	protocol string
	script   string
	typed    []string
	options  func(*Options)
	ended    error // what Run gives; nil for nothing
	any      bool  // it may give anything
}

// run gives the screen and what Run gives.
func (s scene) run(t *testing.T) (string, error) {
	t.Helper()
	s.any = true
	screen, _, c := s.play(t)
	return screen, c.failure
}

// play gives the screen, without times, and the console.
func (s scene) play(t *testing.T) (string, *typist, *Console) {
	t.Helper()
	near, played := wiretest.Play(s.script, nil)
	en, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	e := &typist{lines: s.typed}
	o := Options{
		Protocol: s.protocol, Name: "me.example", Words: en, Editor: e, Patience: 5 * time.Second,
		Dial: func(context.Context) (*talk.Tap, error) {
			return talk.NewTap(near, event.Discard{}, 1, event.Opened{Protocol: s.protocol}), nil
		},
		Secure: func(context.Context, *talk.Tap) error { return nil },
		Ended:  func(err error) error { return err },
		Record: func(string) error { return nil },
	}
	if s.options != nil {
		s.options(&o)
	}
	c := New(o)
	if err := c.Run(t.Context()); !s.any && !errors.Is(err, s.ended) {
		t.Errorf("Run: %v", err)
	}
	if err := <-played; err != nil {
		t.Errorf("the server: %v\n%s", err, e.screen.String())
	}
	return regexp.MustCompile(`(?m)   [0-9.]+ m?s$`).ReplaceAllString(e.screen.String(), ""), e, c
}

// wants are lines that the screen must show, in their order.
func wants(t *testing.T, screen string, lines ...string) {
	t.Helper()
	rest := screen
	for _, line := range lines {
		_, behind, ok := strings.Cut(rest, line+"\n")
		if !ok {
			t.Errorf("the screen does not show %q behind what came before:\n%s", line, screen)
			return
		}
		rest = behind
	}
}

// host is a Host of one connection.
type host struct{ nc *wiretest.Conn }

func (h host) Dial(string) (net.Conn, error) { return h.nc, nil }

func (h host) TLS() *tls.Config { return nil }

func (h host) Mailbox(string) ([][]byte, error) { return nil, nil }

func (h host) Stop() {}

func (h host) Close() error { return nil }
