//go:build whole && others && linux

package peers

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"posta/config"
)

// other is a mail server of somebody else's.
type other struct {
	name    string
	dir     string
	port    int // the first of its ports
	orders  io.Writer
	answers <-chan string // "ready" when an order is carried out; closed when the shell has ended
	errs    func() string // ends it, and gives what it said
}

// benchUser is the number of the user whom the mailboxes belong to, as test/setup
// makes him.
const benchUser = 64993

// otherServer starts one that test/setup has unpacked, by an adapter in servers/ or
// in shared/bench. Only root can lay it over the system in namespaces of its own:
// hence the tag, which test/all gives where it runs as root. MORE in the environment is
// shell that changes what the adapter has made before it starts.
func otherServer(t *testing.T, adapter, program string, env ...string) *other {
	t.Helper()
	bench, err := filepath.Abs("../../../shared/bench")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	unpacked := filepath.Join(cache, "posta-test", "others")
	for _, needed := range []string{filepath.Join(bench, "lib.sh"), filepath.Join(unpacked, program)} {
		if _, err := os.Stat(needed); err != nil {
			t.Fatalf("test/setup unpacks it: %v", err)
		}
	}
	if os.Getuid() != 0 {
		t.Fatal("it has users of its own, so only root can start it")
	}
	dir, err := os.MkdirTemp("", "posta-other-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // its users get in
		t.Fatal(err)
	}
	o := &other{name: adapter, dir: dir, port: freePorts(t)}
	c := exec.Command("unshare", "-m", "-p", "--fork", "--kill-child", "bash", "servers/run.sh", unpacked, bench, o.dir, strconv.Itoa(o.port), adapter)
	c.Env = append(os.Environ(), env...)
	o.run(t, c)
	o.await(t, "start")
	return o
}

// run starts the shell that the server runs under. It ends when its standard input
// does, and all the server's processes with it.
func (o *other) run(t *testing.T, c *exec.Cmd) {
	t.Helper()
	var errs bytes.Buffer
	c.Stderr = &errs
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	answers := make(chan string)
	go func() {
		defer close(answers)
		for all := bufio.NewScanner(out); all.Scan(); {
			answers <- all.Text()
		}
	}()
	end := sync.OnceFunc(func() {
		in.Close()
		late := time.AfterFunc(patience, func() { _ = c.Process.Kill() })
		for range answers { // to the end of what it says
		}
		_ = c.Wait() // by the signal, if it was late
		late.Stop()
	})
	t.Cleanup(end)
	o.orders, o.answers = in, answers
	o.errs = func() string { end(); return errs.String() }
}

// tell orders it to stop or to start, and waits until that is so.
func (o *other) tell(t *testing.T, order string) {
	t.Helper()
	if _, err := io.WriteString(o.orders, order+"\n"); err != nil {
		t.Fatal(err)
	}
	o.await(t, order)
}

func (o *other) await(t *testing.T, order string) {
	t.Helper()
	select {
	case said := <-o.answers:
		if said == "ready" {
			return
		}
	case <-time.After(patience):
	}
	t.Fatalf("%s does not %s: %s\n%s", o.name, order, o.errs(), o.log())
}

// log is what the server says of its work.
func (o *other) log() string {
	var all strings.Builder
	for _, name := range []string{"log", "maillog", "log.d/main", "log.d/reject", "log.d/panic"} {
		text, _ := os.ReadFile(filepath.Join(o.dir, name)) // each server has some of them
		all.Write(text)
	}
	return all.String()
}

// freePorts finds three ports in a row that nobody has. A lock keeps them for the
// test, also while its server is stopped, from whatever test of this kind there is.
func freePorts(t *testing.T) int {
	t.Helper()
	locks := filepath.Join(os.TempDir(), "posta-test-ports")
	if err := os.MkdirAll(locks, 0o700); err != nil {
		t.Fatal(err)
	}
	for first := 23000; first < 24000; first += 3 {
		lock, err := os.OpenFile(filepath.Join(locks, strconv.Itoa(first)), os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil && free(first) {
			t.Cleanup(func() { lock.Close() })
			return first
		}
		lock.Close()
	}
	t.Fatal("no ports are free")
	return 0
}

// free says that nobody has a port, nor the two behind it.
func free(first int) bool {
	for port := first; port < first+3; port++ {
		l, err := net.Listen("tcp4", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}

func (o *other) at(n int) string { return "127.0.0.1:" + strconv.Itoa(o.port+n) }

// posta's clients send to Postfix: by DATA and BDAT, refused recipients and all;
// and a conversation with it plays again.
func TestPostfix(t *testing.T) {
	o := otherServer(t, "postfix", "postfix/usr/lib/postfix/sbin/master")
	w := start(t, config.ModeStrict)
	posta := w.postaProgram()
	said := w.fails(1, "", posta, "send", "--server", o.at(0), "--from", "a@x.test", "--to", "pepe@bench.test", "--to", "nobody@bench.test",
		"--subject", "Señal", "--body", ".dot ñ", "--notify", "never")
	for _, want := range []string{"C: RCPT TO:<nobody@bench.test> NOTIFY=NEVER\n", "S: 550 5.1.1 ", "S: 250 2.0.0 Ok: queued", "the server refused 1 of 2 recipients"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	w.must("", posta, "send", "--server", o.at(0), "--from", "a@x.test", "--to", "pepe@bench.test", "--body", "by BDAT", "--chunking", "-q")
	file := filepath.Join(w.home, "postfix.talk")
	w.must("EHLO x\nMAIL FROM:<a@x.test>\nRCPT TO:<pepe@bench.test>\nRCPT TO:<nope@bench.test>\nFOO\nDATA\nSubject: t\n\n.x\n.\nQUIT\n",
		posta, "talk", "smtp", o.at(0), "--save", file)
	w.must("", posta, "talk", "--script", file, "smtp", o.at(0))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	w.file("postfix.talk", strings.Replace(string(text), "{code 550 5.1.1}", "{code 250 2.1.5}", 1))
	if said := w.fails(1, "", posta, "talk", "--script", file, "smtp", o.at(0)); !strings.Contains(said, "expected  S: {code 250 2.1.5}") {
		t.Error(said)
	}
}

// posta's clients fetch from Dovecot, each message once.
func TestDovecot(t *testing.T) {
	o := otherServer(t, "dovecot-maildir", "root/usr/sbin/dovecot")
	w := start(t, config.ModeStrict)
	posta := w.postaProgram()
	o.deliver(t, "1.a.x", "From: a@x.test\nSubject: uno\n\n.dot\n")
	o.deliver(t, "2.b.x", "From: a@x.test\nSubject: dos\n\nx\n")
	w.file("password", "benchpass\n")
	flags := []string{"--server", o.at(2), "--auth", "pepe@bench.test", "--password-file", filepath.Join(w.home, "password"), "-q"}
	if said := w.must("", posta, append([]string{"pop", "list"}, flags...)...); !strings.Contains(said, "uno") || !strings.Contains(said, "dos") {
		t.Error(said)
	}
	box := filepath.Join(w.home, "box")
	fetch := append([]string{"pop", "fetch", "--dir", box}, flags...)
	if said := w.must("", posta, fetch...); !strings.Contains(said, "fetched 2 of 2") {
		t.Error(said)
	}
	if said := w.must("", posta, append(fetch, "--delete")...); !strings.Contains(said, "fetched 0 of 2") {
		t.Error(said)
	}
	if said := w.must("", posta, append([]string{"pop", "list"}, flags...)...); !strings.Contains(said, "nothing here yet") {
		t.Error(said)
	}
	all, err := filepath.Glob(filepath.Join(box, "0001-*"))
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if text, err := os.ReadFile(all[0]); err != nil || !strings.HasSuffix(string(text), "Subject: uno\n\n.dot\n") {
		t.Errorf("%q, %v", text, err)
	}
	file := filepath.Join(w.home, "dovecot.talk")
	w.must("CAPA\nAUTH PLAIN\npepe@bench.test\nbenchpass\nSTAT\nUIDL\nRETR 9\nQUIT\n", posta, "talk", "pop3", o.at(2), "--save", file)
	w.must("", posta, "talk", "--script", file, "pop3", o.at(2))
}

// deliver puts a message into pepe's Maildir.
func (o *other) deliver(t *testing.T, name, message string) {
	t.Helper()
	box := filepath.Join(o.dir, "mail", "pepe")
	for _, dir := range []string{box, filepath.Join(box, "cur"), filepath.Join(box, "tmp"), filepath.Join(box, "new")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(dir, benchUser, benchUser); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(box, "new", name)
	if err := os.WriteFile(file, []byte(message), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(file, benchUser, benchUser); err != nil {
		t.Fatal(err)
	}
}
