package main

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/text/encoding/charmap"

	"posta/words"
)

// firewallRule is the name of the one rule that posta makes.
const firewallRule = "posta"

// firewallCommand opens Windows' firewall for the local subnet, or closes it
// again.
func (a *app) firewallCommand() *cobra.Command {
	add := a.command("add", "help.firewall_add", func(ctx context.Context, _ []string) error {
		program, err := os.Executable()
		if err != nil {
			return err
		}
		return a.firewall(ctx, "add", "done.firewall_added", firewallForget(program), firewallAdd(program))
	})
	remove := a.command("remove", "help.firewall_remove", func(ctx context.Context, _ []string) error {
		return a.firewall(ctx, "remove", "done.firewall_removed", firewallRemove())
	})
	add.Example, remove.Example = "posta firewall add", "posta firewall remove"
	c := a.group("firewall", "help.firewall", add, remove)
	c.Long = a.say("help.firewall_long", nil)
	return c
}

// firewallAdd is netsh's rule: this program, from the local subnet only, on
// every profile, because a school's network is often a public one.
func firewallAdd(program string) []string {
	return []string{"advfirewall", "firewall", "add", "rule", "name=" + firewallRule, "dir=in", "action=allow", "program=" + program,
		"protocol=TCP", "remoteip=LocalSubnet", "profile=any", "enable=yes"}
}

// firewallForget takes away what Windows itself noted of this program: who
// answers its question with "Cancel" forbids it, and that outdoes every rule
// that allows.
func firewallForget(program string) []string {
	return []string{"advfirewall", "firewall", "delete", "rule", "name=all", "dir=in", "program=" + program}
}

func firewallRemove() []string {
	return []string{"advfirewall", "firewall", "delete", "rule", "name=" + firewallRule}
}

// firewall runs netsh, of whose steps the last must succeed. Where that is
// refused it asks Windows for the rights, and for `posta firewall VERB` with them.
func (a *app) firewall(ctx context.Context, verb, done string, steps ...[]string) error {
	if runtime.GOOS != "windows" {
		return words.Fail("fail.firewall_system", nil)
	}
	var out []byte
	var err error
	for _, args := range steps {
		out, err = exec.CommandContext(ctx, "netsh", args...).CombinedOutput()
	}
	if err == nil {
		return a.done(done, words.Args{"Rule": firewallRule})
	}
	if !hasRights() {
		program, findErr := os.Executable()
		if findErr == nil {
			err = elevated(program, []string{"firewall", verb})
		}
		if findErr == nil && err == nil {
			return a.done("done.firewall_asked", words.Args{"Rule": firewallRule})
		}
	}
	last := steps[len(steps)-1]
	return words.FailOf(err, "fail.firewall", words.Args{"Said": fromConsole(out), "Command": "netsh " + quoted(last)})
}

// fromConsole is what a program of Windows' said, which is in the code page of
// its consoles: 850 in Western Europe, and 437 has the same letters in the same
// places as far as Spanish goes.
func fromConsole(said []byte) string {
	if !utf8.Valid(said) {
		if text, err := charmap.CodePage850.NewDecoder().Bytes(said); err == nil {
			said = text
		}
	}
	return strings.Join(strings.Fields(string(said)), " ")
}

// quoted is a command line as Windows takes it apart again.
func quoted(args []string) string {
	out := make([]string, len(args))
	for i, arg := range args {
		out[i] = arg
		if name, value, ok := strings.Cut(arg, "="); ok && strings.Contains(value, " ") {
			out[i] = name + `="` + value + `"`
		}
	}
	return strings.Join(out, " ")
}
