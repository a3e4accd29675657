package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"posta/admin"
	"posta/config"
	"posta/words"
)

// posta runs a command line in English unless it says otherwise.
func posta(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(context.Background(), args, terminal{In: strings.NewReader(""), Out: &o, Err: &e,
		Getenv: func(k string) string { return map[string]string{"LC_ALL": "C"}[k] }})
	return status, o.String(), e.String()
}

func TestCommandLines(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.toml"), filepath.Join(dir, "bad.toml")
	if err := os.WriteFile(bad, []byte("hostnam = 'x'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args      string
		status    int
		out, errs string
	}{
		{"", exitDone, "Usage:\n  posta COMMAND", ""},
		{"--help", exitDone, "Commands:", ""},
		{"-h --lang es", exitDone, "Órdenes:", ""},
		{"help --lang=es", exitDone, "Opciones de todas las órdenes:", ""},
		{"help config check", exitDone, "posta config check [FILE]", ""},
		{"help nonsense", exitUsage, "", `there is no command "nonsense"`},
		{"help config chek", exitUsage, "", `there is no command "chek"; did you mean "posta config check"?`},
		{"quickstart --account a:", exitUsage, "", "the password is empty"},
		{"quickstart --account a@@b:x", exitUsage, "", "is no address"},
		{"quickstart --domain a..b", exitUsage, "", `"a..b" is no domain`},
		{"config --help", exitDone, "posta config COMMAND", ""},
		{"version", exitDone, "posta " + version + " (", ""},
		{"version --json", exitDone, `{"version":"` + version + `"`, ""},
		{"--version", exitDone, "posta " + version + " (", ""},
		{"account add", exitUsage, "", `"posta account add --help" explains the command.`},
		{"account --nonsense", exitUsage, "", `"posta account --help" shows the commands.`},
		{"mailing-list add a@b c@d", exitUsage, "", "posta mailing-list add ADDRESS [--member ADDRESS]..."},
		{"account add --help", exitDone, "--apop on|off", ""},
		{"version now", exitUsage, "", `"now" is one word too many; write: posta version`},
		{"vresion", exitUsage, "", `did you mean "posta version"?`},
		{"nonsense", exitUsage, "", `there is no command "nonsense"`},
		{"config nonsense", exitUsage, "", `"posta config --help" shows the commands`},
		{"version --nonsense", exitUsage, "", "there is no flag --nonsense here"},
		{"version --=x", exitUsage, "", "there is no flag --=x here"},
		{"version -x", exitUsage, "", "there is no flag -x here"},
		{"send --form a@b.example", exitUsage, "", "there is no flag --form here; did you mean --from?"},
		{"send -from a@b.example", exitUsage, "", "there is no flag -from here; did you mean --from?"},
		{"collect add x --password y", exitUsage, "", "there is no flag --password here; did you mean --password-file?"},
		{"version --jsno --lang es", exitUsage, "", "aquí no hay ninguna opción --jsno; ¿quiso decir --json?"},
		{"version --data", exitUsage, "", "the flag --data needs a value"},
		{"version --json=perhaps", exitUsage, "", `--json cannot be "perhaps"`},
		{"version --lang fr", exitUsage, "", `posta does not speak "fr"; choose one of: en, es`},
		{"nonsense --lang es", exitUsage, "", "no hay ninguna orden «nonsense»"},
		{"nonsense --json", exitUsage, "", `{"error":{"code":"usage","text":"there is no command`},
		{"config example", exitDone, "[[listener]]", ""},
		{"config example --lang es", exitDone, "borre lo que no cambie", ""},
		{"config example -o " + good, exitDone, "", ""},
		{"config example -o " + good, exitFailed, "", "is there already"},
		{"config check " + good, exitDone, "is in order", ""},
		{"config check --json --config " + good, exitDone, `"ok":true,"listeners":[{"name":"smtp"`, ""},
		{"config check " + bad, exitFailed, "", `line 1: posta knows no key "hostnam"; did you mean "hostname"?`},
		{"config check nothing.toml", exitFailed, "", `there is no configuration nothing.toml; "posta config example`},
		{"config check --lang es " + bad, exitFailed, "", "¿quiso decir «hostname»?"},
		{"config check " + good + " more", exitUsage, "", `"more" is one word too many`},
		{"completion", exitUsage, "", "something is missing; write: posta completion bash|zsh|fish|powershell"},
		{"completion csh", exitUsage, "", `cannot complete for the shell "csh"`},
		{"completion bash", exitDone, "bash completion", ""},
		{"completion zsh", exitDone, "#compdef posta", ""},
		{"completion fish", exitDone, "fish completion", ""},
		{"completion powershell", exitDone, "Register-ArgumentCompleter", ""},
		{"__complete config ", exitDone, "example", ""},
		{"__complete quickstart --mode l", exitDone, "lab", ""},
	} {
		t.Run(c.args, func(t *testing.T) {
			status, out, errs := posta(t, strings.Fields(c.args)...)
			if status != c.status || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) {
				t.Errorf("status %d, want %d\nout: %s\nerr: %s\nwant out %q, err %q", status, c.status, out, errs, c.out, c.errs)
			}
			if c.errs == "" && errs != "" && !strings.HasPrefix(c.args, "__") {
				t.Errorf("said on standard error: %s", errs)
			}
		})
	}
}

func TestWrittenExampleParses(t *testing.T) {
	_, out, _ := posta(t, "config", "example")
	if _, err := config.Parse([]byte(out)); err != nil {
		t.Error(err)
	}
}

func TestErrorsOfAdminKeepTheirCode(t *testing.T) {
	var e bytes.Buffer
	w, err := words.New("es")
	if err != nil {
		t.Fatal(err)
	}
	a := &app{terminal: terminal{Err: &e}, words: w, json: true}
	refused := &admin.Error{Code: "not_found", Text: "cannot write x", Said: words.Fail("fail.unwritable", words.Args{"File": "x"})}
	if status := a.fail(fmt.Errorf("there: %w", refused)); status != exitFailed {
		t.Errorf("status %d", status)
	}
	var got struct{ Error struct{ Code, Text string } }
	if err := json.Unmarshal(e.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Error.Code != "not_found" || got.Error.Text != "there: no se puede escribir x" {
		t.Errorf("got %+v", got)
	}
	if a.fail(nil) != exitDone || a.fail(errors.New("x")) != exitInternal {
		t.Error("wrong status")
	}
}

// Every command and flag is explained, in both languages, none of cobra's own
// English is left, and a terminal of 80 columns shows it unbroken; only examples
// may be longer.
func TestEverythingIsExplained(t *testing.T) {
	long := map[string]bool{}
	for _, lang := range words.Languages() {
		w, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		a := &app{words: w}
		var walk func(*cobra.Command)
		walk = func(c *cobra.Command) {
			if told, before := long[c.CommandPath()]; before && told != (c.Long != "") {
				t.Errorf("%s has a long help in one language only", c.CommandPath())
			}
			long[c.CommandPath()] = c.Long != ""
			asked := append(strings.Fields(c.CommandPath())[1:], "--help", "--lang", lang)
			if status, said, errs := posta(t, asked...); status != exitDone || !strings.Contains(said, c.CommandPath()) ||
				strings.Contains(said, "<no value>") || errs != "" {
				t.Errorf("%s: status %d: %s%s", asked, status, said, errs)
			}
			if c.Short == "" || strings.HasPrefix(c.Short, "help.") {
				t.Errorf("%s: %s has the help %q", lang, c.CommandPath(), c.Short)
			}
			if c.Example == "" && !c.HasSubCommands() {
				t.Errorf("%s: %s has no example", lang, c.CommandPath())
			}
			var out bytes.Buffer
			c.SetOut(&out)
			if err := c.Help(); err != nil || !strings.Contains(out.String(), a.say("help.usage", nil)) {
				t.Errorf("%s: the help of %s is %q %v", lang, c.CommandPath(), out.String(), err)
			}
			for line := range strings.Lines(out.String()) {
				if n := utf8.RuneCountInString(line) - 1; n > helpWidth && !strings.HasPrefix(line, "  posta ") {
					t.Errorf("%s: the help of %s has a line of %d characters: %s", lang, c.CommandPath(), n, line)
				}
			}
			c.LocalFlags().VisitAll(func(f *pflag.Flag) {
				if f.Usage == "" || strings.HasPrefix(f.Usage, "help.") || strings.HasPrefix(f.Usage, "help for") {
					t.Errorf("%s: %s --%s has the help %q", lang, c.CommandPath(), f.Name, f.Usage)
				}
			})
			for _, sub := range c.Commands() {
				walk(sub)
			}
		}
		walk(a.root())
	}
}
