package directory

import (
	"context"
	"strings"

	"posta/words"
)

// Recipients gives at most limit addresses that a relay or on-demand domain was
// told to have, in order, those behind after ("" begins).
func (d *Directory) Recipients(ctx context.Context, domain, after string, limit int) ([]string, error) {
	found, err := d.Domain(ctx, domain)
	if err != nil {
		return nil, err
	}
	key, _ := Split(after)
	keys, err := d.store.Recipients(ctx, found.Name, key, limit)
	if err != nil {
		return nil, because(err, theDomain(found.Name))
	}
	for i, key := range keys {
		keys[i] = name{key, found.Name}.String()
	}
	return keys, nil
}

// AddRecipients tells who is there behind a relay or on-demand domain: names or
// addresses, all of them, or none if one is malformed. Those told of already
// are passed over.
func (d *Directory) AddRecipients(ctx context.Context, domain string, who []string) (added int, err error) {
	found, keys, err := d.recipientKeys(ctx, domain, who)
	if err != nil {
		return 0, err
	}
	if found.Kind == KindLocal {
		return 0, refuse(ErrUnfit, "directory.recipients_local", words.Args{"Domain": found.Name})
	}
	added, err = d.store.AddRecipients(ctx, found.Name, keys)
	return added, because(err, theDomain(found.Name))
}

// RemoveRecipients takes names or addresses off that list, and gives the addresses
// among them that are not on it.
func (d *Directory) RemoveRecipients(ctx context.Context, domain string, who []string) (removed int, absent []string, err error) {
	found, keys, err := d.recipientKeys(ctx, domain, who)
	if err != nil {
		return 0, nil, err
	}
	for _, key := range keys {
		there, err := d.store.IsRecipient(ctx, found.Name, key)
		if err != nil {
			return 0, nil, because(err, theDomain(found.Name))
		}
		if !there {
			absent = append(absent, name{key, found.Name}.String())
		}
	}
	removed, err = d.store.RemoveRecipients(ctx, found.Name, keys)
	return removed, absent, because(err, theDomain(found.Name))
}

func (d *Directory) recipientKeys(ctx context.Context, domain string, who []string) (Domain, []string, error) {
	found, err := d.Domain(ctx, domain)
	if err != nil {
		return found, nil, err
	}
	keys := make([]string, 0, len(who))
	for _, written := range who {
		full := written
		if !strings.Contains(full, "@") {
			full += "@" + found.Name
		}
		a, err := parseAddress(full)
		if err != nil {
			return found, nil, err
		}
		n := d.canonical(a)
		if n.domain != found.Name {
			return found, nil, refuse(ErrInvalid, "directory.recipient_elsewhere", words.Args{"Address": written, "Domain": found.Name})
		}
		keys = append(keys, n.local)
	}
	return found, keys, nil
}
