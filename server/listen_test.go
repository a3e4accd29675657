package server

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"posta/config"
)

func TestElsewhere(t *testing.T) {
	if got := elsewhere("25"); got[0] != "2525" || got[1] != "3525" || got[len(got)-1] != "0" {
		t.Errorf("in place of 25: %v", got)
	}
	if got := elsewhere("4444"); !slices.Equal(got, []string{"0"}) {
		t.Errorf("in place of 4444: %v", got)
	}
}

func TestListenSaysWhoHasThePort(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	l := config.Listener{Name: "smtp", Addr: taken.Addr().String()}
	_, _, err = listen(context.Background(), l, false)
	var op *net.OpError
	if err == nil || !strings.Contains(err.Error(), "listener smtp cannot have "+l.Addr+": another program has it") || errors.As(err, &op) {
		t.Errorf("it says %v", err)
	}
	socket, bound, err := listen(context.Background(), l, true)
	if err != nil || bound.Why != Used || bound.Port == 0 {
		t.Fatalf("with fallback: %+v %v", bound, err)
	}
	if runtime.GOOS == "linux" && (bound.PID != os.Getpid() || bound.Program == "") {
		t.Errorf("the port is held by %s, PID %d; this is %d", bound.Program, bound.PID, os.Getpid())
	}
	if err := socket.Close(); err != nil {
		t.Error(err)
	}
}

// fakeSocket gives connections that say they come from somewhere.
type fakeSocket struct {
	net.Listener
	from []string
}

func (f *fakeSocket) Accept() (net.Conn, error) {
	if len(f.from) == 0 {
		return nil, net.ErrClosed
	}
	remote, local, _ := strings.Cut(f.from[0], " ")
	f.from = f.from[1:]
	a, b := net.Pipe()
	_ = b.Close()
	return fakeConn{a, &net.TCPAddr{IP: net.ParseIP(remote)}, &net.TCPAddr{IP: net.ParseIP(local)}}, nil
}

type fakeConn struct {
	net.Conn
	remote, local net.Addr
}

func (f fakeConn) RemoteAddr() net.Addr { return f.remote }
func (f fakeConn) LocalAddr() net.Addr  { return f.local }

// On macOS a lab listens everywhere to get port 25, and lets only itself in.
func TestLoopbackOnly(t *testing.T) {
	l := loopbackOnly{&fakeSocket{from: []string{"192.168.1.9 192.168.1.2", "192.168.1.2 192.168.1.2", "127.0.0.1 127.0.0.1", "10.0.0.1 127.0.0.1", "::1 ::1"}}}
	for _, want := range []string{"127.0.0.1:0", "[::1]:0"} {
		c, err := l.Accept()
		if err != nil || c.RemoteAddr().String() != want {
			t.Fatalf("%v from %v, want %s", err, c.RemoteAddr(), want)
		}
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	real, err := listenWildcard(context.Background(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer real.Close()
	_, port, _ := net.SplitHostPort(real.Addr().String())
	go func() {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			_ = c.Close()
		}
	}()
	c, err := real.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}
