package admin

import (
	"context"
	"errors"
	"strings"

	"posta/directory"
	"posta/mail"
	"posta/queue"
	"posta/store"
	"posta/words"
)

// sound brings what is chosen by into its one spelling, and refuses what can be no
// domain, no sender or no recipient: nothing in the queue could ever be so.
func (h House) sound(ctx context.Context, in QueuePick) (QueuePick, error) {
	var err error
	if in.Sender, err = h.senderOf(ctx, in.Sender); err != nil {
		return in, err
	}
	if in.To != "" && !addressed(in.To) {
		return in, refusal("invalid", "admin.queue_to", "To", in.To)
	}
	if in.To != "" && !strings.Contains(in.To, "@") {
		domain, err := h.Directory.DefaultDomain(ctx)
		if err != nil {
			return in, err
		}
		if domain != "" {
			in.To += "@" + domain
		}
	}
	if in.Domain == "" {
		return in, nil
	}
	written, below := strings.CutPrefix(in.Domain, "@")
	domain := h.Directory.Label(written)
	if mail.CheckDomain(domain) != nil {
		return in, refusal("invalid", "admin.queue_domain", "Domain", in.Domain)
	}
	if in.Domain = domain; below {
		in.Domain = "@" + domain
	}
	return in, nil
}

// senderOf is who sent something as the queue names him: an account by its address,
// also where it was written in another way; else it may be an address in the envelope,
// or an outside domain.
func (h House) senderOf(ctx context.Context, written string) (string, error) {
	if domain, all := strings.CutPrefix(written, "@"); all && mail.CheckDomain(h.Directory.Label(domain)) != nil {
		return "", refusal("invalid", "admin.queue_domain", "Domain", written)
	}
	if written == "" || written == "<>" || written[0] == '@' {
		return written, nil
	}
	account, err := h.Directory.Account(ctx, written)
	switch {
	case err == nil:
		return account.Address, nil
	case !errors.Is(err, directory.ErrNotFound) && !errors.Is(err, directory.ErrInvalid):
		return "", err
	case !addressed(written) && mail.CheckDomain(h.Directory.Label(written)) != nil:
		return "", refusal("invalid", "admin.queue_sender", "Sender", written)
	}
	return written, nil
}

// addressed says that something is an address, or the name in one.
func addressed(written string) bool {
	if !strings.Contains(written, "@") {
		written += "@example.net"
	}
	_, err := mail.ParseAddress(written)
	return err == nil
}

// chosen refuses a change of everything that nobody asked for.
func (h House) chosen(ctx context.Context, in QueuePick) (QueuePick, error) {
	if len(in.Queue) == 0 && in.Domain == "" && in.Sender == "" && in.To == "" && in.Held == nil && !in.All {
		return in, refusal("invalid", "admin.queue_which")
	}
	if in.All && (len(in.Queue) > 0 || in.Domain+in.Sender+in.To != "" || in.Held != nil) {
		return in, refusal("invalid", "admin.queue_all")
	}
	return h.sound(ctx, in)
}

// notQueued says that a message is not in the queue, which may be named by its
// Message-ID; a trace looks for that, too.
func notQueued(id string) error {
	return refusal("not_found", "admin.not_queued", "ID", id, "Word", words.Typed(strings.Trim(id, "<> ")))
}

// none says that a change found nothing to change.
func (in QueuePick) none() error {
	if len(in.Queue) == 1 {
		return notQueued(in.Queue[0])
	}
	return refusal("not_found", "admin.nothing_queued")
}

// everyPick does something for each pick of a change that is chosen, counts
// the recipients, and names the messages that had none for it.
func (h House) everyPick(ctx context.Context, in QueuePick, do func(store.Pick) (int64, error)) (QueueChanged, error) {
	var out QueueChanged
	for _, pick := range in.picks() {
		n, err := do(pick)
		if out.Recipients += n; err != nil {
			return out, err
		}
		if n == 0 && pick.Queue != "" {
			there, err := h.there(ctx, QueuePick{Queue: []string{pick.Queue}})
			if err != nil {
				return out, err
			}
			if there {
				out.Unchanged = append(out.Unchanged, pick.Queue)
			} else {
				out.Absent = append(out.Absent, pick.Queue)
			}
		}
	}
	if out.Recipients == 0 {
		return out, in.none()
	}
	return out, nil
}

func (h House) changeQueue(change store.Change) func(context.Context, QueuePick) (QueueChanged, error) {
	return func(ctx context.Context, in QueuePick) (QueueChanged, error) {
		in, err := h.chosen(ctx, in)
		if err != nil {
			return QueueChanged{}, err
		}
		of := in
		if change != store.Hold {
			held := change == store.Release
			if of.Held = &held; in.Held != nil && *in.Held != held {
				return QueueChanged{}, h.unchanged(ctx, in, change)
			}
		}
		kept := int64(0)
		if change != store.Hold {
			var err error
			if kept, err = h.kept(ctx, of, change); err != nil {
				return QueueChanged{}, err
			}
		}
		var under queue.Underway
		out, err := h.everyPick(ctx, of, func(p store.Pick) (int64, error) {
			n, some, err := h.Sender.Change(ctx, p, change)
			under.Join(some)
			return n, err
		})
		out.Working, out.Sessions = min(under.Items, out.Recipients), under.Sessions
		if err != nil && out.Recipients == 0 && change != store.Hold && refuse(err).Code == "not_found" {
			err = h.unchanged(ctx, in, change)
		}
		out.Kept = min(kept, out.Recipients)
		return out, err
	}
}

// unchanged says why a release or retry has nobody to be about: what is there
// is not held, or is.
func (h House) unchanged(ctx context.Context, in QueuePick, change store.Change) error {
	in.Held = nil
	there, err := h.there(ctx, in)
	switch {
	case err != nil:
		return err
	case !there:
		return in.none()
	case change == store.Release && len(in.Queue) == 1:
		return refusal("refused", "admin.message_not_held", "ID", in.Queue[0])
	case change == store.Release:
		return refusal("refused", "admin.nothing_held")
	case len(in.Queue) == 1:
		return refusal("refused", "admin.message_held", "ID", in.Queue[0])
	}
	return refusal("refused", "admin.all_held")
}

// there says whether anything is in the queue that is chosen.
func (h House) there(ctx context.Context, in QueuePick) (there bool, err error) {
	err = h.pages(ctx, in, func([]store.Item) (bool, error) {
		there = true
		return true, nil
	})
	return there, err
}

// kept counts those of a pick who wait on until their site asks: whom a try
// reaches nothing for, as what is due for a site is put back without one; and who
// are released, whatever leads to the site.
func (h House) kept(ctx context.Context, in QueuePick, change store.Change) (n int64, err error) {
	sites, err := h.onDemand(ctx)
	if err != nil {
		return 0, err
	}
	if depth, err := h.Queue.Depth(ctx); err != nil || depth.Kept == 0 && len(sites) == 0 {
		return 0, err
	}
	stays := map[string]bool{} // by domain
	err = h.pages(ctx, in, func(items []store.Item) (bool, error) {
		for i := range items {
			one := &items[i]
			if !sites[one.Domain] && one.Due.Before(store.Never()) {
				continue
			}
			if change == store.Release && sites[one.Domain] {
				n++
				continue
			}
			stay, known := stays[one.Domain]
			if !known {
				way, err := h.Sender.Explain(ctx, one.Domain)
				if err != nil {
					return true, err
				}
				stay = way.Kept
				stays[one.Domain] = stay
			}
			if stay {
				n++
			}
		}
		return false, nil
	})
	return n, err
}

// onDemand has the domains whose mail is kept for sites.
func (h House) onDemand(ctx context.Context) (map[string]bool, error) {
	all, err := h.Directory.Domains(ctx)
	sites := map[string]bool{}
	for _, one := range all {
		if one.Kind == directory.KindOnDemand {
			sites[one.Name] = true
		}
	}
	return sites, err
}
