package wire

import (
	"strings"
	"testing"
)

// Whatever comes, a session reads the same at every split; on lab listeners
// only a program's does, because pieces are what tells a person.
func FuzzSession(f *testing.F) {
	f.Add("DATA\r\na\n.\r\nb\r\n.\r\nQUIT\r\n", false)
	f.Add("DATA\r\na\r.\r\r\n.\r\x00\r\n.\r\nQ\nUIT\r\n\r\n", true)
	f.Add(putty+"HELO x\b\r\nDATA\r\n.\r\n", false)
	f.Fuzz(func(t *testing.T, in string, old bool) {
		if len(in) > 100 || in == "" {
			return
		}
		for _, prefix := range []string{"", "NOOP\r\n"} {
			o := Options{BareLF: old, Human: prefix != ""}
			want := ""
			splits(in, func(pieces ...string) {
				client, conn, _ := pair(t, o)
				send(t, client, append([]string{prefix}, pieces...)...)
				got := talk(conn)
				if want == "" {
					want = got
				}
				if got != want {
					t.Fatalf("%q: %s; whole: %s", strings.Join(pieces, " | "), got, want)
				}
			})
		}
	})
}
