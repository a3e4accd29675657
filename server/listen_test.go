package server

import (
	"context"
	"errors"
	"net"
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
	if err := socket.Close(); err != nil {
		t.Error(err)
	}
}
