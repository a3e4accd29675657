// Package nic listens at a network interface: on Linux with AF_PACKET, a ring
// in memory that the kernel fills, and a filter that runs there. It needs the
// capability CAP_NET_RAW. Elsewhere it only lists interfaces.
//
// It knows no TCP: what passes comes as a capture's packets. Start reading at
// Open, in nic_linux.go.
package nic

import (
	"net"
	"net/netip"
)

// Any is the name of all interfaces together, on Linux.
const Any = "any"

// Options say what is listened to.
type Options struct {
	Ports []uint16 // of TCP, of either end; at most MaxPorts
	All   bool     // everything instead
}

// MaxPorts bounds Options.Ports: the kernel's filter jumps no farther.
const MaxPorts = 32

// MailPorts are those of mail protocols, as they are registered and as posta's
// lab and sink have them.
func MailPorts() []uint16 {
	return []uint16{25, 465, 587, 110, 995, 143, 993, 366, 1025, 1110, 1465, 1587, 1995, 2525, 2110, 2587}
}

// Stats are how many packets came since Open, and how many of them were lost
// because nobody took them in time.
type Stats struct{ Received, Dropped uint64 }

// Interface is one of this computer's.
type Interface struct {
	Name     string
	Up       bool
	Loopback bool
	Addrs    []netip.Prefix
}

// Interfaces lists them.
func Interfaces() ([]Interface, error) {
	found, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var all []Interface
	for _, one := range found {
		i := Interface{Name: one.Name, Up: one.Flags&net.FlagUp != 0, Loopback: one.Flags&net.FlagLoopback != 0}
		addrs, _ := one.Addrs() // it may be gone meanwhile
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				i.Addrs = append(i.Addrs, p)
			}
		}
		all = append(all, i)
	}
	return all, nil
}
