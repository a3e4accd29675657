package event

import "context"

// Witness is the session on whose behalf something is done in another one: who
// does it tells there what came of it. Notes are the session's goroutine's to make.
type Witness struct {
	Session uint64
	Note    func(text string)
}

type witnessKey struct{}

// WithWitness gives a context that carries it.
func WithWitness(ctx context.Context, w Witness) context.Context {
	return context.WithValue(ctx, witnessKey{}, w)
}

// WitnessOf is what a context carries; else nobody, whose Note does nothing.
func WitnessOf(ctx context.Context) Witness {
	w, ok := ctx.Value(witnessKey{}).(Witness)
	if !ok {
		w.Note = func(string) {}
	}
	return w
}
