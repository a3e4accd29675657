package collect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// unnamed does with a message of a server without unique-ids what message does
// with others. It is known by its content, and so fetched each time that it is
// there, but filed once.
func (b *box) unnamed(ctx context.Context, number int) error {
	into := &filing{sum: sha256.New()}
	why, err := b.file(ctx, number, into)
	if why != nil || err != nil {
		return err
	}
	b.there[into.key] = true
	if !b.seen[into.key] {
		if err := b.note(ctx, into.key); err != nil {
			return err
		}
	}
	if b.e.Keep {
		return nil
	}
	return b.client.Dele(ctx, number)
}

// recognise finds out by what a message that was read is known, and says whether
// it was filed before. Of several that are the same each is one.
func (b *box) recognise(f *filing) (known bool) {
	digest := "sha256 " + hex.EncodeToString(f.sum.Sum(nil)) // no unique-id has a blank
	f.key = digest + " " + strconv.Itoa(b.copies[digest])
	b.copies[digest]++
	return b.seen[f.key]
}
