package collect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// digestMark begins what a message without a unique-id is known by. A blank and what
// is longer than a twin's number behind it no unique-id has.
const digestMark = "sha256 "

func isDigest(key string) bool {
	return strings.HasPrefix(key, digestMark) && len(key) > len(digestMark)+2*sha256.Size
}

// unnamed does with a message of a server without unique-ids what message does
// with others. It is known by its content, and so fetched each time that it is
// there, but filed once.
func (b *box) unnamed(ctx context.Context, number int) error {
	into := &filing{sum: sha256.New()}
	why, err := b.file(ctx, number, into)
	if why != nil || err != nil {
		return err
	}
	b.there[into.key], b.there[passed(into.key)] = true, true
	if into.again {
		return b.pass(ctx, into.key)
	}
	known := b.seen[into.key]
	if !known {
		if err := b.note(ctx, into.key, true); err != nil {
			return err
		}
	}
	if b.e.Keep {
		return nil
	}
	return b.erase(ctx, number, into, known)
}

// recognise finds out by what a message that was read is known, and says whether
// it was filed before. Of several that are the same each is one.
func (b *box) recognise(f *filing) (known bool) {
	digest := digestMark + hex.EncodeToString(f.sum.Sum(nil))
	f.key = digest + " " + strconv.Itoa(b.copies[digest])
	b.copies[digest]++
	f.again = b.seen[passed(f.key)]
	return b.seen[f.key] || f.again
}
