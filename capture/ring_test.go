package capture

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posta/event"
)

// filesOf are what lies in a folder, by name.
func filesOf(t *testing.T, folder string) (names []string, contents [][]byte) {
	t.Helper()
	all, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		raw, err := os.ReadFile(filepath.Join(folder, one.Name()))
		if err != nil {
			t.Fatal(err)
		}
		names, contents = append(names, one.Name()), append(contents, raw)
	}
	return names, contents
}

// Files follow one another within their bounds; each can be read alone, with the
// secrets of sessions that have not ended, and together they hold the latest
// packets without a gap.
func TestRing(t *testing.T) {
	folder := t.TempDir()
	at := time.Date(2026, 11, 26, 21, 11, 38, 0, time.UTC)
	o := RingOptions{Path: filepath.Join(folder, "lab.pcapng"), Files: 3, Size: 2000}
	begin := func() (*Ring, *Writer) {
		r, err := newRing(o, func() time.Time { return at })
		if err != nil {
			t.Fatal(err)
		}
		w, err := NewWriter(r, "test", "about it")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Interface(Adapter{Name: "eth0", Link: LinkEthernet}); err != nil {
			t.Fatal(err)
		}
		return r, w
	}
	if err := os.WriteFile(filepath.Join(folder, "lab_1_other.pcapng"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	number := 0
	packets := func(w *Writer, n int) {
		for range n {
			number++
			at = at.Add(time.Second)
			if err := w.Packet(&Packet{Time: at, Data: fmt.Appendf(nil, "packet %04d %s", number, strings.Repeat("x", 100))}); err != nil {
				t.Fatal(err)
			}
		}
	}
	r, w := begin()
	for _, key := range []string{"CLIENT_RANDOM one", "CLIENT_RANDOM two"} {
		if err := w.Secret(Secret{SecretTLS, []byte(key)}); err != nil {
			t.Fatal(err)
		}
	}
	packets(w, 20)
	r.Forget([]byte("CLIENT_RANDOM one"))
	packets(w, 100)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		names, contents := filesOf(t, folder)
		if len(names) != o.Files+1 {
			t.Errorf("the files are %q", names)
		}
		last := 0
		for i, raw := range contents[:o.Files] {
			if len(raw) > int(o.Size) {
				t.Errorf("%s has %d octets", names[i], len(raw))
			}
			c, err := NewReader(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(names[i], err)
			}
			var p Packet
			for {
				err := c.Next(&p)
				if err == io.EOF {
					break
				}
				n := 0
				if _, bad := fmt.Sscanf(string(p.Data), "packet %d", &n); err != nil || bad != nil || last != 0 && n != last+1 {
					t.Fatalf("%s: behind packet %d comes %d (%v, %v)", names[i], last, n, err, bad)
				}
				last = n
			}
			if info := c.Info(); len(info.Interfaces) != 1 || info.Interfaces[0].Name != "eth0" || len(info.Secrets) != 1 || string(info.Secrets[0].Data) != "CLIENT_RANDOM two" {
				t.Errorf("%s says of itself %+v", names[i], info)
			}
		}
		if last != number {
			t.Errorf("the last packet is %d, not %d", last, number)
		}
	}
	check()

	// Another run goes on where the first one ended, and bounds both.
	before, _ := filesOf(t, folder)
	r, w = begin()
	packets(w, 1)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	after, _ := filesOf(t, folder)
	if len(after) != len(before) || after[0] != before[1] || after[2] <= before[2] {
		t.Errorf("after %q there are %q", before, after)
	}

	// Time turns, too.
	o.Size, o.Every = 0, time.Minute
	r, w = begin()
	packets(w, 130)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, contents := filesOf(t, folder); bytes.Count(contents[1], []byte("packet ")) != 60 {
		t.Errorf("a minute has %d packets", bytes.Count(contents[1], []byte("packet ")))
	}
}

// The sessions of a ring tell it what it need not keep.
func TestRingOfSessions(t *testing.T) {
	r, err := NewRing(RingOptions{Path: filepath.Join(t.TempDir(), "x.pcapng"), Files: 2, Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s, err := NewSessions(r, SessionOptions{Live: true})
	if err != nil {
		t.Fatal(err)
	}
	events := lab()
	keys := events[1]
	keys.Kind, keys.Data = event.Keys, []byte("CLIENT_RANDOM x")
	s.Emit(&events[0])
	s.Emit(&keys)
	if len(r.secrets) != 1 || r.octets == 0 {
		t.Errorf("it keeps %q", r.secrets)
	}
	s.Emit(&events[9])
	if len(r.secrets) != 0 || r.octets != 0 || s.Err() != nil {
		t.Errorf("behind the session's end it keeps %q (%v)", r.secrets, s.Err())
	}
}

// A file that another program holds is removed later, and ends nothing; but the
// disk is bounded.
func TestRingHeld(t *testing.T) {
	folder := t.TempDir()
	at := time.Date(2026, 11, 26, 21, 11, 38, 0, time.UTC)
	r, err := newRing(RingOptions{Path: filepath.Join(folder, "lab.pcapng"), Files: 2, Every: time.Second}, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	held := r.names[0]
	r.remove = func(name string) error {
		if strings.HasPrefix(name, held) {
			return os.ErrPermission
		}
		return os.Remove(name)
	}
	w, err := NewWriter(r, "test", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Interface(Adapter{Name: "eth0", Link: LinkEthernet}); err != nil {
		t.Fatal(err)
	}
	packet := func() error {
		at = at.Add(time.Second)
		return w.Packet(&Packet{Time: at, Data: []byte("packet")})
	}
	for range 6 {
		if err := packet(); err != nil {
			t.Fatal(err)
		}
	}
	if names, _ := filesOf(t, folder); len(names) != 3 || filepath.Join(folder, names[0]) != held {
		t.Errorf("there are %q", names)
	}
	held = "none"
	if err := packet(); err != nil {
		t.Fatal(err)
	}
	if names, _ := filesOf(t, folder); len(names) != 2 {
		t.Errorf("once it is free, there are %q", names)
	}
	held = folder
	for n := 1; ; n++ {
		if err := packet(); err != nil {
			if names, _ := filesOf(t, folder); n != 3 || len(names) != 4 {
				t.Errorf("packet %d ends it at %q", n, names)
			}
			return
		}
		if n == 20 {
			t.Fatal("nothing bounds it")
		}
	}
}
