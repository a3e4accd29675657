//go:build whole

package peers

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runner is a computer that runs a developer's jobs. It has an interface to
// the Internet, and counts what goes out of it.
type runner struct{ *classroom }

func openRunner(t *testing.T) runner {
	c := &classroom{world: &world{t: t, home: t.TempDir()}, pids: map[string]string{}}
	c.world.tell = func() string { return "" }
	c.program = c.unpacked()
	c.pids["job"] = c.hold("unshare", "--user", "--map-root-user", "--net")
	c.on("job", "sh", "-c", `set -e
ip link set lo up
ip link add wan type veth peer name provider
ip link set wan addrgenmode none
ip link set provider addrgenmode none
ip addr add 10.9.0.1/24 dev wan
ip link set wan up
ip link set provider up
ip route add default via 10.9.0.254`)
	return runner{c}
}

// sent is how many packets have left towards the Internet.
func (r runner) sent() string {
	fields := strings.Fields(r.on("job", "sh", "-c", "grep wan: /proc/net/dev"))
	if len(fields) < 11 {
		r.t.Fatalf("no counters: %q", fields)
	}
	return fields[10]
}

// job runs a job's lines as the service's shell does, in a folder of its own,
// and gives what it printed.
func (r runner) job(shell, lines string) string {
	r.t.Helper()
	dir, err := os.MkdirTemp(r.home, "job")
	if err != nil {
		r.t.Fatal(err)
	}
	for name, text := range map[string]string{"send-reset": sendReset, "job.sh": lines} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			r.t.Fatal(err)
		}
	}
	archives, err := filepath.Glob(filepath.Join(r.home, "posta-*.tar.gz"))
	if err != nil || len(archives) != 1 {
		r.t.Fatal(archives, err)
	}
	defer func() {
		if pid := serverIn(filepath.Join(dir, "sink.json")); pid > 0 {
			_ = syscall.Kill(pid, syscall.SIGTERM) // as the service ends what a job left
		}
	}()
	began := time.Now()
	out := r.on("job", "env", "PATH="+r.home+":/usr/bin:/bin", "POSTA_ARCHIVE=file://"+archives[0], "POSTA_DATA="+filepath.Join(dir, "data"),
		"sh", "-c", "cd "+dir+" && "+shell+" job.sh > out 2> err; s=$?; cat err out; exit $s")
	r.t.Logf("%s took %v", shell, time.Since(began).Round(time.Millisecond))
	r.must("", "jq", "-e", ".ready", filepath.Join(dir, "sink.json"))
	return out
}

func serverIn(file string) int {
	text, _ := os.ReadFile(file)
	var ready struct{ PID int }
	_ = json.Unmarshal(text, &ready)
	return ready.PID
}

// sendReset is the program under test: what a shop sends to who has forgotten
// a password.
const sendReset = `#!/usr/bin/python3
import os, smtplib, sys
from email.message import EmailMessage
from email.policy import SMTP
m = EmailMessage(policy=SMTP)
m["From"], m["To"], m["Reply-To"] = "Tienda de Peña <shop@example.org>", sys.argv[1], "help@example.org"
m["Subject"] = "Reset, señora"
link = "https://shop.example.org/reset?user=ana&token=" + 40 * "4711"
m.set_content("Señora Ana:\n\n" + link + "\n\n¡Adiós!\n", cte="quoted-printable")
m.add_alternative('<p>Señora <a href="%s">Ana</a></p>' % link.replace("&", "&amp;"), subtype="html", cte="base64")
m.add_attachment(b"%PDF-1.4" * 100, maintype="application", subtype="pdf", filename="terms.pdf")
with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])) as s:
    s.send_message(m)
`

// The jobs that docs/sink.md tells developers to copy find the link that a
// program has sent, and nothing of it leaves the computer.
func TestJobs(t *testing.T) {
	r := openRunner(t)
	text, err := os.ReadFile("../../docs/sink.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```(sh|yaml)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 5 {
		t.Fatalf("%d blocks", len(blocks))
	}
	before := r.sent()
	plain, github, gitlab, looks := blocks[0][2], blocks[1][2], blocks[2][2], blocks[3][2]
	for name, one := range map[string]struct{ shell, lines string }{
		"shell":  {"sh", plain + looks},
		"GitHub": {"bash -e", script(t, github, "      - run: |\n", "          ")},
		"GitLab": {"bash -eo pipefail", script(t, gitlab, "  script:\n", "    - ")},
	} {
		if n := strings.Count(one.lines, "\n"); n > 10 {
			t.Errorf("%s: %d lines are no ten", name, n)
		}
		if one.lines == "" {
			t.Errorf("%s: nothing to run", name)
		}
		got := r.job(one.shell, one.lines)
		want := "https://shop.example.org/reset?user=ana&token=" + strings.Repeat("4711", 40) + "\n"
		if name == "shell" {
			want += "help@example.org\n" + want + "true\n"
		}
		if !strings.HasSuffix(got, want) {
			t.Errorf("%s printed\n%s", name, got)
		}
	}
	if now := r.sent(); now != before {
		t.Errorf("packets sent: %s before, %s now", before, now)
	}
}

// script takes the lines of a job out of its YAML.
func script(t *testing.T, yaml, title, indent string) string {
	t.Helper()
	_, rest, ok := strings.Cut(yaml, title)
	if !ok {
		t.Fatalf("no %q in\n%s", title, yaml)
	}
	var out strings.Builder
	for line := range strings.Lines(rest) {
		line, ok := strings.CutPrefix(line, indent)
		if !ok {
			break
		}
		out.WriteString(line)
	}
	return out.String()
}

// Whatever is asked of a sink, no packet goes out: no mail, no report, no
// question to a name server.
func TestNothingLeaves(t *testing.T) {
	r := openRunner(t)
	before := r.sent()
	r.job("sh", `set -e
posta quickstart shop.example --mode sink --ephemeral --json --lan --submission 1587 > sink.json &
trap "kill $!" EXIT
posta wait-ready --timeout 1m
for to in ana@example.net ana@[192.0.2.77] 'ana%example.net@mx.example' @relay.example:ana@example.net root postmaster ana@[IPv6:2001:db8::77]; do
  swaks --server 127.0.0.1:1025 --from app@example.org --to "$to" --ehlo x.example --silent 1 || echo "no mail for $to"
done
swaks --server 127.0.0.1:1587 --from nobody@nowhere.example --to ana@example.net --auth PLAIN --auth-user u --auth-password p --silent 3
swaks --server 10.9.0.1:1025 --from app@example.org --to ana@example.net --silent 3
swaks --server 127.0.0.1:1025 --from '' --to bounce@example.net --silent 3
printf 'EHLO x\r\nMAIL FROM:<app@example.org> RET=FULL\r\nRCPT TO:<ana@example.net> NOTIFY=SUCCESS,FAILURE,DELAY\r\nDATA\r\nSubject: report\r\nDisposition-Notification-To: app@example.org\r\n\r\nx\r\n.\r\nVRFY ana@example.net\r\nEXPN ana@example.net\r\nETRN example.net\r\nQUIT\r\n' |
  timeout 30 bash -c 'exec 3<>/dev/tcp/127.0.0.1/1025; cat >&3; cat <&3'
printf 'To: far@example.com\n\nx\n' | posta sendmail -t -i -f app@example.org
posta fault add --at rcpt --reply '451 4.7.1 Later' --times 1
swaks --server 127.0.0.1:1025 --from app@example.org --to ana@example.net --silent 3 && exit 1 || true
posta message wait --to far@example.com --json
posta message list
`)
	if now := r.sent(); now != before {
		t.Errorf("packets sent: %s before, %s now", before, now)
	}
	r.on("job", "bash", "-c", "echo x > /dev/udp/192.0.2.77/25")
	if now := r.sent(); now == before {
		t.Error("a packet that was sent is not counted: the test sees nothing")
	}
}
