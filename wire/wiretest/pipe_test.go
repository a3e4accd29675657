package wiretest

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestPiecesStayApart(t *testing.T) {
	client, server := Pipe()
	if err := client.WriteSplit([]byte("abc"), 1); err != nil {
		t.Fatal(err)
	}
	if err := client.WriteCut([]byte("defg"), 3); err != nil {
		t.Fatal(err)
	}
	client.CloseWrite()
	buf := make([]byte, 16)
	var got []string
	for {
		n, err := server.Read(buf)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(buf[:n]))
	}
	if s := strings.Join(got, "|"); s != "a|b|c|def|g" {
		t.Fatalf("read %q", s)
	}
	if _, err := server.Write([]byte("still open")); err != nil {
		t.Fatal("half-closed:", err)
	}
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := Pipe()
		start := time.Now()
		server.SetReadDeadline(start.Add(5 * time.Minute))
		_, err := server.Read(make([]byte, 1))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 5*time.Minute {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
		var ne net.Error
		if !errors.As(err, &ne) || !ne.Timeout() {
			t.Fatalf("%v is no timeout", err)
		}
		server.SetReadDeadline(time.Time{})
		go func() {
			time.Sleep(time.Hour)
			server.SetReadDeadline(time.Now())
		}()
		if _, err := server.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("deadline moved under a read: %v", err)
		}
		client.SetWriteDeadline(time.Now().Add(time.Second))
		if _, err := client.Write(make([]byte, Window)); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("write to a full window: %v", err)
		}
		synctest.Wait()
	})
}

func TestCloseAndReset(t *testing.T) {
	client, server := Pipe()
	client.Write([]byte("last words"))
	client.Close()
	if b, err := io.ReadAll(server); err != nil || string(b) != "last words" {
		t.Fatalf("%q, %v", b, err)
	}
	if _, err := server.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Fatalf("write to a closed peer: %v", err)
	}
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("read of a closed end: %v", err)
	}

	client, server = Pipe()
	client.Write([]byte("lost"))
	client.Reset()
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("read after reset: %v", err)
	}
	if _, err := server.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("write after reset: %v", err)
	}
}

func TestListener(t *testing.T) {
	l := Listen()
	client, err := l.Dial()
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if server.RemoteAddr().String() != client.LocalAddr().String() {
		t.Fatal("addresses differ")
	}
	go client.Write([]byte("hello"))
	if b, err := io.ReadAll(io.LimitReader(server, 5)); err != nil || string(b) != "hello" {
		t.Fatalf("%q, %v", b, err)
	}
	l.Fail(syscall.EMFILE)
	if _, err := l.Accept(); !errors.Is(err, syscall.EMFILE) {
		t.Fatal(err)
	}
	l.Close()
	if _, err := l.Dial(); err == nil {
		t.Fatal("dialed a closed listener")
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
}
