package main

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

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
		return a.firewall(ctx, "done.firewall_added", firewallAdd(program))
	})
	remove := a.command("remove", "help.firewall_remove", func(ctx context.Context, _ []string) error {
		return a.firewall(ctx, "done.firewall_removed", firewallRemove())
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

func firewallRemove() []string {
	return []string{"advfirewall", "firewall", "delete", "rule", "name=" + firewallRule}
}

// firewall runs netsh; where that is refused it asks Windows for the rights.
func (a *app) firewall(ctx context.Context, done string, args []string) error {
	if runtime.GOOS != "windows" {
		return words.Fail("fail.firewall_system", nil)
	}
	out, err := exec.CommandContext(ctx, "netsh", args...).CombinedOutput()
	if err == nil {
		return a.done(done, words.Args{"Rule": firewallRule})
	}
	if asked := elevated("netsh", args); asked != nil {
		return words.FailOf(asked, "fail.firewall", words.Args{"Said": strings.TrimSpace(string(out)), "Command": "netsh " + quoted(args)})
	}
	return a.done("done.firewall_asked", words.Args{"Rule": firewallRule})
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
