package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/words"
)

func (a *app) messageCommand() *cobra.Command {
	list := a.command("list", "help.message_list", func(ctx context.Context, args []string) error {
		var all []admin.Message
		if err := a.ask(ctx, "message.list", admin.ByAddress{Address: args[0]}, &all); err != nil {
			return err
		}
		return printAll(a, all, lister(a, all,
			[]string{"field.uid", "field.received", "field.size", "field.from", "field.subject"}, func(m admin.Message) []string {
				return []string{uidText(m.UID), whenListed(m.Received), strconv.FormatInt(m.Size, 10), printable(m.From), printable(m.Subject)}
			}))
	})
	list.Example = "posta message list pepe@pepito.es"
	show := a.command("show", "help.message_show", a.messageShow)
	show.Long = a.say("help.message_show_long", nil)
	show.Example = "posta message show pepe@pepito.es 1"
	return a.group("message", "help.message",
		a.naming(a.taking(list, 1, 1, "help.word_address"), "account.list"),
		a.naming(a.taking(show, 2, -1, "help.word_address", "help.word_uid"), "account.list"),
		a.messageExportCommand(),
		a.messageDeleteCommand())
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
}

func (a *app) messageShow(ctx context.Context, args []string) error {
	numbers, err := uids(args[1:])
	if err != nil {
		return err
	}
	r, err := a.reach(ctx, false)
	if err != nil {
		return err
	}
	for _, uid := range numbers {
		if err = a.showOne(ctx, r, admin.MessageID{Address: args[0], UID: uid}); err != nil {
			break
		}
	}
	return errors.Join(err, r.leave())
}

func (a *app) showOne(ctx context.Context, r admin.Caller, id admin.MessageID) error {
	var m admin.Message
	if err := r.Call(ctx, "message.show", id, &m); err != nil {
		return err
	}
	if a.json {
		var text capped
		safe := newSafe(&text)
		if err := errors.Join(r.Call(ctx, "message.export", id, safe), safe.Close()); err != nil {
			return err
		}
		return writeJSON(a.Out, shownMessage{m, string(text.kept)})
	}
	head := a.say("message.head", words.Args{"UID": m.UID, "Address": id.Address, "Received": when(m.Received), "Size": m.Size, "Queue": m.Queue})
	if _, err := fmt.Fprintf(a.Out, "--- %s ---\n", head); err != nil {
		return err
	}
	safe := newSafe(a.Out)
	return errors.Join(r.Call(ctx, "message.export", id, safe), safe.Close())
}

// capped keeps the first part of a long text.
type capped struct{ kept []byte }

// maxShown bounds the text of a message in JSON.
const maxShown = 1 << 20

func (c *capped) Write(p []byte) (int, error) {
	c.kept = append(c.kept, p[:min(len(p), maxShown-len(c.kept))]...)
	return len(p), nil
}

func (a *app) messageExportCommand() *cobra.Command {
	var output string
	c := a.command("export", "help.message_export", func(ctx context.Context, args []string) error {
		numbers, err := uids(args[1:])
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
			if err = a.exportOne(ctx, r, admin.MessageID{Address: args[0], UID: uid}, name); err != nil {
				break
			}
		}
		return errors.Join(err, r.leave())
	})
	c.Flags().StringVarP(&output, "output", "o", "", a.say("help.flag_export", nil))
	c.Example = "posta message export pepe@pepito.es 1 -o letter.eml"
	return a.naming(a.taking(c, 2, -1, "help.word_address", "help.word_uid"), "account.list")
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
	c := a.command("delete", "help.message_delete", func(ctx context.Context, args []string) error {
		numbers, err := uids(args[1:])
		if err != nil {
			return err
		}
		if all == (len(numbers) > 0) {
			return usage(words.Fail("fail.delete_which", nil))
		}
		var gone admin.Deleted
		if err := a.ask(ctx, "message.delete", admin.MessagesOf{Address: args[0], UIDs: numbers, All: all}, &gone); err != nil {
			return err
		}
		return a.print(gone, line(a.say("done.messages_deleted", words.Args{"Count": gone.Messages})))
	})
	c.Flags().BoolVar(&all, "all", false, a.say("help.flag_all", nil))
	c.Example = "posta message delete pepe@pepito.es 1 2\nposta message delete pepe@pepito.es --all"
	return a.naming(a.taking(c, 1, -1, "help.word_address", "help.word_uid"), "account.list")
}
