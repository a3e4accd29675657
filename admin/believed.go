package admin

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
)

// believed names the certificates of PEM text, as people know them again.
func believed(text string) (names []string) {
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return names
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		name := strings.TrimSpace(strings.Join(append(slices.Clone(c.Subject.Organization), c.Subject.CommonName), " "))
		if name == "" {
			name = fmt.Sprintf("SHA-256 %X", sha256.Sum256(c.Raw))[:24]
		}
		names = append(names, name)
	}
}
