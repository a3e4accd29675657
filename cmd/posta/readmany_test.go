package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// One capture that cannot be read holds up no other, and their sessions are in
// one diagram.
func TestReadSeveral(t *testing.T) {
	folder := t.TempDir()
	gone, other := filepath.Join(folder, "gone.pcap"), filepath.Join(folder, "b.pcap")
	for _, name := range []string{other} {
		if err := os.WriteFile(name, labCapture, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	status, out, errs := readCapture(t, labCapture, gone, other, "--filter", "smtp.req", "--lang", "en")
	if status != exitFailed || strings.Count(out, "==> ") != 3 || !strings.Contains(errs, "gone.pcap") || strings.Count(out, "QUIT") < 2 {
		t.Errorf("status %d\n%s\n%s", status, out, errs)
	}
	if status, out, errs := readCapture(t, labCapture, other, "--filter", "imap", "--fail-empty", "--lang", "en"); status != exitFailed || !strings.Contains(errs, "nothing to show") {
		t.Errorf("status %d\n%s\n%s", status, out, errs)
	}
	if status, _, errs := readCapture(t, labCapture, other, "--filter", "imap or smtp", "--fail-empty", "--lang", "en"); status != exitDone {
		t.Errorf("status %d\n%s", status, errs)
	}
	_, one, _ := readCapture(t, labCapture, "--diagram", "-", "--lang", "en")
	_, two, _ := readCapture(t, labCapture, other, "--diagram", "-", "--lang", "en")
	if n := strings.Count(one, "QUIT"); n == 0 || strings.Count(two, "QUIT") != 2*n {
		t.Errorf("one has\n%s\nboth have\n%s", one, two)
	}
}
