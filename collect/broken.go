package collect

import (
	"context"
	"errors"
)

// Why a visit is broken off though posta goes on.
var (
	errInterrupted = errors.New("it was interrupted")
	errChanged     = errors.New("it was changed or removed meanwhile")
)

// stoppable makes a context for a visit, whose end has a cause: that of one by hand
// is whoever asked for it.
func stoppable(ctx context.Context, byHand bool) (context.Context, context.CancelCauseFunc) {
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	unlink := context.AfterFunc(ctx, func() {
		if byHand {
			cancel(errInterrupted)
		}
		cancel(context.Cause(ctx))
	})
	return own, func(cause error) {
		unlink()
		cancel(cause)
	}
}

// why is what went wrong in a visit; where it was broken off, that it was.
func why(ctx context.Context, err error) string {
	if why := broken(ctx); why != "" {
		return why
	}
	return failure(err)
}

// broken is why a visit was broken off though posta goes on; "" where it was not.
func broken(ctx context.Context) string {
	if cause := context.Cause(ctx); errors.Is(cause, errInterrupted) || errors.Is(cause, errChanged) {
		return cause.Error()
	}
	return ""
}
