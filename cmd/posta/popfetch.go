package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"posta/pop3/pop3client"
	"posta/words"
)

// fetchOptions are the flags of `posta pop fetch`.
type fetchOptions struct {
	client  *clientFlags
	mbox    string
	maildir string
	dir     string
	delete  bool
	all     bool
	uidl    string
	maxSize int // of a message, in MiB
}

// most bounds a message that the server lists, in octets: line ends may count
// as one octet in what it lists, and some servers guess.
func (o *fetchOptions) most(w waiting) int64 {
	const slack = 1 << 20
	return min(o.largest(), 2*w.Size+slack)
}

func (o *fetchOptions) largest() int64 { return int64(o.maxSize) << 20 }

// --max-size in MiB: when it is absent, more than most servers take; and at most.
const (
	defaultMaxSize = 256
	largestMaxSize = 1 << 20
)

func (a *app) popFetchCommand() *cobra.Command {
	o := &fetchOptions{}
	c := a.command("fetch", "help.pop_fetch", func(ctx context.Context, _ []string) error {
		if err := o.check(a.json); err != nil {
			return err
		}
		if o.mbox == "" && o.maildir == "" && o.dir == "" {
			o.client.quiet = true // the messages themselves go to the screen
		}
		var f fetched
		err := a.maildrop(ctx, o.client, func(ctx context.Context, m *maildrop) (err error) {
			f, err = m.fetch(ctx, o)
			return err
		})
		if err == nil && !a.json && o.mbox+o.maildir+o.dir != "" {
			err = line(a.say("pop.fetched", words.Args{"Count": f.count, "All": f.all}))(a.Out)
		}
		if err == nil && f.large > 0 {
			err = words.Fail("pop.too_large", words.Args{"Count": f.large, "Most": o.maxSize})
		}
		return err
	})
	c.Long = a.say("help.pop_fetch_long", words.Args{"Variable": passwordVariable})
	o.client = a.clientFlags(c)
	flags := c.Flags()
	flags.StringVar(&o.mbox, "mbox", "", a.say("help.flag_mbox", nil))
	flags.StringVar(&o.maildir, "maildir", "", a.say("help.flag_maildir", nil))
	flags.StringVar(&o.dir, "dir", "", a.say("help.flag_dir", nil))
	flags.BoolVar(&o.delete, "delete", false, a.say("help.flag_pop_delete", nil))
	flags.BoolVar(&o.all, "all", false, a.say("help.flag_pop_all", nil))
	flags.StringVar(&o.uidl, "uidl", "", a.say("help.flag_uidl", nil))
	flags.IntVar(&o.maxSize, "max-size", defaultMaxSize, a.say("help.flag_pop_max_size", nil))
	c.Example = "posta pop fetch --auth pepe@pepito.es\nposta pop fetch --auth pepe@pepito.es --maildir Mail --delete\n" +
		"posta pop fetch --server mail.example.net --starttls --auth pepe --mbox mbox"
	return c
}

func (o *fetchOptions) check(json bool) error {
	given := 0
	for _, one := range []string{o.mbox, o.maildir, o.dir} {
		if one != "" {
			given++
		}
	}
	if given > 1 {
		return usage(words.Fail("pop.one_place", nil))
	}
	if given == 0 && json {
		return usage(words.Fail("pop.no_place", words.Args{"Flag": "--json"}))
	}
	if given == 0 && o.delete {
		return usage(words.Fail("pop.no_place", words.Args{"Flag": "--delete"}))
	}
	if o.maxSize < 1 || o.maxSize > largestMaxSize {
		return usage(words.Fail("pop.max_size", nil))
	}
	return nil
}

// got is a message that was fetched, as --json says.
type got struct {
	waiting
	File    string `json:"file,omitempty"`
	Deleted bool   `json:"deleted"`
}

// fetched counts messages.
type fetched struct {
	count int // that were fetched
	all   int // that wait
	large int // that were left, because they are too large
}

// fetch takes each message that was not fetched before: it is written to the
// disk, then noted as fetched, then marked as deleted. Whatever happens between,
// none is lost; one may come twice. What is only shown is neither noted nor
// deleted.
func (m *maildrop) fetch(ctx context.Context, o *fetchOptions) (f fetched, err error) {
	all, err := m.messages(ctx)
	if err != nil {
		return f, err
	}
	f.all = len(all)
	seen, err := m.seen(o)
	if err != nil {
		return f, err
	}
	place, err := m.place(o)
	if err != nil {
		return f, errors.Join(err, seen.file.Close())
	}
	dropTwins(all)
	for _, w := range all {
		if w.UIDL != "" && seen.has(w.UIDL) && !o.all {
			err = m.remove(ctx, o, w)
		} else if err = m.one(ctx, o, w, place, seen); err == nil {
			f.count++
		} else if errors.Is(err, pop3client.ErrTooBig) {
			f.large++
			err = nil
		}
		if err != nil {
			return f, errors.Join(err, place.end(), seen.file.Close())
		}
	}
	return f, errors.Join(place.end(), seen.keep(all))
}

// dropTwins drops unique-ids that are none, for several messages have them
// (some servers make them of the content; RFC 1939 §7): those messages are
// fetched each time rather than be taken for each other.
func dropTwins(all []waiting) {
	times := map[string]int{}
	for _, w := range all {
		times[w.UIDL]++
	}
	for i := range all {
		if times[all[i].UIDL] > 1 {
			all[i].UIDL = ""
		}
	}
}

// one fetches one message, if it is not too large.
func (m *maildrop) one(ctx context.Context, o *fetchOptions, w waiting, place mailPlace, seen *seenIDs) error {
	if w.Size > o.largest() {
		return pop3client.ErrTooBig
	}
	head := &headBuffer{}
	file, err := place.put(w, func(out writer) error {
		_, err := m.c.Retr(ctx, w.Number, tee{out, head}, o.most(w))
		return err
	})
	if err != nil {
		return err
	}
	if !place.keeps() {
		return nil
	}
	if w.UIDL != "" {
		if err := seen.add(w.UIDL); err != nil {
			return err
		}
	}
	if err := m.remove(ctx, o, w); err != nil || !m.a.json {
		return err
	}
	w.From, w.Subject = headFields(head.Bytes())
	return writeJSON(m.a.Out, got{w, file, o.delete})
}

// remove marks a message as deleted, where that is wanted.
func (m *maildrop) remove(ctx context.Context, o *fetchOptions, w waiting) error {
	if !o.delete {
		return nil
	}
	return m.c.Dele(ctx, w.Number)
}

// seen is which messages were fetched before, by their unique-ids.
func (m *maildrop) seen(o *fetchOptions) (*seenIDs, error) {
	name := o.uidl
	if name == "" {
		dir, err := m.a.stateDir()
		if err != nil {
			return nil, err
		}
		name = dir + string(os.PathSeparator) + "uidl-" + fileWord(m.f.user+"@"+m.t.address())
	}
	return openSeen(name)
}

// fileWord is text as a file may be called.
func fileWord(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(".-_@", r) {
			return r
		}
		return '_'
	}, text)
}
