// Package notes keeps what the tests measured, so that make test prints it at its end.
package notes

import (
	"errors"
	"fmt"
	"os"
	"testing"
)

// Add says what was measured, and how: in the test's log, and in the file that
// $POSTA_NOTES names.
func Add(t testing.TB, format string, args ...any) {
	t.Helper()
	t.Logf(format, args...)
	file := os.Getenv("POSTA_NOTES")
	if file == "" {
		return
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		t.Error(err)
		return
	}
	_, err = fmt.Fprintf(f, t.Name()+": "+format+"\n", args...)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Error(err)
	}
}
