package words

import "testing"

// A text that people paste into a shell comes out as it was.
func TestTyped(t *testing.T) {
	for _, tt := range []struct{ text, sh, windows string }{
		{"127.m1@prov.example", "127.m1@prov.example", "127.m1@prov.example"},
		{"", `""`, `""`},
		{"two words", `"two words"`, `"two words"`},
		{"a&b;c<d>|e'f", `"a&b;c<d>|e'f"`, `"a&b;c<d>|e'f"`},
		{"$HOME", "'$HOME'", `"$HOME"`},
		{`it's "$x"`, `'it'\''s "$x"'`, `"it's "$x""`},
		{`C:\x`, `'C:\x'`, `C:\x`},
		{"100%", "100%", `"100%"`},
	} {
		if got := typed(tt.text, false); got != tt.sh {
			t.Errorf("%q: %s, want %s", tt.text, got, tt.sh)
		}
		if got := typed(tt.text, true); got != tt.windows {
			t.Errorf("%q on Windows: %s, want %s", tt.text, got, tt.windows)
		}
	}
}
