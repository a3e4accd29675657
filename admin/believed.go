package admin

import (
	"crypto/x509"
	"encoding/pem"
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
		names = append(names, strings.TrimSpace(strings.Join(append(c.Subject.Organization, c.Subject.CommonName), " ")))
	}
}
