package collect

import (
	"context"
	"errors"
	"strconv"
)

// errTwin is that nobody knows which of several messages is the one that was filed.
var errTwin = errors.New("it was filed, but is not deleted: another one there has the same unique-id")

// twinKey is what the nth of several messages of one unique-id is known by (RFC 1939
// §7 lets identical ones have one). The unique-id alone is then known where all of them
// were filed: so is who is left of them, whichever it is.
func twinKey(id string, n int) string { return id + " " + strconv.Itoa(n) }

// whole says that all that are there of a unique-id were filed.
func (b *box) whole(id string) bool {
	for n := range b.times[id] {
		if !b.seen[twinKey(id, n)] {
			return false
		}
	}
	return true
}

// twinFiled keeps that one of several messages was filed.
func (b *box) twinFiled(ctx context.Context, id, key string) error {
	if b.seen[key] = true; !b.whole(id) || b.seen[id] {
		return nil
	}
	b.seen[id], b.there[id] = true, true
	return b.memory.Saw(context.WithoutCancel(ctx), b.e.ID, id)
}

// twinComes takes back that all of a unique-id were filed, before another one is.
func (b *box) twinComes(ctx context.Context, id string) error {
	if !b.seen[id] {
		return nil
	}
	delete(b.seen, id)
	return b.memory.Forget(context.WithoutCancel(ctx), b.e.ID, id)
}

// renumber knows those that are left of a unique-id by their new places, once others
// of it have been deleted: one that was not filed must not stand in the place of one
// that was.
func (b *box) renumber(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	for id, all := range b.times {
		left := 0
		var filed, old []string
		for n, number := range all {
			old = append(old, twinKey(id, n))
			if b.deleted[number] {
				continue
			}
			if b.seen[twinKey(id, n)] {
				filed = append(filed, twinKey(id, left))
			}
			left++
		}
		if len(all) < 2 || left == len(all) {
			continue
		}
		if len(filed) == left {
			filed = append(filed, id)
		} else {
			old = append(old, id)
		}
		if err := b.memory.Forget(ctx, b.e.ID, old...); err != nil {
			return err
		}
		if err := b.memory.Saw(ctx, b.e.ID, filed...); err != nil {
			return err
		}
	}
	return nil
}
