package admin

import (
	"context"
	"fmt"
	"regexp"
	"time"
)

// MessageWait says what message is waited for: the oldest one of a Box whose
// number is above After and whose subject fits.
type MessageWait struct {
	Box
	Subject string        `json:"subject,omitempty"` // a regular expression (RE2) somewhere in the decoded subject
	After   uint32        `json:"after,omitempty"`
	Timeout time.Duration `json:"timeout"` // nanoseconds
}

// LongestWait bounds a MessageWait's Timeout.
const LongestWait = 24 * time.Hour

// waitMessage gives the message as soon as it is there. It looks when one has
// been accepted, and not in between.
func (h House) waitMessage(ctx context.Context, in MessageWait) (Message, error) {
	subject, err := regexp.Compile(in.Subject)
	if err != nil {
		return Message{}, refusal("invalid", "admin.bad_subject", "Subject", in.Subject, "Error", err)
	}
	if in.Timeout <= 0 || in.Timeout > LongestWait {
		return Message{}, refusal("invalid", "admin.bad_wait", "Timeout", in.Timeout, "Most", LongestWait)
	}
	timer := time.NewTimer(in.Timeout)
	defer timer.Stop()
	for {
		next := h.Arrived() // before the look, so that nothing comes between
		m, found, err := h.firstMessage(ctx, &in, subject)
		if found || err != nil {
			return m, err
		}
		select {
		case <-next:
		case <-timer.C:
			return Message{}, h.noneCame(ctx, in)
		case <-h.Ending:
			return Message{}, refusal("timeout", "admin.ending")
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

// noneCame says so, and what came last instead: whoever wrote the test sees
// whether the program sent nothing, or to somebody else, or something else.
func (h House) noneCame(ctx context.Context, in MessageWait) *Error {
	id, args := "admin.no_message_came", []any{"Timeout", in.Timeout, "Address", in.String()}
	b, err := h.inbox(ctx, in.Box)
	if err == nil && b.drops != h.Maildrops {
		id = "admin.nothing_came"
		b, err = h.inbox(ctx, Box{})
	}
	if err != nil || len(b.entries) == 0 {
		return refusal("timeout", id, args...)
	}
	last, err := b.withHeaders(ctx, b.entries[len(b.entries)-1:])
	if err != nil || len(last) == 0 {
		return refusal("timeout", "admin.no_message_came", args...)
	}
	return refusal("timeout", "admin.other_message_came", append(args, "To", fmt.Sprintf("%.100q", last[0].To), "Subject", fmt.Sprintf("%.100q", last[0].Subject))...)
}

// firstMessage looks for it among what is there. Those seen in vain are not
// looked at again.
func (h House) firstMessage(ctx context.Context, in *MessageWait, subject *regexp.Regexp) (Message, bool, error) {
	b, err := h.inbox(ctx, in.Box)
	if err != nil {
		return Message{}, false, err
	}
	for i := range b.entries {
		if b.entries[i].UID <= in.After {
			continue
		}
		shown, err := b.withHeaders(ctx, b.entries[i:i+1])
		if err != nil {
			return Message{}, false, err
		}
		if len(shown) == 1 && subject.MatchString(shown[0].Subject) {
			return shown[0], true, nil
		}
		in.After = b.entries[i].UID
	}
	return Message{}, false, nil
}
