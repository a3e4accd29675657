package admin

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// Who calls a server that was killed and is just started again hears that none runs,
// or is answered: the word that the killed one left proves nothing to anybody.
func TestCalledWhileStarting(t *testing.T) {
	data := t.TempDir()
	table := newTable(nil)
	var over atomic.Bool
	told := make(chan error, 1)
	go func() {
		var bad error
		for !over.Load() && bad == nil {
			client, err := Dial(t.Context(), data)
			if err == nil {
				err = client.Call(t.Context(), "nothing", None{}, nil)
			}
			var refused *Error
			if err != nil && !errors.As(err, &refused) && !errors.Is(err, ErrNoServer) && !errors.Is(err, ErrBroken) { // ended in between
				bad = err
			}
		}
		told <- bad
	}()
	for range 300 {
		control, err := OpenControl(data, table)
		if err != nil {
			t.Fatal(err)
		}
		left, err := os.ReadFile(filepath.Join(data, "control"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- control.Serve(ctx) }()
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if err := writePrivate(filepath.Join(data, "control"), left); err != nil { // as one that was killed leaves it
			t.Fatal(err)
		}
	}
	over.Store(true)
	if err := <-told; err != nil {
		t.Error(err)
	}
}
