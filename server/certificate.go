package server

import (
	"crypto/x509"
	"time"

	"posta/cert"
	"posta/config"
)

// Certificate is one that a configuration names.
type Certificate struct {
	File  string
	Names []string // and addresses that it is for
	Ends  time.Time
	Host  bool // it is for the configured host name, or there is none
}

// Certificates reads those that a configuration names, as Listen does; none
// where posta would make its own.
func Certificates(cfg *config.Config) ([]Certificate, error) {
	if len(cfg.Certificates) == 0 {
		return nil, nil
	}
	source, err := cert.New(cert.Options{Pairs: pairs(cfg.Certificates)})
	if err != nil {
		return nil, err
	}
	var out []Certificate
	for i, leaf := range source.Leaves() {
		c := Certificate{File: cfg.Certificates[i].Cert, Names: leaf.DNSNames, Ends: leaf.NotAfter, Host: isFor(leaf, cfg.Hostname)}
		for _, ip := range leaf.IPAddresses {
			c.Names = append(c.Names, ip.String())
		}
		out = append(out, c)
	}
	return out, nil
}

func isFor(leaf *x509.Certificate, configured string) bool {
	name, err := aLabels(configured)
	return configured == "" || err == nil && leaf.VerifyHostname(name) == nil
}
