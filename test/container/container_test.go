//go:build whole && linux

package container

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is what a step may take on a busy machine.
const patience = 2 * time.Minute

// image is what the Dockerfile's last stage says.
type image struct {
	build       string // the command that makes the program
	copies      [][2]string
	environment []string
	uid, gid    uint32
	volume      string
	health      []string
	entry, args []string
	stop        string
}

func TestContainer(t *testing.T) {
	img := read(t, "../../Dockerfile")
	root := furnish(t, img)
	server := img.start(t, root, append(img.args, "--smtp", "127.0.0.1:0", "--pop3s", "127.0.0.1:0", "--submission", "off", "--submissions", "off",
		"--pop3", "off", "--json")...)
	if out, status := img.run(t, root, img.health[1:]...); status != 0 {
		t.Errorf("health check: status %d, %s", status, out)
	}
	for _, args := range [][]string{{"domain", "add", "pepito.es"}, {"account", "add", "pepe@pepito.es", "--generate"}, {"store", "check"}} {
		if out, status := img.run(t, root, args...); status != 0 {
			t.Errorf("%v: status %d, %s", args, status, out)
		}
	}
	server.end(t, img.stop)
	if _, status := img.run(t, root, img.health[1:]...); status != 3 {
		t.Errorf("health check after the end: status %d", status)
	}
	// What was made is on the volume: a second container finds it.
	server = img.start(t, root, append(img.args, "--smtp", "127.0.0.1:0", "--pop3s", "127.0.0.1:0", "--submission", "off", "--submissions", "off",
		"--pop3", "off", "--json")...)
	if out, status := img.run(t, root, "account", "show", "pepe@pepito.es"); status != 0 {
		t.Errorf("account show: status %d, %s", status, out)
	}
	server.end(t, img.stop)
}

// A developer's sink, whose mail goes with it, needs no more than the image has.
func TestSink(t *testing.T) {
	img := read(t, "../../Dockerfile")
	root := furnish(t, img)
	server := img.start(t, root, "quickstart", "--mode", "sink", "--ephemeral", "--lan", "--smtp", "127.0.0.1:0", "--pop3", "127.0.0.1:0", "--json")
	if out, status := img.run(t, root, "wait-ready", "--timeout", "1m"); status != 0 {
		t.Errorf("wait-ready: status %d, %s", status, out)
	}
	if out, status := img.run(t, root, "message", "wait", "--to", "ana@example.net", "--timeout", "50ms"); status != 1 {
		t.Errorf("message wait: status %d, %s", status, out)
	}
	server.end(t, img.stop)
	if left, err := filepath.Glob(filepath.Join(root, "*", "posta-sink-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// read takes the Dockerfile apart.
func read(t *testing.T, file string) image {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	img := image{stop: "SIGTERM"}
	list := func(s string) (out []string) {
		if err := json.Unmarshal([]byte(s), &out); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		return out
	}
	for _, line := range strings.Split(string(text), "\n") {
		verb, rest, _ := strings.Cut(line, " ")
		switch {
		case verb == "RUN" && strings.Contains(rest, "go build"):
			img.build = rest
		case verb == "COPY" && strings.HasPrefix(rest, "--from=build"):
			words := strings.Fields(rest)
			img.copies = append(img.copies, [2]string(words[len(words)-2:]))
		case verb == "ENV":
			img.environment = append(img.environment, rest)
		case verb == "USER":
			uid, gid, _ := strings.Cut(rest, ":")
			img.uid, img.gid = number(t, uid), number(t, gid)
		case verb == "VOLUME":
			img.volume = rest
		case verb == "HEALTHCHECK":
			_, command, _ := strings.Cut(rest, "CMD ")
			img.health = list(command)
		case verb == "ENTRYPOINT":
			img.entry = list(rest)
		case verb == "CMD":
			img.args = list(rest)
		case verb == "STOPSIGNAL":
			img.stop = rest
		}
	}
	if img.build == "" || len(img.copies) != 3 || img.uid == 0 || img.volume == "" || len(img.health) < 2 || len(img.entry) != 1 ||
		img.health[0] != img.entry[0] {
		t.Fatalf("the Dockerfile has changed shape: %+v", img)
	}
	return img
}

func number(t *testing.T, s string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}

// furnish makes the image's root folder: the program, its volume, nothing else.
func furnish(t *testing.T, img image) string {
	t.Helper()
	top := t.TempDir()
	root := filepath.Join(top, "root")
	for _, dir := range []string{top, root, filepath.Dir(top)} {
		_ = os.Mkdir(dir, 0o755)
		if err := os.Chmod(dir, 0o755); err != nil { // the image's user must get in
			t.Fatal(err)
		}
	}
	program := filepath.Join(root, img.entry[0])
	build := exec.Command("sh", "-c", strings.ReplaceAll(img.build, "/out/posta", program))
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", img.build, err, out)
	}
	volume := filepath.Join(root, img.volume)
	if err := os.Mkdir(volume, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(volume, int(img.uid), int(img.gid)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// command is a program of the image: locked into its root folder, as its user,
// with its environment. Who is not root does it in a user namespace.
func (img image) command(root string, args ...string) *exec.Cmd {
	c := exec.Command(img.entry[0], args...)
	c.Path, c.Err = img.entry[0], nil
	c.Dir, c.Env = "/", img.environment
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: img.uid, Gid: img.gid}}
	if euid := os.Geteuid(); euid != 0 {
		c.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: int(img.uid), HostID: euid, Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: int(img.gid), HostID: os.Getegid(), Size: 1}}
		c.SysProcAttr.Credential.NoSetGroups = true
	}
	return c
}

// run runs a command in the container, as `docker exec` does.
func (img image) run(t *testing.T, root string, args ...string) (string, int) {
	t.Helper()
	out, err := img.command(root, args...).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); ok {
		return string(out), exit.ExitCode()
	}
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return string(out), 0
}

// running is the container's first process.
type running struct {
	*exec.Cmd
	ended chan error
	errs  *bytes.Buffer
}

// start runs the first process until it says that it is ready.
func (img image) start(t *testing.T, root string, args ...string) running {
	t.Helper()
	r := running{img.command(root, args...), make(chan error, 1), &bytes.Buffer{}}
	r.Stderr = r.errs
	out, err := r.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Process.Kill() })
	said := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		said <- line
		r.ended <- r.Wait()
	}()
	select {
	case line := <-said:
		var ready struct{ Ready bool }
		if err := json.Unmarshal([]byte(line), &ready); err != nil || !ready.Ready {
			t.Fatalf("it said %q\n%s", line, r.errs)
		}
	case <-time.After(patience):
		t.Fatal("not ready")
	}
	return r
}

// end stops it as `docker stop` does.
func (r running) end(t *testing.T, name string) {
	t.Helper()
	signals := map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT}
	if err := r.Process.Signal(signals[name]); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-r.ended:
		if err != nil {
			t.Errorf("ended with %v\n%s", err, r.errs)
		}
	case <-time.After(patience):
		t.Fatal("still there")
	}
}
