package collect

import (
	"context"
	"errors"
	"slices"
	"strconv"
)

// errTwin is that nobody knows which of several messages is the one that was filed.
var errTwin = errors.New("it was filed, but is not deleted: another one there has the same unique-id")

// twinKey is what the nth of several messages of one unique-id is known by (RFC 1939
// §7 lets identical ones have one).
func twinKey(id string, n int) string { return id + " " + strconv.Itoa(n) }

// renumber knows those that are left of a unique-id by their new places, once others
// of it have been deleted: one that was not filed must not stand in the place of one
// that was, or was passed over.
func (b *box) renumber(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	for id, all := range b.times {
		if len(all) < 2 || !slices.ContainsFunc(all, func(number int) bool { return b.deleted[number] }) {
			continue
		}
		old, now := b.places(id, all)
		if err := b.memory.Forget(ctx, b.e.ID, old...); err != nil {
			return err
		}
		if err := b.memory.Saw(ctx, b.e.ID, now...); err != nil {
			return err
		}
	}
	return nil
}

// places is what the messages of a unique-id may have been known by, and what those
// are that are left. Who is left alone has the unique-id as others have theirs.
func (b *box) places(id string, all []int) (old, now []string) {
	left := slices.DeleteFunc(slices.Clone(all), func(number int) bool { return b.deleted[number] })
	for n, number := range all {
		key := twinKey(id, n)
		old = append(old, key, passed(key))
		place := twinKey(id, slices.Index(left, number))
		if len(left) == 1 {
			place = id
		}
		switch {
		case b.deleted[number]:
		case b.seen[passed(key)]:
			now = append(now, passed(place))
		case b.seen[key]:
			now = append(now, place)
		}
	}
	return old, now
}
