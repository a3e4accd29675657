package sink

import (
	"context"
	"fmt"
	"strings"

	"posta/directory"
	"posta/mail"
	"posta/mailroom"
)

// People is the directory of the sink: everybody is there.
type People struct{ sink *Sink }

var _ mailroom.Directory = People{}

// People gives who lives in the sink.
func (s *Sink) People() People { return People{s} }

// Resolve leads every address to its own view.
func (p People) Resolve(_ context.Context, to, _ mail.Address, _ mail.Login) (directory.Resolution, error) {
	canonical := p.sink.canonical(to)
	return directory.Resolution{Outcome: directory.Local, Canonical: canonical,
		Targets: []directory.Target{{Account: number(canonical), Address: canonical}}}, nil
}

// ResolveCollected does so too: nobody sends mail on.
func (p People) ResolveCollected(ctx context.Context, to mail.Address) (directory.Resolution, error) {
	return p.Resolve(ctx, to, mail.Address{}, mail.Login{})
}

// Serves says that every domain is served.
func (p People) Serves(context.Context, string) (bool, error) { return true, nil }

// DefaultDomain is that of nobody.
func (p People) DefaultDomain(context.Context) (string, error) { return "", nil }

// MaySend lets everybody write as anybody.
func (p People) MaySend(context.Context, mail.Login, mail.Address) (bool, directory.SenderCheck, error) {
	return true, directory.Off, nil
}

// Verify finds whatever could be an address.
func (p People) Verify(_ context.Context, who string) (mail.Verified, error) {
	who = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(who), "<"), ">")
	_, canonical, err := p.sink.Mailbox(who)
	if err != nil {
		return mail.Verified{}, fmt.Errorf("%w: %w", directory.ErrInvalid, err)
	}
	a, err := mail.ParseAddress(canonical)
	return mail.Verified{Address: a}, err
}

// List finds no mailing list: there is none, so the rest is never asked.
func (p People) List(context.Context, string) (directory.List, error) {
	return directory.List{}, directory.ErrNotFound
}

// IsMember implements mailroom.Directory.
func (p People) IsMember(context.Context, directory.List, mail.Login) (bool, error) {
	return false, nil
}

// Listing implements mailroom.Directory.
func (p People) Listing(context.Context, directory.List, int) ([]mail.Verified, error) {
	return nil, directory.ErrNotFound
}

// Alias finds no alias, either.
func (p People) Alias(context.Context, string) (directory.Alias, error) {
	return directory.Alias{}, directory.ErrNotFound
}

// AliasListing implements mailroom.Directory.
func (p People) AliasListing(context.Context, directory.Alias, mail.Login) ([]mail.Verified, bool, error) {
	return nil, false, directory.ErrNotFound
}

// Expand implements mailroom.Directory.
func (p People) Expand(context.Context, int64, int64, int) (directory.Batch, error) {
	return directory.Batch{}, directory.ErrNotFound
}
