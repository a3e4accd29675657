package nic

import (
	"encoding/binary"
	"slices"
	"testing"

	"golang.org/x/net/bpf"
)

// segment is a header of TCP between two ports.
func segment(from, to uint16) []byte {
	b := make([]byte, 20)
	binary.BigEndian.PutUint16(b, from)
	binary.BigEndian.PutUint16(b[2:], to)
	return b
}

// four is a packet of IPv4 with so many octets of options.
func four(proto byte, fragment uint16, options int, payload []byte) []byte {
	b := make([]byte, 20+options)
	b[0], b[9] = 0x40|byte(len(b)/4), proto
	binary.BigEndian.PutUint16(b[6:], fragment)
	return append(b, payload...)
}

func six(next byte, payload []byte) []byte {
	b := make([]byte, 40)
	b[0], b[6] = 0x60, next
	return append(b, payload...)
}

// piece is a fragment's header of IPv6.
func piece(next byte, offset uint16, payload []byte) []byte {
	b := make([]byte, 8)
	b[0] = next
	binary.BigEndian.PutUint16(b[2:], offset<<3|1)
	return append(b, payload...)
}

// ether puts headers of Ethernet before a packet: types, and octets behind each.
func ether(packet []byte, types ...uint16) []byte {
	b := make([]byte, 12)
	for _, kind := range types {
		b = binary.BigEndian.AppendUint16(b, kind)
		switch kind {
		case etherTag, etherQinQ:
			b = append(b, 0, 7)
		case etherPPPoE:
			b = append(b, make([]byte, 8)...)
		}
	}
	return append(b, packet...)
}

// The filter takes what has one of the ports, however it is wrapped, and later
// fragments, which have none; and nothing else.
func TestFilter(t *testing.T) {
	ports := MailPorts()
	if len(ports) > MaxPorts {
		t.Fatalf("%d ports", len(ports))
	}
	for len(ports) < MaxPorts { // as far as jumps go
		ports = append(ports, uint16(60000+len(ports)))
	}
	last := ports[len(ports)-1]
	for _, c := range []struct {
		name   string
		packet []byte
		takes  bool
	}{
		{"to 25", four(tcp, 0, 0, segment(40000, 25)), true},
		{"from 25", four(tcp, 0, 0, segment(25, 40000)), true},
		{"to the last", four(tcp, 0, 8, segment(40000, last)), true},
		{"with options", four(tcp, 0, 40, segment(110, 40000)), true},
		{"to 80", four(tcp, 0, 0, segment(40000, 80)), false},
		{"of UDP", four(17, 0, 0, segment(40000, 25)), false},
		{"a first fragment", four(tcp, 0x2000, 0, segment(40000, 25)), true},
		{"another's first fragment", four(tcp, 0x2000, 0, segment(40000, 80)), false},
		{"a later fragment", four(tcp, 0x2005, 0, segment(0, 0)), true},
		{"a later fragment of UDP", four(17, 0x2005, 0, segment(0, 0)), false},
		{"six to 995", six(tcp, segment(40000, 995)), true},
		{"six from the last", six(tcp, segment(last, 40000)), true},
		{"six to 80", six(tcp, segment(40000, 80)), false},
		{"six of UDP", six(17, segment(40000, 25)), false},
		{"six, a first fragment", six(fragment, piece(tcp, 0, segment(40000, 25))), true},
		{"six, another's first fragment", six(fragment, piece(tcp, 0, segment(40000, 80))), false},
		{"six, a later fragment", six(fragment, piece(tcp, 5, segment(0, 0))), true},
		{"six, a later fragment of UDP", six(fragment, piece(17, 5, segment(0, 0))), false},
		{"nothing", nil, false},
		{"no IP", []byte{0x10, 0, 0, 25}, false},
	} {
		for wrap, frame := range map[string][]byte{
			"": c.packet, "Ethernet": ether(c.packet, 0x0800), "VLAN": ether(c.packet, etherTag, 0x0800),
			"two tags": ether(c.packet, etherTag, etherTag, 0x0800), "QinQ": ether(c.packet, etherQinQ, etherTag, 0x0800), "PPPoE": ether(c.packet, etherPPPoE),
		} {
			raw, err := program(ports, wrap != "")
			if err != nil {
				t.Fatal(err)
			}
			code, _ := bpf.Disassemble(raw)
			vm, err := bpf.NewVM(code)
			if err != nil {
				t.Fatal(err)
			}
			n, err := vm.Run(frame)
			if err != nil || (n > 0) != c.takes {
				t.Errorf("%s in %q: %d, %v", c.name, wrap, n, err)
			}
		}
	}
}

func TestInterfaces(t *testing.T) {
	all, err := Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(all, func(i Interface) bool { return i.Loopback }) {
		t.Errorf("there is no loopback among %+v", all)
	}
}
