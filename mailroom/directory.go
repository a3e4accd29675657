package mailroom

import (
	"context"

	"posta/directory"
	"posta/mail"
)

// Directory is whom the Room asks who lives here: a directory.Directory, or
// the sink's People.
type Directory interface {
	Resolve(ctx context.Context, to, from mail.Address, login mail.Login) (directory.Resolution, error)
	ResolveCollected(ctx context.Context, to mail.Address) (directory.Resolution, error)
	MaySend(ctx context.Context, login mail.Login, a mail.Address) (may bool, check directory.SenderCheck, err error)
	Serves(ctx context.Context, domain string) (bool, error)
	DefaultDomain(ctx context.Context) (string, error)
	Verify(ctx context.Context, who string) (mail.Verified, error)

	List(ctx context.Context, address string) (directory.List, error)
	IsMember(ctx context.Context, l directory.List, login mail.Login) (bool, error)
	Listing(ctx context.Context, l directory.List, limit int) ([]mail.Verified, error)
	Alias(ctx context.Context, address string) (directory.Alias, error)
	AliasListing(ctx context.Context, a directory.Alias, login mail.Login) (all []mail.Verified, among bool, err error)
	Expand(ctx context.Context, list, after int64, limit int) (directory.Batch, error)
}

var _ Directory = (*directory.Directory)(nil)
