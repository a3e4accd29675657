package words_test

import (
	"testing"

	"posta/words"
)

func TestWithin(t *testing.T) {
	for said, want := range map[string]string{"": "", "Authentication failed.": "Authentication failed", "No. ": "No", "535 5.7.8 No": "535 5.7.8 No",
		"wait...": "wait...", "really?": "really?", ".": ""} {
		if got := words.Within(said); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
	}
}
