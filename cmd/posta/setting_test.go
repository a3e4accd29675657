package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"posta/directory/directorytest"
)

// files makes those that a line reads.
func files(t *testing.T, line string) {
	t.Helper()
	texts := map[string]string{
		"lab.pcapng": string(labCapture), "monday.pcapng": string(labCapture), "tuesday.pcapng": string(labCapture),
		"keys.log":    "# of a browser\nCLIENT_RANDOM " + strings.Repeat("0a", 32) + " " + strings.Repeat("0b", 48) + "\n",
		"class.csv":   "nombre;apellidos\nAna;Peña\nJosé;Díaz\n",
		"message.eml": "From: luis@pepito.es\nTo: ana@pepito.es\nSubject: Hola\n\nHola.\n",
		"hello.talk":  "engine: server\n\nconnect smtp\nS: {code 220}\nC: QUIT\nS: {code 221}\nclosed\n",
		"grupo3.txt":  "ana\nluis\n",
		"names.txt":   "# the class\npepe@pepito.es\n\nluis@pepito.es\n",
		"ca.pem":      directorytest.AuthorityPEM,
		"posta.toml":  "hostname = \"mail.pepito.es\"\n[[listener]]\nname = \"smtp\"\nservice = \"smtp\"\naddr = \"127.0.0.1:0\"\n",
	}
	for name, text := range texts {
		if !strings.Contains(line, "--message "+name) &&
			!strings.Contains(line, "--keylog "+name) && !strings.Contains(line, "--ca "+name) && !strings.Contains(line, "< "+name) && !strings.Contains(line, "import "+name) && !strings.Contains(line, "--config "+name) &&
			!strings.Contains(line, "check "+name) && !strings.Contains(line, "--script "+name) && !strings.Contains(line, "read "+name) && !strings.Contains(line, "report "+name) && !strings.Contains(line, ".pcapng "+name) {
			continue
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// setting is what surrounds command lines: a folder of data, a language.
type setting struct {
	data, lang string
	piped      string // what comes on standard input
	env        map[string]string
}

func newSetting(t *testing.T, data, lang string) *setting {
	env := map[string]string{"POSTA_LANG": lang, "POSTA_DATA": data, "HOME": t.TempDir()}
	env["POSTA_RESOLVER"] = "127.0.0.1:9" // where no name server is
	for _, listener := range []string{"SMTP", "SUBMISSION", "SUBMISSIONS", "POP3", "POP3S"} {
		env["POSTA_"+listener] = "127.0.0.1:0" // never a port of the machine that tests
	}
	return &setting{data: data, lang: lang, env: env}
}

// places are what a line names and a test may not have.
func (s *setting) places(line string) string {
	line = regexp.MustCompile(`--(smtp|pop3) :?\d+`).ReplaceAllString(line, "--$1 127.0.0.1:0")
	return strings.NewReplacer("/var/lib/posta", s.data, "--server 192.0.2.7:2525", "--server 127.0.0.1:9", "192.0.2.7", "127.0.0.1",
		"isp.example", "127.0.0.1:9", "pop.example", "127.0.0.1:9", "mail.example.net", "localhost").Replace(line)
}

// terminal is the surroundings of one command line, and what it prints.
func (s *setting) terminal(t *testing.T, line, typed string) ([]string, terminal, *both) {
	line = s.places(line)
	if strings.Contains(line, "localhost:2525") {
		line = strings.ReplaceAll(line, "localhost:2525", s.addressOf(t, "smtp"))
	}
	args, from := shellWords(t, line)
	out := &both{}
	around := terminal{In: strings.NewReader(s.piped), Out: out, Err: out, Getenv: func(k string) string { return s.env[k] }}
	switch {
	case from != "":
		f, err := os.Open(from)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		around.In = f
	case typed != "":
		around.In = keyboard(t, typed)
	}
	return args[1:], around, out
}

func (s *setting) run(t *testing.T, line, typed string) (status int, said string) {
	t.Helper()
	args, around, out := s.terminal(t, line, typed)
	status = run(t.Context(), args, around)
	return status, out.String()
}

func (s *setting) mustRun(t *testing.T, line string) {
	t.Helper()
	if status, said := s.run(t, line, ""); status != exitDone {
		t.Fatalf("%s: status %d\n%s", line, status, said)
	}
}

// untilReady runs a server until it is ready, and ends it.
func (s *setting) untilReady(t *testing.T, line string) (status int, said string) {
	t.Helper()
	end := s.begin(t, line)
	return end()
}

// serve runs a server beside, until its end is called.
func (s *setting) serve(t *testing.T, line string) (end func()) {
	t.Helper()
	stop := s.begin(t, "posta "+line)
	return func() {
		if status, said := stop(); status != exitDone {
			t.Errorf("the server ended with %d:\n%s", status, said)
		}
	}
}

// begin runs a server and waits until it is ready.
func (s *setting) begin(t *testing.T, line string) (end func() (status int, said string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	args, around, out := s.terminal(t, line, "")
	ended, ready := make(chan int, 1), make(chan bool, 1)
	go func() { ended <- run(ctx, args, around) }()
	go func() {
		status, _ := s.run(t, fmt.Sprintf("posta wait-ready --timeout %v", startTime), "")
		ready <- status == exitDone
	}()
	select {
	case status := <-ended:
		cancel()
		t.Fatalf("%s: status %d\n%s", line, status, out)
	case ok := <-ready:
		if !ok {
			cancel()
			t.Fatalf("%s: it was not ready after %v:\n%s", line, startTime, out)
		}
	}
	return func() (int, string) {
		cancel()
		return <-ended, out.String()
	}
}

// until runs a line until it has said something, and ends it.
func (s *setting) until(t *testing.T, line string, says *regexp.Regexp) (status int, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	args, around, out := s.terminal(t, line, "")
	out.heard = func(text []byte) {
		if says.Match(text) {
			cancel()
		}
	}
	return run(ctx, args, around), out.String()
}

// both is standard output and error in one, written from many sides.
type both struct {
	mu    sync.Mutex
	text  bytes.Buffer
	heard func(text []byte) // told of all so far; may be nil
}

func (b *both) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, err := b.text.Write(p)
	if b.heard != nil {
		b.heard(b.text.Bytes())
	}
	return n, err
}

func (b *both) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// shellWords takes a line apart as a shell does, as far as examples go: words,
// quotes, and a file for standard input.
func shellWords(t *testing.T, line string) (args []string, from string) {
	t.Helper()
	word, open, quote := "", false, rune(0)
	end := func() {
		if open {
			args = append(args, word)
		}
		word, open = "", false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word += string(r)
		case r == '\'' || r == '"':
			quote, open = r, true
		case r == ' ':
			end()
		case strings.ContainsRune("|>&;$`\\()*?[]~#", r):
			t.Fatalf("%q has %q, which a shell reads otherwise", line, r)
		default:
			word, open = word+string(r), true
		}
	}
	end()
	if i := slices.Index(args, "<"); i >= 0 && i+2 == len(args) {
		args, from = args[:i], args[i+1]
	}
	return args, from
}
