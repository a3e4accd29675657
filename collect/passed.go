package collect

import "context"

// passedMark begins what a message is known by that was in the mailbox here before
// it was fetched. No unique-id begins with a blank.
const passedMark = " "

func passed(key string) string { return passedMark + key }

// pass keeps that a message was passed over, so that it is fetched but once. It stays
// whatever is to become of the others: the mailbox elsewhere may be the very one that
// it lies in, or one out of which others collect what they then delete.
func (b *box) pass(ctx context.Context, key string) error {
	if b.seen[passed(key)] {
		return nil
	}
	b.seen[passed(key)] = true
	return b.memory.Saw(context.WithoutCancel(ctx), b.e.ID, passed(key))
}
