package admin

import (
	"context"
	"strconv"
)

// sent is how many recipients elsewhere an account wrote to in the last 24
// hours, and how many it may: 0 for no limit, -1 for none at all.
func (h House) sent(account int64) (sent, most int) {
	if h.Sending == nil {
		return 0, 0
	}
	sent, most = h.Sending.Today(account)
	switch {
	case most < 0:
		most = 0
	case most == 0:
		most = -1
	}
	return sent, most
}

// limitSent gives an account a limit of its own, or takes it away.
func (h House) limitSent(ctx context.Context, account int64, in AccountChange) error {
	if in.MaxSent == nil || h.Sending == nil {
		return nil
	}
	switch *in.MaxSent {
	case "usual":
		return h.Sending.SetLimit(ctx, account, nil)
	case "none":
		free := -1
		return h.Sending.SetLimit(ctx, account, &free)
	}
	n, err := strconv.Atoi(*in.MaxSent)
	if err != nil || n < 0 {
		return refusal("invalid", "admin.bad_max_sent", "Value", *in.MaxSent)
	}
	return h.Sending.SetLimit(ctx, account, &n)
}
