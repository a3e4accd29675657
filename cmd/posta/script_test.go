package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/unicode"

	"posta/dns/dnstest"
)

// The scripts in testdata type commands as people do; each is a process of its
// own. Beside posta they have talk, and the commands of scriptCommands.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"posta": main, "sendmail": main, "talk": talkProgram})
}

func TestScripts(t *testing.T) {
	noStop(t)
	hangups := make(chan os.Signal, 1) // what is heard here is not ignored by the servers, though nohup were before the tests
	signal.Notify(hangups, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangups) })
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, "LC_ALL=C", "XDG_DATA_HOME="+filepath.Join(e.WorkDir, "share"), raceEnds)
			e.Values[serverKey{}] = map[int]chan error{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "start": start, "shut": shut, "hangup": hangup, "hurry": hurry, "drain": drain, "private": private, "utf16": utf16,
			"names": names, "expand": expand, "sql": sqlCommand, "damage": damage, "grab": grab,
		},
	})
}

// raceEnds is for -race: otherwise each of some hundred commands waits a second
// at its end.
const raceEnds = "GORACE=atexit_sleep_ms=0"

// noStop refuses testscript's own stop, which passes over the rest of a
// script in silence; shut is what ends a server.
func noStop(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if line == "stop" || strings.HasPrefix(line, "stop ") {
				t.Errorf("%s:%d: stop ends the script here; a server is ended with shut", name, i+1)
			}
		}
	}
}

// exits CODE COMMAND… runs a command that must end with this status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("status %d, want %d", got, want)
	}
}

// private FILE… holds that only their owner may read them.
func private(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			ts.Fatalf("%s has mode %v", name, mode)
		}
	}
}

// grab NAME REGEXP puts what its first group finds in the last output into a variable.
func grab(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) < 2 {
		ts.Fatalf("nothing like %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// utf16 FILE prints a file that Windows wants in UTF-16 with its mark.
func utf16(ts *testscript.TestScript, _ bool, args []string) {
	raw := ts.ReadFile(args[0])
	text, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().String(raw)
	ts.Check(err)
	_, err = io.WriteString(ts.Stdout(), text)
	ts.Check(err)
}

// startTime is what a server may take to listen on a busy machine.
const startTime = 2 * time.Minute

// start ARGUMENTS… runs a posta that serves, waits until it says that it is
// ready, and puts its addresses into variables: SMTP, POP3, POP3S …
func start(ts *testscript.TestScript, _ bool, args []string) {
	self, err := exec.LookPath("posta") // where testscript.Main has put it
	ts.Check(err)
	c := exec.Command(self, append(args, "--json")...)
	c.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "PATH", "LC_ALL", "XDG_DATA_HOME", "TMPDIR", "NOTIFY_SOCKET"} {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	c.Env = append(c.Env, raceEnds)
	errs, err := os.Create(ts.MkAbs("server.err"))
	ts.Check(err)
	ts.Defer(func() { errs.Close() })
	c.Stderr = errs
	out, err := c.StdoutPipe()
	ts.Check(err)
	ts.Check(c.Start())
	ended := make(chan error, 1)
	said := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		said <- line
		ended <- c.Wait()
	}()
	ts.Defer(func() { _ = c.Process.Kill() }) // a script that failed before its shut
	select {
	case line := <-said:
		addresses(ts, line)
	case <-time.After(startTime):
		ts.Fatalf("not ready after %v", startTime)
	}
	ts.Setenv("SERVER", strconv.Itoa(c.Process.Pid))
	servers(ts)[c.Process.Pid] = ended
}

// addresses reads the line that says what listens where.
func addresses(ts *testscript.TestScript, line string) {
	var r struct {
		Ready     bool
		Listeners []struct{ Name, Address string }
	}
	if err := json.Unmarshal([]byte(line), &r); err != nil || !r.Ready {
		text, _ := os.ReadFile(ts.MkAbs("server.err"))
		ts.Fatalf("not ready: %q %v\n%s", line, err, text)
	}
	for _, l := range r.Listeners {
		ts.Setenv(strings.ToUpper(l.Name), l.Address)
		if _, port, err := net.SplitHostPort(l.Address); err == nil {
			ts.Setenv(strings.ToUpper(l.Name)+"_PORT", port)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs("ready.json"), []byte(line), 0o600))
}

// names FILE... starts a name server with a table that stands in files, and puts
// its address into NAMES.
func names(ts *testscript.TestScript, _ bool, args []string) {
	var table strings.Builder
	for _, name := range args {
		table.WriteString(ts.ReadFile(name) + "\n")
	}
	s, err := dnstest.Start(table.String())
	ts.Check(err)
	ts.Defer(s.Close)
	ts.Setenv("NAMES", s.Addr())
}

// expand FILE... puts the values of variables into files, as $NAMES.
func expand(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(os.Expand(ts.ReadFile(name), ts.Getenv)), 0o600))
	}
}

type serverKey struct{}

// servers are the running ones of a script.
func servers(ts *testscript.TestScript) map[int]chan error {
	held, ok := ts.Value(serverKey{}).(map[int]chan error)
	if !ok {
		ts.Fatalf("no servers: Setup has not run")
	}
	return held
}

// shut ends the server that was started last as SIGTERM does, in good order;
// "shut hangup" as a terminal's window does that is closed, where the shell
// hangs up and then the system, unless nohup forbade it.
func shut(ts *testscript.TestScript, _ bool, args []string) {
	how := []os.Signal{syscall.SIGTERM}
	if len(args) > 0 && args[0] == "hangup" && !signal.Ignored(syscall.SIGHUP) {
		how = []os.Signal{syscall.SIGHUP, syscall.SIGHUP}
	}
	pid, err := strconv.Atoi(ts.Getenv("SERVER"))
	ts.Check(err)
	p, err := os.FindProcess(pid)
	ts.Check(err)
	for _, one := range how {
		if err := p.Signal(one); !errors.Is(err, os.ErrProcessDone) {
			ts.Check(err)
		}
	}
	select {
	case err := <-servers(ts)[pid]:
		ts.Check(err)
	case <-time.After(startTime):
		ts.Fatalf("still there after %v", startTime)
	}
}

// hangup sends the server SIGHUP, as scripts do that have moved a log.
func hangup(ts *testscript.TestScript, _ bool, _ []string) {
	pid, err := strconv.Atoi(ts.Getenv("SERVER"))
	ts.Check(err)
	p, err := os.FindProcess(pid)
	ts.Check(err)
	ts.Check(p.Signal(syscall.SIGHUP))
}

// hurry ends the server with two signals while a letter is under way, which
// the first one waits for.
func hurry(ts *testscript.TestScript, _ bool, _ []string) {
	c, _, p := ending(ts)
	defer c.Close()
	ts.Check(p.Signal(syscall.SIGTERM))
	var failed *exec.ExitError
	if err := <-servers(ts)[p.Pid]; !errors.As(err, &failed) || failed.ExitCode() != exitAtOnce {
		ts.Fatalf("ended with %v", err)
	}
}

// drain ends the server with one signal while a letter is under way, which then
// comes to its end. Meanwhile posta health, with the arguments, says that the
// server is ending.
func drain(ts *testscript.TestScript, _ bool, args []string) {
	c, r, p := ending(ts)
	defer c.Close()
	var failed *exec.ExitError
	if err := ts.Exec("posta", append([]string{"health"}, args...)...); !errors.As(err, &failed) || failed.ExitCode() != exitFailed {
		ts.Fatalf("health of a server that is ending: %v", err)
	}
	_, err := fmt.Fprint(c, "Subject: kept\r\n\r\n.\r\n")
	ts.Check(err)
	for _, want := range []string{"250 ", "421 "} {
		line, err := r.ReadString('\n')
		ts.Check(err)
		if !strings.HasPrefix(line, want) {
			ts.Fatalf("%q instead of %s", line, want)
		}
	}
	ts.Check(<-servers(ts)[p.Pid])
}

// ending sends the server one signal while a letter is under way on the
// connection given back.
func ending(ts *testscript.TestScript) (net.Conn, *bufio.Reader, *os.Process) {
	c, err := net.DialTimeout("tcp", ts.Getenv("SMTP"), 10*time.Second)
	ts.Check(err)
	ts.Check(c.SetDeadline(time.Now().Add(startTime)))
	r := bufio.NewReader(c)
	for _, line := range []string{"HELO x", "MAIL FROM:<a@b.example>", "RCPT TO:<postmaster>", "DATA"} {
		_, err := r.ReadString('\n')
		ts.Check(err)
		_, err = fmt.Fprintf(c, "%s\r\n", line)
		ts.Check(err)
	}
	_, err = r.ReadString('\n')
	ts.Check(err)
	pid, err := strconv.Atoi(ts.Getenv("SERVER"))
	ts.Check(err)
	p, err := os.FindProcess(pid)
	ts.Check(err)
	ts.Check(p.Signal(syscall.SIGTERM))
	awaitRefusal(ts)
	return c, r, p
}

// awaitRefusal waits until the server has heard the signal: it lets nobody in
// any more.
func awaitRefusal(ts *testscript.TestScript) {
	for until := time.Now().Add(startTime); time.Now().Before(until); {
		c, err := net.DialTimeout("tcp", ts.Getenv("SMTP"), time.Second)
		if err != nil {
			return
		}
		c.Close()
	}
	ts.Fatalf("the server still listens")
}

// talk ADDRESS FILE sends the file's lines, all at once, and prints what comes
// back until the other side closes.
func talkProgram() {
	if err := converse(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "talk:", err)
		os.Exit(1)
	}
}

func converse(addr, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	c, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(startTime)); err != nil {
		return err
	}
	r := bufio.NewReader(c)
	greeting, err := r.ReadString('\n') // strict servers refuse who talks first
	if err != nil {
		return err
	}
	fmt.Print(greeting)
	if _, err := c.Write([]byte(strings.ReplaceAll(string(text), "\n", "\r\n"))); err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, r)
	return err
}
