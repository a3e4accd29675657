package admin

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
)

// hall is a listener within the test.
type hall struct {
	come chan net.Conn
	shut chan struct{}
}

func newHall() *hall { return &hall{make(chan net.Conn), make(chan struct{})} }

func (h *hall) Accept() (net.Conn, error) {
	select {
	case conn := <-h.come:
		return conn, nil
	case <-h.shut:
		return nil, net.ErrClosed
	}
}

func (h *hall) Close() error   { close(h.shut); return nil }
func (h *hall) Addr() net.Addr { return &net.UnixAddr{Name: "hall", Net: "unix"} }

// enter gives the caller's side of a new connection.
func (h *hall) enter(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case h.come <- there:
		return here, nil
	case <-h.shut:
		return nil, net.ErrClosed
	}
}

// Who is being answered when the server ends has his answer before Serve
// returns; without one he would hand the message in again.
func TestServeLetsFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, goOn := newHall(), make(chan struct{})
		s := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-goOn })}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		first := false
		go func() { ended <- serveUntil(ctx, s, l, func() { first = true }) }()
		answered := make(chan error, 1)
		client := http.Client{Transport: &http.Transport{DialContext: l.enter}}
		go func() {
			r, err := client.Get("http://posta/")
			if err == nil {
				r.Body.Close()
			}
			answered <- err
		}()
		synctest.Wait()
		stop()
		synctest.Wait()
		select {
		case err := <-ended:
			t.Errorf("it returned before the answer: %v", err)
			ended <- err
		default:
		}
		close(goOn)
		if err := <-answered; err != nil {
			t.Error(err)
		}
		client.CloseIdleConnections()
		if err := <-ended; err != nil || !first {
			t.Errorf("%v, first %v", err, first)
		}
	})
}

// Who takes too long is cut off.
func TestServeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newHall()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- serveUntil(ctx, &http.Server{}, l, func() {}) }()
		conn, err := l.enter(ctx, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte("POST /")); err != nil {
			t.Fatal(err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("still connected")
		}
	})
}
