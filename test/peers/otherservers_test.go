//go:build whole && others && linux

package peers

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"posta/config"
)

// other is a mail server of somebody else's, as shared/bench starts it.
type other struct {
	dir  string
	port int // the first of its ports
}

// benchUser is the number of the user whom the mailboxes belong to, as test/setup
// makes him.
const benchUser = 64993

// otherServer starts one that test/setup has unpacked: it is laid over the system
// in a mount namespace of its own, so that nothing of it is installed. Only root
// can do that: hence the tag, which test/all gives where it runs as root. More is
// shell that changes what the adapter has made before it starts.
func otherServer(t *testing.T, adapter, program string, more ...string) other {
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
	if out, err := exec.Command("unshare", "-m", "sh", "-c", overlaid+"true", "sh", unpacked).CombinedOutput(); err != nil {
		t.Fatalf("nothing can be laid over the system here: %v %s", err, out)
	}
	dir, err := os.MkdirTemp("", "posta-other-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // its users get in
		t.Fatal(err)
	}
	o := other{dir: dir, port: freePorts(t)}
	c := exec.Command("unshare", "-m", "bash", "-c", overlaid+`cd "$2"; BENCH_HOME=/mnt; . ./lib.sh
BENCH_DIR=$3 BENCH_PORT=$4
. "servers/$5.sh"
srv_init; srv_user pepe; eval "$6"; srv_start
echo ready
read -r _ || true
kill $(bench_pids)
wait`, "bash", unpacked, bench, o.dir, strconv.Itoa(o.port), adapter, strings.Join(more, "\n"))
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
	t.Cleanup(func() {
		in.Close()
		_ = c.Wait() // the servers end by the signal
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		log, _ := os.ReadFile(filepath.Join(o.dir, "log"))
		t.Fatalf("%s does not start: %q, %v\n%s", adapter, line, err, log)
	}
	return o
}

// overlaid lays the unpacked servers and their users over the system of the shell
// at hand; Postfix, which has few paths compiled in, lies in /mnt.
const overlaid = `set -eu
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$1/etc:/etc" /etc
mount -t overlay overlay -o "lowerdir=$1/root/usr:/usr" /usr
mount -t tmpfs tmpfs /mnt
mkdir /mnt/postfix
mount --bind "$1/postfix" /mnt/postfix
`

// freePorts finds three ports in a row that nobody has.
func freePorts(t *testing.T) int {
	for first := 23000; first < 24000; first += 3 {
		free := true
		for port := first; port < first+3; port++ {
			l, err := net.Listen("tcp4", "127.0.0.1:"+strconv.Itoa(port))
			if err != nil {
				free = false
				break
			}
			l.Close()
		}
		if free {
			return first
		}
	}
	t.Fatal("no ports are free")
	return 0
}

func (o other) at(n int) string { return "127.0.0.1:" + strconv.Itoa(o.port+n) }

// posta's clients send to Postfix: by DATA and BDAT, refused recipients and all;
// and a conversation with it plays again.
func TestPostfix(t *testing.T) {
	o := otherServer(t, "postfix", "postfix/usr/lib/postfix/sbin/master")
	w := start(t, config.ModeStrict)
	posta := w.postaProgram()
	said := w.fails(1, "", posta, "send", "--server", o.at(0), "--from", "a@x.test", "--to", "pepe@bench.test", "--to", "nobody@bench.test",
		"--subject", "Señal", "--body", ".dot ñ", "--notify", "never")
	for _, want := range []string{"C: RCPT TO:<nobody@bench.test> NOTIFY=NEVER\n", "S: 550 5.1.1 ", "S: 250 2.0.0 Ok: queued", "1 of 2 recipients were refused"} {
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
func (o other) deliver(t *testing.T, name, message string) {
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
