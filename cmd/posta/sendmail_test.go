package main

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"posta/admin"
)

func TestSendmailFlags(t *testing.T) {
	for _, tt := range []struct {
		args string
		want sendmailOptions
	}{
		{"-t -i", sendmailOptions{extract: true, dots: true}},
		{"-ti ana@pepito.es", sendmailOptions{extract: true, dots: true, to: []string{"ana@pepito.es"}}},
		{"-i -FCronDaemon -B8BITMIME -oem root", sendmailOptions{dots: true, name: "CronDaemon", to: []string{"root"}}},
		{"-oi -f www@pepito.es -F Web -- -x@pepito.es", sendmailOptions{dots: true, from: "www@pepito.es", name: "Web", to: []string{"-x@pepito.es"}}},
		{"ana -r<luis@pepito.es> eva", sendmailOptions{from: "luis@pepito.es", to: []string{"ana", "eva"}}},
		{"-f <> a", sendmailOptions{null: true, to: []string{"a"}}},
		{"-tfwww@pepito.es", sendmailOptions{extract: true, from: "www@pepito.es"}},
		{"-v -n -m -U -G -c -odb -O x=y -h 3 -L tag -bm -Am -e p a", sendmailOptions{verbose: true, to: []string{"a"}}},
		{"-N success,delay -R HDRS -V id1 a", sendmailOptions{notify: "success,delay", ret: "hdrs", envID: "id1", to: []string{"a"}}},
		{"--data here --json --lang=es --help -", sendmailOptions{data: "here", help: true, to: []string{"-"}}},
	} {
		got, err := parseSendmail(strings.Fields(tt.args))
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v %v, want %+v", tt.args, got, err, tt.want)
		}
	}
	if got, err := parseSendmail([]string{"-f", "", "a"}); err != nil || !got.null {
		t.Errorf("an empty -f: %+v %v", got, err)
	}
	for args, want := range map[string]string{
		"-bs": "-bs is not for posta", "-bp": "-bp", "-bi": "-bi", "-bd": "-bd", "-bv a": "-bv", "-q": "-q is not", "-q15m": "-q15m",
		"-I": "-I is not", "-Z a": "no flag -Z", "-t:": "no flag -:", "-f": "-f needs a value", "a -tF": "-F needs a value",
		"--nonsense": "no flag --nonsense", "--data": "--data needs a value", "-BHEX": "write 7BIT or 8BITMIME",
	} {
		if _, err := parseSendmail(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}

func TestSendmailName(t *testing.T) {
	for program, is := range map[string]bool{"/usr/sbin/sendmail": true, "sendmail": true, "Sendmail.EXE": true, "bin/posta": false, "sendmails": false} {
		if got := calledAs(program, []string{"-t"}); (len(got) == 2 && got[0] == "sendmail") != is {
			t.Errorf("%s: %q", program, got)
		}
	}
}

func TestMessageReader(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"a", "a\r\n"},
		{"a\n", "a\r\n"},
		{"a\r\nb\nc\r\n", "a\r\nb\r\nc\r\n"},
		{"a\r\r\nb\n", "a\r\nb\r\n"},
		{"a\rb\r\rc\n", "a\r\nb\r\nc\r\n"},
		{"a\r", "a\r\n"},
		{"\n\na\n", "\r\n\r\na\r\n"},
		{"a\n.\nb\n", "a\r\n"},
		{"a\n.\r\nb\n", "a\r\n"},
		{"a\n.", "a\r\n"},
		{".\na\n", ""},
		{"a\n..\n.b\n", "a\r\n..\r\n.b\r\n"},
		{"From root@x Mon Nov 23\nFrom: a\n\nFrom here\n", "From: a\r\n\r\nFrom here\r\n"},
		{"From: a\nFrom root\n", "From: a\r\nFrom root\r\n"},
		{long + "\n" + long, long + "\r\n" + long + "\r\n"},
		{long[:4095] + "\r\n.\nx", long[:4095] + "\r\n"},
		{long[:4095] + "\rx\n", long[:4095] + "\r\nx\r\n"},
		{long[:4096] + ".\nx\n", long[:4096] + ".\r\nx\r\n"},
		{"a\x00b\xff\n", "a\x00b\xff\r\n"},
	} {
		for name, in := range map[string]io.Reader{"whole": strings.NewReader(tt.in), "in octets": iotest.OneByteReader(strings.NewReader(tt.in))} {
			got, err := io.ReadAll(iotest.OneByteReader(newMessageReader(in, false)))
			if err != nil || string(got) != tt.want {
				t.Errorf("%.40q, %s: %.60q %v, want %.60q", tt.in, name, got, err, tt.want)
			}
		}
	}
	got, err := io.ReadAll(newMessageReader(strings.NewReader("a\n.\nb"), true))
	if err != nil || string(got) != "a\r\n.\r\nb\r\n" {
		t.Errorf("with -i: %q %v", got, err)
	}
}

// What comes out of the reader holds no bare CR or LF, and goes through again
// unchanged.
func FuzzMessageReader(f *testing.F) {
	f.Add([]byte("a\r\r\n.\n\rb"))
	f.Fuzz(func(t *testing.T, in []byte) {
		once, err := io.ReadAll(newMessageReader(bytes.NewReader(in), true))
		if err != nil {
			t.Fatal(err)
		}
		bare := bytes.ReplaceAll(once, []byte("\r\n"), nil)
		if bytes.ContainsAny(bare, "\r\n") || len(once) > 0 && !bytes.HasSuffix(once, []byte("\r\n")) {
			t.Errorf("%q became %q", in, once)
		}
		twice, err := io.ReadAll(newMessageReader(bytes.NewReader(once), true))
		if err != nil || !bytes.HasPrefix(once, []byte("From ")) && !bytes.Equal(once, twice) {
			t.Errorf("%q, again %q, %v", once, twice, err)
		}
	})
}

// A large message waits in a file, which is gone afterwards.
func TestSpool(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	in := strings.Repeat("a line of the message\n", 100_000)
	s, err := spool(strings.NewReader(in), true)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.reader()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if want := strings.ReplaceAll(in, "\n", "\r\n"); err != nil || string(got) != want || s.size != int64(len(want)) {
		t.Errorf("%d octets, size %d, %v", len(got), s.size, err)
	}
	if s.file == nil {
		t.Error("all of it is in memory")
	}
	s.discard()
	if _, err := s.file.Stat(); err == nil {
		t.Error("the file is open still")
	}
	var own exit
	if _, err := spool(iotest.ErrReader(errors.New("torn")), true); !errors.As(err, &own) || own.status != exIO {
		t.Errorf("a reader that fails: %v", err)
	}
}

func TestSysexits(t *testing.T) {
	for code, want := range map[string]int{"usage": 64, "invalid": 65, "not_found": 67, "unavailable": 69, "internal": 70, "temporary": 75, "forbidden": 77} {
		if got := sysexit(&admin.Error{Code: code}); got != want {
			t.Errorf("%s is %d, want %d", code, got, want)
		}
		if got := (exit{want, nil}).code(); got != code {
			t.Errorf("%d is called %s, want %s", want, got, code)
		}
	}
	if got := sysexit(errors.New("connection reset")); got != 75 {
		t.Errorf("a broken connection is %d", got)
	}
}
