//go:build whole && linux

package peers

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// classroom is three computers in network namespaces of their own: the one
// with the lab, a student's beside it, and one with a public address. The
// first has a network of containers too, as a developer's has.
type classroom struct {
	*world
	program string // posta, out of the archive that people download
	data    string
	pids    map[string]string // who holds a computer's namespace
	said    string            // file with what the lab said
}

// The computers' addresses. The public one is of RFC 5737's, which nobody has.
const (
	labIP, studentIP, campusLabIP, campusIP = "192.168.50.1", "192.168.50.110", "203.0.113.1", "203.0.113.9"
	wiring                                  = `set -e
ip link set lo up
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
ip link add campus type veth peer name eth0 netns $CAMPUS
ip addr add 203.0.113.1/24 dev campus
ip link set campus up
ip link add aula type veth peer name eth0 netns $STUDENT
ip addr add 192.168.50.1/24 dev aula
ip link set aula up
ip route add default via 192.168.50.254
`
)

func openClassroom(t *testing.T) *classroom {
	c := &classroom{world: &world{t: t, home: t.TempDir()}, data: filepath.Join(t.TempDir(), "data"), pids: map[string]string{}}
	c.world.tell = func() string {
		text, _ := os.ReadFile(c.said) // "" before there is any
		return string(text)
	}
	c.program = c.unpacked()
	c.pids["lab"] = c.hold("unshare", "--user", "--map-root-user", "--net")
	for _, name := range []string{"student", "campus"} {
		c.pids[name] = c.hold("nsenter", "--preserve-credentials", "-t", c.pids["lab"], "-U", "unshare", "--net")
	}
	c.on("lab", "env", "STUDENT="+c.pids["student"], "CAMPUS="+c.pids["campus"], "sh", "-c", wiring)
	for name, ip := range map[string]string{"student": studentIP, "campus": campusIP} {
		c.on(name, "sh", "-c", "ip link set lo up; ip addr add "+ip+"/24 dev eth0; ip link set eth0 up")
	}
	return c
}

// unpacked packs what people download for this system, and unpacks it as they do.
func (c *classroom) unpacked() string {
	c.t.Helper()
	build := exec.Command("go", "run", "posta/dist", "-o", c.home, "linux/amd64")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		c.t.Fatalf("dist: %v\n%s", err, out)
	}
	archives, err := filepath.Glob(filepath.Join(c.home, "posta-*-linux-amd64.tar.gz"))
	if err != nil || len(archives) != 1 {
		c.t.Fatalf("archives %v %v", archives, err)
	}
	f, err := os.Open(archives[0])
	if err != nil {
		c.t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		c.t.Fatal(err)
	}
	path := filepath.Join(c.home, "posta")
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err != nil {
			c.t.Fatal("no posta in the archive: ", err)
		}
		if filepath.Base(h.Name) != "posta" || h.Typeflag != tar.TypeReg {
			continue
		}
		octets, err := io.ReadAll(r)
		if err == nil {
			err = os.WriteFile(path, octets, os.FileMode(h.Mode))
		}
		if err != nil {
			c.t.Fatal(err)
		}
		return path
	}
}

// hold starts a computer: a process that does nothing in a network of its own
// until the test ends.
func (c *classroom) hold(args ...string) string {
	c.t.Helper()
	cmd := exec.Command(args[0], append(args[1:], "sh", "-c", "echo here; exec cat")...)
	in, err := cmd.StdinPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "here\n" {
		c.t.Fatalf("%v: %q %v; a network namespace needs root, or user namespaces", args, line, err)
	}
	return strconv.Itoa(cmd.Process.Pid) // unshare and nsenter become what they start
}

// inside is a command line on a computer.
func (c *classroom) inside(computer string, args ...string) []string {
	return append([]string{"--preserve-credentials", "-t", c.pids[computer], "-U", "-n"}, args...)
}

// on runs a program on a computer.
func (c *classroom) on(computer string, args ...string) string {
	c.t.Helper()
	return c.must("", "nsenter", c.inside(computer, args...)...)
}

// lab starts quickstart and waits until its card stands there.
func (c *classroom) lab(args ...string) *exec.Cmd {
	c.t.Helper()
	f, err := os.CreateTemp(c.home, "said")
	if err != nil {
		c.t.Fatal(err)
	}
	c.said = f.Name()
	line := append([]string{c.program, "quickstart", "--lang", "en", "--data", c.data, "--ports", "standard"}, args...)
	cmd := c.command(context.WithoutCancel(c.t.Context()), "nsenter", c.inside("lab", line...)...)
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { c.stop(cmd); _ = f.Close() })
	c.on("lab", c.program, "wait-ready", "--timeout", "1m", "--data", c.data)
	c.says("Ctrl-C ends it")
	return cmd
}

// stop is Ctrl-C.
func (c *classroom) stop(cmd *exec.Cmd) {
	if cmd.ProcessState != nil {
		return
	}
	_ = cmd.Process.Signal(syscall.SIGINT) // it may have ended by itself
	if err := cmd.Wait(); err != nil {
		c.t.Errorf("quickstart: %v\n%s", err, c.story())
	}
}

// says waits until the lab has said something.
func (c *classroom) says(text string) {
	c.t.Helper()
	if !soon(func() bool { return strings.Contains(c.story(), text) }) {
		c.t.Fatalf("the lab does not say %q\n%s", text, c.story())
	}
}

// dialogue types a dialogue into plink on a computer, key by key.
func (c *classroom) dialogue(computer, how, address, port string, turns ...turn) {
	c.t.Helper()
	screen := c.terminal("nsenter", c.inside(computer, "plink", how, "-P", port, address)...)
	for _, one := range turns {
		if one.key != "" {
			screen.keys(one.key)
		}
		if one.want != "" {
			screen.expect(one.want)
		}
	}
	screen.leave()
}

// A student on another computer of the room, with PuTTY as it is (telnet) and
// as the card says (raw), writes to a lab that was unpacked from the archive
// and is on the real ports, and fetches from it. Who has a public address is
// turned away, and the log says why, until --allow lets the network in. The
// next group comes onto the same server.
func TestClassroom(t *testing.T) {
	c := openClassroom(t)
	running := c.lab("jaramillo.edu.ec", "--lan", "--account", "luis:luis-2026", "--account", "gorka:gorka-2026")
	card := c.story()
	if first, last := strings.Index(card, labIP), strings.Index(card, "172.17.0.1"); first < 0 || last < first || !strings.Contains(card, "docker0") {
		t.Errorf("the card does not show %s first and the containers' network last\n%s", labIP, card)
	}
	if strings.Contains(card, campusLabIP) {
		t.Errorf("the card shows an address from where nobody would be let in\n%s", card)
	}
	for _, want := range []string{"putty -raw " + labIP + " -P 25", "plink -raw -P 110 " + labIP} {
		if !strings.Contains(card, want) {
			t.Errorf("the card lacks %q", want)
		}
	}
	c.dialogue("student", "-telnet", labIP, "25", first()...)
	c.dialogue("student", "-raw", labIP, "110", turn{"", `\+OK`}, turn{"USER gorka", `\+OK`}, turn{"PASS gorka-2026", `\+OK`},
		turn{"RETR 1", `luis jaramillo uday`}, turn{"QUIT", `\+OK`})
	c.dialogue("campus", "-raw", campusLabIP, "25", turn{"", `421 .*`})
	turnedAway := regexp.MustCompile(`refused.*` + regexp.QuoteMeta(campusIP) + "|" + regexp.QuoteMeta(campusIP) + ".*refused")
	if !soon(func() bool { return turnedAway.MatchString(c.log()) }) { // the log comes after the answer
		t.Fatalf("the log does not say who was turned away\n%s", c.log())
	}
	c.says("--allow 203.0.113.0/24 lets that one in")
	c.stop(running)

	running = c.lab("grupo2.net", "--account", "eva", "--lan", "--allow", "203.0.113.0/24")
	c.says("jaramillo.edu.ec")
	c.dialogue("campus", "-raw", campusLabIP, "25", turn{"", `220 `}, turn{"HELO grupo2.net", `250`}, turn{"MAIL FROM:<eva@grupo2.net>", `250`},
		turn{"RCPT TO:<gorka@jaramillo.edu.ec>", `250`}, turn{"QUIT", `221`})
	if again := c.on("lab", c.program, "card", "eva@grupo2.net", "--data", c.data, "--lang", "en"); !typablePassword(again) ||
		!strings.Contains(again, campusLabIP) {
		t.Errorf("eva's card\n%s", again)
	}
	c.stop(running)
}

// typablePassword says that the card shows a password as posta makes them:
// without the letters and digits that are taken for others.
func typablePassword(card string) bool {
	return regexp.MustCompile(`eva@grupo2\.net +[a-km-z]+-[2-9]+`).MatchString(card)
}

// log is what the lab wrote into its log, and onto its screen.
func (c *classroom) log() string {
	text, err := os.ReadFile(filepath.Join(c.data, "posta.log"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		c.t.Fatal(err)
	}
	return fmt.Sprintf("%s\n%s", text, c.story())
}
