package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/words"
)

func (a *app) messageCommand() *cobra.Command {
	return a.group("message", "help.message",
		a.messageListCommand(),
		a.messageShowCommand(),
		a.messageWaitCommand(),
		a.messageExportCommand(),
		a.messageDeleteCommand())
}

// whose is the mailbox that a command is about: an account, its first
// argument, or a recipient, its flag --to.
type whose struct{ to string }

// ofWhom adds --to, and completes the address of an account.
func (a *app) ofWhom(c *cobra.Command, w *whose) *cobra.Command {
	c.Flags().StringVar(&w.to, "to", "", a.say("help.flag_to", nil))
	return a.naming(c, "account.list")
}

// numbering names a command's arguments: an account, unless --to is given, and
// message numbers.
func (a *app) numbering(c *cobra.Command, least int) *cobra.Command {
	c.Use += " [" + a.say("help.word_account", nil) + "] " + a.say("help.word_uid", nil) + "..."
	c.Args = a.arguments(least, -1)
	return c
}

// box takes the mailbox off the arguments.
func (w *whose) box(args []string) (admin.Box, []string) {
	if w.to != "" || len(args) == 0 {
		return admin.Box{To: w.to}, args
	}
	return admin.Box{Address: args[0]}, args[1:]
}

// numbered is box for a command that wants message numbers behind.
func (w *whose) numbered(args []string) (admin.Box, []uint32, error) {
	box, rest := w.box(args)
	if len(rest) == 0 {
		return box, nil, usage(words.Fail("fail.which_messages", nil))
	}
	numbers, err := uids(rest)
	return box, numbers, err
}

func (a *app) messageListCommand() *cobra.Command {
	var w whose
	c := a.command("list", "help.message_list", func(ctx context.Context, args []string) error {
		box, rest := w.box(args)
		if len(rest) > 0 {
			return usage(words.Fail("fail.to_or_address", nil))
		}
		var all []admin.Message
		if err := a.ask(ctx, "message.list", box, &all); err != nil {
			return err
		}
		return printAll(a, all, a.messages(all, box == admin.Box{}))
	})
	c.Long = a.say("help.message_list_long", nil)
	c.Example = "posta message list pepe@pepito.es\nposta message list --to ana@example.net\nposta message list"
	return a.ofWhom(a.taking(c, 0, 1, "help.word_account"), &w)
}

// messages is a list for people; with recipients where there may be several.
func (a *app) messages(all []admin.Message, recipients bool) func(io.Writer) error {
	headings := []string{"field.uid", "field.received", "field.size", "field.from", "field.subject"}
	if recipients {
		headings = slices.Insert(headings, 1, "field.to")
	}
	return func(w io.Writer) error {
		address := func(text string) string { return text }
		if width := a.width(w); width > 0 {
			address = func(text string) string { return cut(text, max(width/4, 12)) }
		}
		var text strings.Builder
		err := lister(a, all, headings, func(m admin.Message) []string {
			row := []string{uidText(m.UID), when(m.Received), strconv.FormatInt(m.Size, 10), address(printable(m.From)), printable(m.Subject)}
			if recipients {
				row = slices.Insert(row, 1, address(printable(m.To)))
			}
			return row
		})(&text)
		if err != nil {
			return err
		}
		for one := range strings.Lines(text.String()) {
			if _, err := fmt.Fprintln(w, a.fitting(w, strings.TrimSuffix(one, "\n"))); err != nil {
				return err
			}
		}
		return nil
	}
}

func uidText(uid uint32) string { return strconv.FormatUint(uint64(uid), 10) }

// uids reads message numbers.
func uids(args []string) ([]uint32, error) {
	var out []uint32
	for _, arg := range args {
		n, err := strconv.ParseUint(arg, 10, 32)
		if err != nil || n == 0 {
			return nil, usage(words.Fail("fail.uid", words.Args{"Value": arg}))
		}
		out = append(out, uint32(n))
	}
	return out, nil
}

// shownMessage is what `posta message show --json` says.
type shownMessage struct {
	admin.Message
	Text string `json:"text"` // fit to be printed; `message export` has the octets
	admin.Content
}

func (a *app) messageShowCommand() *cobra.Command {
	var w whose
	c := a.command("show", "help.message_show", func(ctx context.Context, args []string) error {
		box, numbers, err := w.numbered(args)
		if err != nil {
			return err
		}
		r, err := a.reach(ctx, false)
		if err != nil {
			return err
		}
		for _, uid := range numbers {
			if err = a.showOne(ctx, r, admin.MessageID{Box: box, UID: uid}); err != nil {
				break
			}
		}
		return errors.Join(err, r.leave())
	})
	c.Long = a.say("help.message_show_long", nil)
	c.Example = "posta message show pepe@pepito.es 1\nposta message show --to ana@example.net 1"
	return a.ofWhom(a.numbering(c, 1), &w)
}

func (a *app) showOne(ctx context.Context, r admin.Caller, id admin.MessageID) error {
	var m admin.Message
	if err := r.Call(ctx, "message.show", id, &m); err != nil {
		return err
	}
	if a.json {
		return a.writeOne(ctx, r, id, m)
	}
	head := a.say("message.head", words.Args{"UID": m.UID, "Address": cmp.Or(m.To, id.String()), "Received": when(m.Received), "Size": m.Size, "Queue": m.Queue})
	if _, err := fmt.Fprintf(a.Out, "--- %s ---\n", head); err != nil {
		return err
	}
	safe := newSafe(a.Out)
	return errors.Join(r.Call(ctx, "message.export", id, safe), safe.Close())
}

// writeOne writes a message for a program: as it is kept, and decoded.
func (a *app) writeOne(ctx context.Context, r admin.Caller, id admin.MessageID, m admin.Message) error {
	var text capped
	safe := newSafe(&text)
	if err := errors.Join(r.Call(ctx, "message.export", id, safe), safe.Close()); err != nil {
		return err
	}
	shown := shownMessage{Message: m, Text: string(text.kept)}
	if err := r.Call(ctx, "message.read", id, &shown.Content); err != nil {
		return err
	}
	shown.Truncated = shown.Truncated || text.cut
	return writeJSON(a.Out, shown)
}

// capped keeps the first part of a long text.
type capped struct {
	kept []byte
	cut  bool
}

// maxShown bounds the text of a message in JSON.
const maxShown = 1 << 20

func (c *capped) Write(p []byte) (int, error) {
	n := min(len(p), maxShown-len(c.kept))
	c.kept = append(c.kept, p[:n]...)
	c.cut = c.cut || n < len(p)
	return len(p), nil
}

func (a *app) messageExportCommand() *cobra.Command {
	var output string
	var w whose
	c := a.command("export", "help.message_export", func(ctx context.Context, args []string) error {
		box, numbers, err := w.numbered(args)
		if err != nil {
			return err
		}
		info, err := os.Stat(output)
		folder := output != "" && err == nil && info.IsDir()
		if len(numbers) > 1 && !folder {
			return usage(words.Fail("fail.export_folder", nil))
		}
		r, err := a.reach(ctx, false)
		if err != nil {
			return err
		}
		for _, uid := range numbers {
			name := output
			if folder {
				name = filepath.Join(output, uidText(uid)+".eml")
			}
			if err = a.exportOne(ctx, r, admin.MessageID{Box: box, UID: uid}, name); err != nil {
				break
			}
		}
		return errors.Join(err, r.leave())
	})
	c.Flags().StringVarP(&output, "output", "o", "", a.say("help.flag_export", nil))
	c.Example = "posta message export pepe@pepito.es 1 -o message.eml"
	return a.ofWhom(a.numbering(c, 1), &w)
}

// exportOne writes a message's octets to a new file, or to the screen.
func (a *app) exportOne(ctx context.Context, r admin.Caller, id admin.MessageID, name string) error {
	if name == "" {
		return r.Call(ctx, "message.export", id, a.Out)
	}
	if err := r.Call(ctx, "message.show", id, nil); err != nil {
		return err // before there is a file
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return words.Fail("fail.file_exists", words.Args{"File": name})
	}
	if err != nil {
		return words.FailOf(err, "fail.unwritable", words.Args{"File": name})
	}
	err = errors.Join(r.Call(ctx, "message.export", id, f), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(name)) // half a letter is worse than none
	}
	return a.done("done.written", words.Args{"File": name})
}

func (a *app) messageDeleteCommand() *cobra.Command {
	var all bool
	var w whose
	c := a.command("delete", "help.message_delete", func(ctx context.Context, args []string) error {
		box, rest := w.box(args)
		numbers, err := uids(rest)
		if err != nil {
			return err
		}
		if all == (len(numbers) > 0) {
			return usage(words.Fail("fail.delete_which", nil))
		}
		var gone admin.Deleted
		if err := a.ask(ctx, "message.delete", admin.MessagesOf{Box: box, UIDs: numbers, All: all}, &gone); err != nil {
			return err
		}
		return a.print(gone, line(a.say("done.messages_deleted", words.Args{"Count": gone.Messages})))
	})
	c.Flags().BoolVar(&all, "all", false, a.say("help.flag_all", nil))
	c.Example = "posta message delete pepe@pepito.es 1 2\nposta message delete pepe@pepito.es --all\nposta message delete --to ana@example.net --all"
	return a.ofWhom(a.numbering(c, 0), &w)
}
