package admin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"posta/directory"
	"posta/directory/directorytest"
	"posta/mail"
)

// box is a Door that keeps what comes in.
type box struct {
	origin  mail.Origin
	env     mail.Envelope
	to      []mail.Recipient
	text    bytes.Buffer
	taken   int
	aborted bool
	full    bool          // Commit fails
	wait    chan struct{} // Commit waits for it
}

func (b *box) Begin(_ context.Context, from mail.Origin, env mail.Envelope) (mail.Letter, error) {
	if env.From.Local == "malo" {
		return nil, mail.Refuse(550, "5.7.1", "Not from you")
	}
	b.origin, b.env, b.to, b.aborted = from, env, nil, false
	b.text.Reset()
	return b, nil
}

func (b *box) Rcpt(_ context.Context, to mail.Recipient) error {
	switch to.To.Local {
	case "nadie":
		return mail.Refuse(550, "5.1.1", "No such user here")
	case "lleno":
		return mail.Refuse(452, "4.2.2", "The mailbox is full")
	case "despacio":
		return mail.Refuse(451, "4.4.0", "Later")
	case "alias":
		return mail.Refuse(550, "5.2.4", "Sent on, and no such domain")
	case "cerrado":
		return mail.Refuse(550, "5.7.1", "Barred")
	case "fuera":
		return mail.Refuse(550, "5.7.1", "Not sent")
	}
	b.to = append(b.to, to)
	return nil
}

func (b *box) Write(p []byte) (int, error) { return b.text.Write(p) }

func (b *box) Commit(context.Context) (mail.Receipt, error) {
	if b.wait != nil {
		<-b.wait
	}
	if b.full {
		return mail.Receipt{}, errors.New("a secret of the disk")
	}
	b.taken++
	return mail.Receipt{ID: "Q1"}, nil
}

func (b *box) Abort() { b.aborted = true }

// office is a table with mail.submit, and its box.
func office(t *testing.T) (*Table, *box) {
	t.Helper()
	d, err := directory.New(directorytest.New(), directory.Options{Cost: directory.Cost{Memory: 8, Time: 1, Iterations: 10}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.AddDomain(t.Context(), directory.NewDomain("pepito.es")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.AddAlias(t.Context(), "alias@pepito.es", []string{"x@nowhere.example"}); err != nil {
		t.Fatal(err)
	}
	b := &box{}
	return newTable(nil, House{Directory: d, Door: b, Hostname: "mail.pepito.es", MaxSize: 100_000}.submissions()), b
}

const sheet = "From: web@pepito.es\r\nTo: Ana <ana@pepito.es>,\r\n eva\r\nCC: luis@pepito.es, ana@pepito.es\r\nBcc: jefe@pepito.es\r\nSubject: x\r\n\r\nbody\r\n"

func submit(t *testing.T, c Caller, in Submission, text string) (Submitted, error) {
	t.Helper()
	var out Submitted
	err := c.Call(t.Context(), "mail.submit", Upload{Request: in, Octets: strings.NewReader(text)}, &out)
	return out, err
}

func (b *box) named() string {
	var all []string
	for _, one := range b.to {
		all = append(all, one.To.String())
	}
	return strings.Join(all, " ")
}

// rfc: 5321-B-1, 5321-B-2, 5321-B-6
func TestSubmit(t *testing.T) {
	table, b := office(t)
	for way, c := range callers(t, table) {
		for _, tt := range []struct {
			in             Submission
			text           string
			from, to, want string // want: what is before the text
		}{
			{Submission{User: "www-data", Extract: true}, sheet, "www-data@mail.pepito.es", "ana@pepito.es eva@pepito.es luis@pepito.es jefe@pepito.es", ""},
			{Submission{User: "root", To: []string{"ana", "eva@pepito.es"}}, sheet, "root@mail.pepito.es", "ana@pepito.es eva@pepito.es", ""},
			{Submission{User: "root", To: []string{"Ana <ana@pepito.es>, eva", "<luis>"}}, sheet, "root@mail.pepito.es", "ana@pepito.es eva@pepito.es luis@pepito.es", ""},
			{Submission{User: "root", To: []string{"luis"}, Extract: true}, "To: ana\r\n\r\n", "root@mail.pepito.es", "luis@pepito.es ana@pepito.es", "From: <root@mail.pepito.es>\r\n"},
			{Submission{User: "root", Extract: true}, "To: ana\r\nResent-To: eva\r\nResent-Bcc: luis\r\nFrom: x\r\n\r\n", "root@mail.pepito.es", "eva@pepito.es luis@pepito.es", ""},
			{Submission{User: "root", From: "www@pepito.es", Name: "Año, Nuevo", To: []string{"ana"}}, "text\r\n", "www@pepito.es", "ana@pepito.es", "From: =?utf-8?b?QcOxbywgTnVldm8=?= <www@pepito.es>\r\n"},
			{Submission{User: "root", From: "www", To: []string{"ana"}}, "", "www@mail.pepito.es", "ana@pepito.es", "From: <www@mail.pepito.es>\r\n"},
			{Submission{User: "root", Null: true, Name: "Cron", To: []string{"ana"}}, "a: b\r\n", "", "ana@pepito.es", "From: \"Cron\" <root@mail.pepito.es>\r\n"},
			{Submission{To: []string{"ana"}}, "From: x\r\n", "nobody@mail.pepito.es", "ana@pepito.es", ""},
		} {
			got, err := submit(t, c, tt.in, tt.text)
			from := b.env.From.String()
			if err != nil || got.ID != "Q1" || got.Recipients != len(b.to) || from != tt.from || b.named() != tt.to || b.text.String() != tt.want+tt.text {
				t.Errorf("%s, %+v: %+v %v\nfrom %s to %s\n%q", way, tt.in, got, err, from, b.named(), &b.text)
			}
			if b.origin.Inside == "" || b.origin.Service != mail.Submission || b.origin.Remote.IsValid() {
				t.Errorf("%s: origin %+v", way, b.origin)
			}
		}
		_, err := submit(t, c, Submission{User: "root", To: []string{"ana"}, Notify: "success,delay", Ret: "hdrs", EnvID: "e1", Size: 9}, "text\r\n")
		// Without ORCPT no other address is named than RCPT has.
		// rfc: 3461-4.2-4
		if err != nil || b.to[0].Orcpt != "" || b.to[0].Notify != mail.NotifySuccess|mail.NotifyDelay || b.env.Ret != mail.RetHdrs || b.env.EnvID != "e1" || b.env.Size != 9 {
			t.Errorf("%s: %v %+v %+v", way, err, b.to, b.env)
		}
	}
}

// What is refused is refused for all, and the code says whether it is worth
// trying again.
func TestSubmitRefused(t *testing.T) {
	table, b := office(t)
	for way, c := range callers(t, table) {
		for _, tt := range []struct {
			in         Submission
			text       string
			code, want string
		}{
			{Submission{To: []string{"ana", "nadie", "lleno"}}, sheet, "not_found", "nadie@pepito.es: 550 5.1.1 No such user here; lleno@pepito.es: 452"},
			{Submission{To: []string{"nadie"}}, sheet + strings.Repeat("a long message\r\n", 1_000_000), "not_found", "550 5.1.1"},
			{Submission{To: []string{"lleno"}}, sheet, "temporary", "lleno@pepito.es: 452 4.2.2"},
			{Submission{To: []string{"fuera"}}, sheet, "forbidden", "550 5.7.1 Not sent"},
			{Submission{To: []string{"fuera@example.net"}}, sheet, "unavailable", "fuera@example.net: 550 5.7.1 Not sent"},
			{Submission{To: []string{"despacio@example.net"}}, sheet, "temporary", "despacio@example.net: 451 4.4.0 Later"},
			{Submission{To: []string{"alias"}}, sheet, "unavailable", "alias@pepito.es: 550 5.2.4 Sent on, and no such domain"},
			{Submission{To: []string{"cerrado"}}, sheet, "forbidden", "cerrado@pepito.es: 550 5.7.1 Barred"},
			{Submission{From: "malo", To: []string{"ana"}}, sheet, "forbidden", "Not from you"},
			{Submission{To: []string{"a b@c"}}, sheet, "invalid", `"a b@c" is no address`},
			{Submission{From: "a b@c", To: []string{"ana"}}, sheet, "usage", `"a b@c" is no address`},
			{Submission{Extract: true}, "Subject: x\r\n\r\nTo: ana\r\n", "invalid", "has no recipients"},
			{Submission{Extract: true}, "To: <>\r\n\r\n", "invalid", "no addresses can be read in the field To"},
			{Submission{To: strings.Fields(strings.Repeat("ana ", 2))}, "To: ana\r\n\r\n" + strings.Repeat("x", 100_001), "invalid", "larger than 100000 octets"},
			{Submission{To: []string{"ana"}}, strings.Repeat("X: y\r\n", 50_000), "invalid", "header is larger"},
			{Submission{To: []string{"ana"}, Notify: "never,success"}, sheet, "usage", `-N: "never" means no report`},
			{Submission{To: []string{"ana"}, Notify: "success,"}, sheet, "usage", "-N success,"},
			{Submission{To: []string{"ana"}, Ret: "all"}, sheet, "usage", "-R all"},
		} {
			before := b.taken
			_, err := submit(t, c, tt.in, tt.text)
			var refused *Error
			if !errors.As(err, &refused) || refused.Code != tt.code || !strings.Contains(refused.Text, tt.want) || b.taken != before {
				t.Errorf("%s, %+v: %v, want %s, %q", way, tt.in, err, tt.code, tt.want)
			}
		}
		var many []string
		for i := range maxSubmitted + 1 {
			many = append(many, strings.Repeat("x", i%60+1)+string(rune('a'+i/60%26)))
		}
		if _, err := submit(t, c, Submission{To: many}, sheet); err == nil || !strings.Contains(err.Error(), "more than 1000 recipients") {
			t.Errorf("%s: %d recipients: %v", way, len(many), err)
		}
		b.full = true
		if _, err := submit(t, c, Submission{To: []string{"ana"}}, sheet); err == nil || !b.aborted {
			t.Errorf("%s: a fault inside: %v", way, err)
		}
		b.full = false
		if err := c.Call(t.Context(), "mail.submit", Submission{To: []string{"ana"}}, nil); err == nil || !strings.Contains(err.Error(), "there is no message") {
			t.Errorf("%s: no octets: %v", way, err)
		}
	}
}

// At the counter everybody hands mail in under his own name, and can do nothing
// else.
func TestCounter(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("sockets for all users are for Unix")
	}
	table, b := office(t)
	table.byName["domain.list"] = op("domain.list", false, func(context.Context, None) (None, error) { return None{}, nil })
	path := filepath.Join(t.TempDir(), "new", "sendmail.sock")
	if _, err := DialCounter(t.Context(), path); !errors.Is(err, ErrNoServer) {
		t.Errorf("nobody there: %v", err)
	}
	counter, err := OpenCounter(path, table)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- counter.Serve(ctx) }()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("the socket is %v, %v", info, err)
	}
	c, err := DialCounter(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := submit(t, c, Submission{User: "somebody-else", To: []string{"ana"}}, sheet); err != nil {
		t.Error(err)
	}
	if me, err := user.Current(); runtime.GOOS == "linux" && err == nil && b.origin.Inside != me.Username {
		t.Errorf("handed in by %q, not %q", b.origin.Inside, me.Username)
	}
	for _, in := range []any{None{}, Upload{Request: None{}, Octets: strings.NewReader("x")}} {
		if err := c.Call(t.Context(), "domain.list", in, nil); err == nil {
			t.Error("another operation was done at the counter")
		}
	}
	if _, err := submit(t, c, Submission{To: []string{strings.Repeat("x", maxUploadRequest)}}, sheet); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a huge request: %v", err)
	}
	if _, err := OpenCounter(path, table); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second counter: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// So many at once, and no more, of each user.
func TestCounterBusy(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("sockets for all users are for Unix")
	}
	table, _ := office(t)
	path := filepath.Join(t.TempDir(), "s.sock")
	counter, err := OpenCounter(path, table)
	if err != nil {
		t.Fatal(err)
	}
	clerk, ok := counter.http.Handler.(*clerk)
	if !ok {
		t.Fatal("no clerk")
	}
	me := peer{}
	if runtime.GOOS == "linux" || runtime.GOOS == "darwin" {
		me = peer{uint32(os.Getuid()), true}
	}
	for range eachHandsIn {
		clerk.busy.take(me)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- counter.Serve(ctx) }()
	c, err := DialCounter(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	var refused *Error
	if _, err := submit(t, c, Submission{To: []string{"ana"}}, sheet); !errors.As(err, &refused) || refused.Code != "temporary" {
		t.Errorf("one too many: %v", err)
	}
	clerk.busy.leave(me)
	if _, err := submit(t, c, Submission{To: []string{"ana"}}, sheet); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A dead socket is replaced, a file is not.
func TestVacate(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	table, _ := office(t)
	if _, err := OpenCounter(file, table); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("a file in the way: %v", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "precious" {
		t.Errorf("the file is %q now, %v", text, err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	path := filepath.Join(dir, "s.sock")
	dead, err := OpenCounter(path, table)
	if err != nil {
		t.Fatal(err)
	}
	socket, ok := dead.listener.(interface{ SetUnlinkOnClose(bool) })
	if !ok {
		t.Fatal("no Unix socket")
	}
	socket.SetUnlinkOnClose(false)
	if err := dead.listener.Close(); err != nil {
		t.Fatal(err)
	}
	next, err := OpenCounter(path, table)
	if err != nil {
		t.Fatal(err)
	}
	if err := next.listener.Close(); err != nil {
		t.Error(err)
	}
}

func TestNotify(t *testing.T) {
	for text, want := range map[string]mail.Notify{"": 0, "never": mail.NotifyNever, "Success": mail.NotifySuccess,
		"failure,delay": mail.NotifyFailure | mail.NotifyDelay} {
		if got, err := notifyOf(text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

// The header's end is found however the octets come, and what was read with it
// is not lost.
func TestReadHead(t *testing.T) {
	for _, text := range []string{sheet, "", "no header at all\r\n", "A: b\r\n\r\n" + strings.Repeat("body\r\n", 10_000)} {
		var names [][]string
		for _, r := range []io.Reader{strings.NewReader(text), &slow{text}} {
			h, err := readHead(r)
			if err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(r)
			if err != nil || h.text+string(rest) != text {
				t.Errorf("%.30q: %d octets, then %d", text, len(h.text), len(rest))
			}
			var all []string
			for _, f := range h.fields {
				all = append(all, string(f.Name([]byte(h.text))))
			}
			names = append(names, all)
		}
		if !reflect.DeepEqual(names[0], names[1]) {
			t.Errorf("%.30q: fields %q", text, names)
		}
	}
}

// slow gives an octet at a time.
type slow struct{ text string }

func (s *slow) Read(p []byte) (int, error) {
	if s.text == "" {
		return 0, io.EOF
	}
	n := copy(p, s.text[:1])
	s.text = s.text[n:]
	return n, nil
}

// A bare CR or LF could end the message early for a POP3 client, and speak on
// in the server's name.
func TestSubmitLineEnds(t *testing.T) {
	table, b := office(t)
	for way, c := range callers(t, table) {
		for text, want := range map[string]string{
			"From: x\n\nx\n.\r\n-ERR\n":   "From: x\r\n\r\nx\r\n.\r\n-ERR\r\n",
			"From: x\r\rx\r.\r\n\rlast":   "From: x\r\nx\r\n.\r\n\r\nlast\r\n",
			"From: x\r\n\r\nx\r\r\n.\r\n": "From: x\r\n\r\nx\r\n.\r\n",
		} {
			if _, err := submit(t, c, Submission{User: "root", To: []string{"ana"}}, text); err != nil || b.text.String() != want {
				t.Errorf("%s: %q became %q, %v; want %q", way, text, &b.text, err, want)
			}
		}
	}
	long := strings.Repeat("line\n", 10_000) // beyond a piece
	for _, in := range []io.Reader{strings.NewReader(long), &slow{long}} {
		got, err := io.ReadAll(&asLines{from: in})
		if err != nil || string(got) != strings.ReplaceAll(long, "\n", "\r\n") {
			t.Errorf("%d octets, %v", len(got), err)
		}
	}
}
