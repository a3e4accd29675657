package tlsview

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

func TestKeyLog(t *testing.T) {
	random, long := strings.Repeat("0a", 32), strings.Repeat("0b", 48)
	for _, one := range []struct {
		line  string
		taken bool
	}{
		{"CLIENT_RANDOM " + random + " " + long, true},
		{"CLIENT_RANDOM\t" + strings.ToUpper(random) + "  " + long + " \r\n", true},
		{"CLIENT_EARLY_TRAFFIC_SECRET " + random + " " + long, true},
		{"CLIENT_HANDSHAKE_TRAFFIC_SECRET " + random + " " + long, true},
		{"SERVER_HANDSHAKE_TRAFFIC_SECRET " + random + " " + long[:64], true},
		{"CLIENT_TRAFFIC_SECRET_0 " + random + " " + long, true},
		{"SERVER_TRAFFIC_SECRET_0 " + random + " " + long, true},
		{"EXPORTER_SECRET " + random + " " + long, false},
		{"CLIENT_TRAFFIC_SECRET_1 " + random + " " + long, false},
		{"RSA 0102030405060708 " + long, false},
		{"# CLIENT_RANDOM " + random + " " + long, false},
		{"CLIENT_RANDOM " + random[2:] + " " + long, false},
		{"CLIENT_RANDOM " + random + " " + long[2:], false},
		{"CLIENT_RANDOM " + random + " " + long + "00", false},
		{"CLIENT_RANDOM " + random + " " + strings.Repeat("xy", 48), false},
		{"CLIENT_RANDOM " + random, false},
		{"CLIENT_RANDOM " + random + strings.Repeat(" ", maxLine) + long, false},
		{"", false},
	} {
		k := NewKeyLog()
		if got := k.Line([]byte(one.line)); got != one.taken || k.Sessions() != map[bool]int{true: 1}[one.taken] {
			t.Errorf("%.80q: %v, %d sessions", one.line, got, k.Sessions())
		}
	}
	if got := NewKeyLog().Add([]byte("#\nCLIENT_RANDOM " + random + " " + long + "\nCLIENT_TRAFFIC_SECRET_0 " + random + " " + long)); got != 2 {
		t.Errorf("%d lines were taken", got)
	}
}

// The newest sessions are kept.
func TestKeyLogIsBounded(t *testing.T) {
	k := NewKeyLog()
	k.sessions.most, k.tickets.most = 10, 10
	random := func(i int) (r [randomLen]byte) {
		copy(r[:], fmt.Sprint(i))
		return r
	}
	for i := range 25 {
		r := random(i)
		for range 2 {
			k.Line([]byte("CLIENT_RANDOM " + hex.EncodeToString(r[:]) + " " + strings.Repeat("0b", 48)))
		}
		k.resumable(r[:], &r)
	}
	for i := range 25 {
		r := random(i)
		_, ticket := k.resumes(r[:])
		if known := k.of(&r) != nil; known != (i >= 15) || ticket != known {
			t.Errorf("session %d: %v, %v", i, known, ticket)
		}
	}
	if len(k.sessions.entries) != 10 || len(k.sessions.order) != 10 || len(k.tickets.entries) != 10 {
		t.Errorf("%d sessions, %d tickets", len(k.sessions.entries), len(k.tickets.entries))
	}
}

func FuzzKeyLog(f *testing.F) {
	keys, _ := readTape(f, "aes256")
	f.Add(keys)
	f.Add([]byte("CLIENT_RANDOM "))
	f.Fuzz(func(t *testing.T, text []byte) {
		k := NewKeyLog()
		k.sessions.most = 3
		if taken := k.Add(text); k.Sessions() > taken || k.Sessions() > 3 || taken > 0 && k.Sessions() == 0 {
			t.Errorf("%d lines, %d sessions", taken, k.Sessions())
		}
	})
}
