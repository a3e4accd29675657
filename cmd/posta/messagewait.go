package main

import (
	"context"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/words"
)

// messageWaitCommand waits for a message and shows it: what a test does after
// the program under test has sent one.
func (a *app) messageWaitCommand() *cobra.Command {
	var w whose
	var in admin.MessageWait
	c := a.command("wait", "help.message_wait", func(ctx context.Context, args []string) error {
		var rest []string
		if in.Box, rest = w.box(args); len(rest) > 0 {
			return usage(words.Fail("fail.to_or_address", nil))
		}
		if in.Timeout <= 0 || in.Timeout > admin.LongestWait {
			return usage(words.Fail("fail.timeout", words.Args{"Value": in.Timeout}))
		}
		if _, err := regexp.Compile(in.Subject); err != nil {
			return usage(words.Fail("admin.bad_subject", words.Args{"Subject": in.Subject, "Error": err}))
		}
		client, err := a.server(ctx)
		if err != nil {
			return err
		}
		var m admin.Message
		if err := client.Call(ctx, "message.wait", in, &m); err != nil {
			return err
		}
		return a.showOne(ctx, client, admin.MessageID{Box: in.Box, UID: m.UID})
	})
	flags := c.Flags()
	flags.StringVar(&in.Subject, "subject", "", a.say("help.flag_subject", nil))
	flags.Uint32Var(&in.After, "after", 0, a.say("help.flag_after", nil))
	flags.DurationVar(&in.Timeout, "timeout", 10*time.Second, a.say("help.flag_timeout", nil))
	c.Long = a.say("help.message_wait_long", nil)
	c.Example = "posta message wait --to ana@example.net --json\n" +
		"posta message wait --to ana@example.net --subject '^Welcome' --timeout 30s"
	return a.ofWhom(a.taking(c, 0, 1, "help.word_account"), &w)
}
