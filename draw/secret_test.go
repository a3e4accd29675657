package draw

import (
	"bytes"
	"strings"
	"testing"
)

func TestSecretsAreHidden(t *testing.T) {
	sessions := append(lab(), starttls()...)
	sessions[2].began = 300
	secrets := []string{"two-cups-blue", "dGVuLXR1bGlwcw", "ten-tulips", "AGFuYUBw", "YW5hQH"}
	for _, hide := range []bool{false, true} {
		d := New(hear(t, sessions...), Options{Words: english(t), HideSecrets: hide})
		for _, kind := range []string{"text", "Mermaid", "SVG"} {
			var b bytes.Buffer
			if err := pictures(d, Light)[kind](&b); err != nil {
				t.Fatal(err)
			}
			for _, one := range secrets {
				if shown := strings.Contains(b.String(), one); shown == hide {
					t.Errorf("%s, hidden %v: %s is shown: %v", kind, hide, one, shown)
				}
			}
		}
	}
}

// SCRAM's challenges hold what passwords can be tried with (RFC 5802 §9). Those
// of other mechanisms are prompts.
func TestChallengesAreHidden(t *testing.T) {
	const first, last = "cj1ub25jZSxzPXNhbHQsaT00MDk2", "dj1zaWduYXR1cmU="
	s := spoken{client: "192.0.2.1:40000", server: "192.0.2.2:587", turns: []string{"S 0.1 220 here|", "C 0.1 AUTH SCRAM-SHA-256 biwsbj1hbmE=|",
		"S 0.1 334 " + first + "|", "C 0.1 Yz1iaXdz|", "S 0.1 334 " + last + "|", "C 0.1 |", "S 0.1 535 no|", "C 0.1 AUTH LOGIN|", "S 0.1 334 UGFzc3dvcmQ6|", "C 0.1 *|"}}
	for _, hide := range []bool{false, true} {
		d := New(hear(t, s), Options{Words: english(t), HideSecrets: hide})
		for _, kind := range []string{"text", "Mermaid"} {
			var b bytes.Buffer
			if err := pictures(d, Light)[kind](&b); err != nil {
				t.Fatal(err)
			}
			for _, one := range []string{first, last, "r=nonce", "v=signature"} {
				if shown := strings.Contains(b.String(), one); shown == hide {
					t.Errorf("%s, hidden %v: %s is shown: %v", kind, hide, one, shown)
				}
			}
			for _, want := range []string{"334", "Password:", "empty line"} {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%s, hidden %v: no %s in\n%s", kind, hide, want, b.String())
				}
			}
		}
	}
}
