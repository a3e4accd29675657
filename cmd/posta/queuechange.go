package main

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/words"
)

// queueChangeCommand is retry, hold, release, delete or bounce: all choose in
// the same way.
func (a *app) queueChangeCommand(verb, help, done, example string) *cobra.Command {
	var f *queueFlags
	var all bool
	var c *cobra.Command
	c = a.command(verb, help, func(ctx context.Context, args []string) error {
		for _, chosen := range []string{"domain", "sender", "to", "held"} {
			if err := exclude(c, "all", chosen); err != nil {
				return err
			}
		}
		if all && len(args) > 0 {
			return usage(words.Fail("admin.queue_all", nil))
		}
		in := f.pick(c, args)
		if in.All = all; !all && len(args) == 0 && in.Domain+in.Sender+in.To == "" && in.Held == nil {
			return usage(words.Fail("admin.queue_which", nil))
		}
		var out admin.QueueChanged
		r, err := a.reach(ctx, false)
		if err != nil {
			return err
		}
		if err := errors.Join(r.Call(ctx, "queue."+verb, in, &out), r.leave()); err != nil {
			return err
		}
		out.Later = !r.runs() && (verb == "retry" || verb == "release")
		err = a.print(out, func(w io.Writer) error {
			err := line(a.queueChanged(verb, done, &out))(w)
			if verb == "bounce" && r.nameless != "" && out.Recipients > out.Unreported {
				a.warn(w, a.say("queue.nameless", words.Args{"Host": r.nameless}))
			}
			return err
		})
		if err != nil {
			return err
		}
		return errors.Join(notThere(out.Absent, words.Args{}, "queue.absent", "queue.absent_many"),
			notThere(out.Unchanged, words.Args{}, "queue.unchanged", "queue.unchanged_many"))
	})
	f = a.queueFlags(c)
	c.Flags().BoolVar(&all, "all", false, a.say("help.flag_queue_all", nil))
	c.Example = example
	switch verb {
	case "retry":
		c.Long = a.say("help.queue_retry_long", nil)
	case "release":
		c.Long = a.say("help.queue_release_long", nil)
	}
	return a.naming(a.taking(c, 0, -1, "help.word_queue_id"), "queue.list")
}

// queueChanged says what a change did: of retry only for whom something is tried,
// and when that is; of bounce who hears of it; of release what waits on all the same.
func (a *app) queueChanged(verb, done string, out *admin.QueueChanged) string {
	var all []string
	say := func(id string, count int64) {
		if count > 0 {
			all = append(all, a.say(id, words.Args{"Count": count}))
		}
	}
	switch {
	case verb == "bounce":
		say(done, out.Recipients-out.Working-out.Unreported)
		say("done.queue_bounce_silent", out.Unreported)
	case verb == "release" && out.Kept == out.Recipients:
		say("queue.released_kept", out.Kept)
	case verb == "release" && !out.Later && out.Kept > 0:
		all = append(all, a.say(done, words.Args{"Count": out.Recipients})+"; "+a.say("queue.kept_of", words.Args{"Count": out.Kept}))
	case verb == "release" && out.Later:
		say("done.queue_release_later", out.Recipients-out.Kept)
		say("queue.kept_on", out.Kept)
	case verb == "retry" && !out.Later:
		say(done, out.Recipients-out.Kept)
		say("queue.kept_on", out.Kept)
	case verb == "retry":
		say("done.queue_retry_later", out.Recipients-out.Kept)
		say("queue.kept_on", out.Kept)
	default:
		say(done, out.Recipients-out.Working)
	}
	if out.Working > 0 {
		all = append(all, a.underway(verb, out))
	}
	return strings.Join(all, "\n")
}

// underway says who is being tried, where, and what becomes of them then.
func (a *app) underway(verb string, out *admin.QueueChanged) string {
	const most = 3
	var in []string
	for _, session := range out.Sessions[:min(most, len(out.Sessions))] {
		in = append(in, a.say("console.session", words.Args{"ID": strconv.FormatUint(session, 10)}))
	}
	if len(out.Sessions) > most {
		in = append(in, "…")
	}
	where := ""
	if len(in) > 0 {
		where = " (" + strings.Join(in, ", ") + ")"
	}
	var b strings.Builder
	id := map[string]string{"hold": "queue.working_hold", "delete": "queue.working_delete", "bounce": "queue.working_bounce"}[verb]
	wrap(&b, "", a.say(id, words.Args{"Count": out.Working, "Where": where}))
	return strings.TrimSuffix(b.String(), "\n")
}
