package tlsview

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// readTape reads a session of OpenSSL: "key" and a line of its key log, or an
// end and the octets that it sent.
func readTape(t testing.TB, name string) (keys []byte, pieces []piece) {
	t.Helper()
	file, err := os.ReadFile("testdata/" + name + ".tape")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(file)) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch kind {
		case "key":
			keys = append(keys, rest+"\n"...)
		case "0", "1":
			octets, err := hex.DecodeString(rest)
			if err != nil {
				t.Fatal(err)
			}
			pieces = append(pieces, piece{End(kind[0] - '0'), octets})
		}
	}
	return keys, pieces
}

// What OpenSSL's programs said to each other is opened: with keys that change
// (update), a handshake inside of another (renegotiate), and behind data that
// came before the handshake's end (early).
func TestOpenSSL(t *testing.T) {
	client, server := "EHLO x\nNOOP\n", "220 here\n250 ok\n250 yes\n"
	for _, one := range []struct {
		name           string
		client, server string
		hidden         int
		obstacle       Obstacle
	}{
		{"aes256", client, server, 0, 0},
		{"chacha13", client, server, 0, 0},
		{"dhe", client, server, 0, 0},
		{"update", "EHLO x\nNOOP\nNOOP again\n", "220 here\n250 ok\n250 more\n250 last\n", 0, 0},
		{"renegotiate", client, "220 here\n250 ok\n", 0, 0},
		{"early", "EHLO early\n" + client, server, 0, 0},
		{"cbc", "", "", 8, NoSuite}, // no AEAD suite
	} {
		keys, pieces := readTape(t, one.name)
		for _, cut := range []int{0, 1, 1000} {
			s := look(NewView(keysOf(keys)), pieces, cut)
			got := s.view.Session()
			if s.text != [2]string{one.client, one.server} || s.hidden != one.hidden || one.obstacle != 0 && got.Obstacle != one.obstacle {
				t.Errorf("%s, cut at %d: %q, %d hidden, %+v", one.name, cut, s.text, s.hidden, got)
			}
		}
	}
}
