//go:build !linux

package nic

import (
	"errors"
	"time"

	"posta/capture"
)

// Source is nothing here.
type Source struct{}

// Open says that there is no listening here: errors.ErrUnsupported.
func Open(string, Options) (*Source, error) { return nil, errors.ErrUnsupported }

// Link is the link type of the packets.
func (*Source) Link() capture.LinkType { return capture.LinkEthernet }

// Next gives nothing.
func (*Source) Next(*capture.Packet, time.Duration) (bool, error) {
	return false, errors.ErrUnsupported
}

// Stats counts nothing.
func (*Source) Stats() Stats { return Stats{} }

// Close does nothing.
func (*Source) Close() error { return nil }
