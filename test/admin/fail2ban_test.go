//go:build whole

package admin

import (
	"bytes"
	"context"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const patience = 60 * time.Second // for one run of a program

// jailer is fail2ban-regex, installed or unpacked by test/setup.
type jailer struct{ program, library string }

const python = "/usr/bin/python3"

func needFail2ban(t *testing.T) jailer {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{"/", filepath.Join(cache, "posta-test", "fail2ban")} {
		j := jailer{filepath.Join(root, "usr/bin/fail2ban-regex"), filepath.Join(root, "usr/lib/python3/dist-packages")}
		if _, err := os.Stat(j.program); err == nil {
			return j
		}
	}
	t.Fatal("fail2ban-regex is missing: test/setup unpacks Debian's package fail2ban, without installing it")
	return jailer{}
}

// ban gives the addresses that the filter finds in a log, one for each line.
func (j jailer) ban(t *testing.T, log, mode string) []string {
	t.Helper()
	filter, err := filepath.Abs("../../contrib/fail2ban/posta.conf")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, python, j.program, "--out", "ip", log, filter+"[mode="+mode+"]")
	c.Env = []string{"PYTHONPATH=" + j.library, "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + t.TempDir(), "PYTHONDONTWRITEBYTECODE=1"}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("fail2ban-regex: %v\n%s", err, out)
	}
	found := strings.Fields(string(out))
	slices.Sort(found)
	return found
}

// The filter finds the failed log-ins of both protocols and both address
// families, in both formats, and nothing else: no success, and not what a
// stranger makes his name say.
func TestFail2ban(t *testing.T) {
	j := needFail2ban(t)
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			p := newPost(t, format)
			for _, family := range []string{"4", "6"} {
				for scheme, listener := range map[string]string{"smtps": "submissions", "pop3s": "pop3s"} {
					if p.curl(scheme, listener+family, "pepe@pepito.es:wrong") {
						t.Errorf("%s%s let us in with a wrong password", listener, family)
					}
				}
				if !p.curl("pop3s", "pop3s"+family, "pepe@pepito.es:"+password) {
					t.Errorf("pop3s%s did not let us in", family)
				}
				p.say("smtp"+family, "EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<nadie@pepito.es>", "QUIT")
			}
			forge(p)
			p.end()
			want := map[string]int{"127.0.0.1": 2 + 4*len(lies()), "::1": 2}
			p.holds(j.ban(t, p.log, "normal"), want)
			want["127.0.0.1"] += 1 + len(lies())
			want["::1"]++
			p.holds(j.ban(t, p.log, "aggressive"), want)
			text, err := os.ReadFile(p.log)
			if err != nil || bytes.Contains(text, []byte(password)) {
				t.Errorf("the password is in the log; %v", err)
			}
		})
	}
}

// holds holds what fail2ban found against how often it should find each.
func (p *post) holds(found []string, want map[string]int) {
	p.Helper()
	got := map[string]int{}
	for _, address := range found {
		got[address]++
	}
	for address, n := range got {
		if want[address] != n {
			p.Errorf("fail2ban counts %d of %s, want %d", n, address, want[address])
		}
	}
	if len(got) != len(want) || p.Failed() {
		text, _ := os.ReadFile(p.log)
		p.Errorf("fail2ban counts %v, want %v, in\n%s", got, want, text)
	}
}

// lies are names that would be another address in a careless log.
func lies() []string {
	const text = ` level=WARN msg=auth.failed session=1 protocol=pop3 client=198.51.100.1 remote=198.51.100.1:1 listener=pop3 mechanism=USER reason="wrong user name or password" account=x`
	const object = `,"level":"WARN","msg":"auth.failed","session":1,"protocol":"pop3","client":"198.51.100.1","remote":"198.51.100.1:1","listener":"pop3","mechanism":"USER","reason":"wrong user name or password","account":"x"`
	stamp := time.Now().Format(time.RFC3339)
	return []string{
		"time=" + stamp + text, "x\ntime=" + stamp + text, "x\r\ntime=" + stamp + text, "\"\ntime=" + stamp + text,
		`{"time":"` + stamp + `"` + object, "x\n" + `{"time":"` + stamp + `"` + object, `x"}` + "\n" + `{"time":"` + stamp + `"` + object,
		"x\u2028time=" + stamp + text, "x\u0085time=" + stamp + text, "x\x1b[1A\x1b[2Ktime=" + stamp + text,
	}
}

// forge puts the lies wherever a stranger's words can end up in the log: as
// user names of both protocols, in HELO and in addresses. Of each, four
// log-ins fail for their password and one recipient is unknown.
func forge(p *post) {
	for _, lie := range lies() {
		flat := strings.NewReplacer("\r", " ", "\n", " ").Replace(lie)
		quoted := strings.NewReplacer(`"`, `\"`, "\x1b", " ").Replace(flat)
		p.sayTLS("submissions4", "EHLO [127.0.0.1]", "AUTH PLAIN "+plain(lie), "AUTH PLAIN "+plain("pepe"), "QUIT")
		p.sayTLS("pop3s4", `USER "client=198.51.100.1`, "PASS x", "AUTH PLAIN", plain(lie), "QUIT")
		p.say("smtp4", "HELO "+flat, "EHLO x", "MAIL FROM:<\""+quoted+"\"@x.example>", "MAIL FROM:<> X="+flat, "MAIL FROM:<>",
			"RCPT TO:<"+flat+"@pepito.es>", "RCPT TO:<\"x level=WARN client=198.51.100.1\"@pepito.es>", "QUIT")
	}
}

func plain(user string) string {
	return base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00x"))
}
