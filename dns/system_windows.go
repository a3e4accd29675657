package dns

import (
	"net/netip"
	"slices"
	"strconv"
	"unsafe"

	"golang.org/x/sys/windows"
)

// systemServers asks the network adapters that are up.
func systemServers() ([]netip.AddrPort, error) {
	first, err := adapters()
	if err != nil {
		return nil, err
	}
	var all []netip.AddrPort
	for a := first; a != nil; a = a.Next {
		if a.OperStatus != windows.IfOperStatusUp {
			continue
		}
		for s := a.FirstDnsServerAddress; s != nil; s = s.Next {
			addr, ok := netip.AddrFromSlice(s.Address.IP())
			if addr = addr.Unmap(); !ok || siteLocal(addr) {
				continue
			}
			if addr.IsLinkLocalUnicast() && addr.Is6() {
				addr = addr.WithZone(strconv.FormatUint(uint64(a.Ipv6IfIndex), 10))
			}
			if at := netip.AddrPortFrom(addr, port); !slices.Contains(all, at) {
				all = append(all, at)
			}
		}
	}
	return all, nil
}

// siteLocal says that an address is of the range that Windows names as servers
// where it knows none (fec0:0:0:ffff::1 to 3).
func siteLocal(addr netip.Addr) bool {
	return netip.PrefixFrom(netip.AddrFrom16([16]byte{0: 0xfe, 1: 0xc0}), 10).Contains(addr)
}

func adapters() (*windows.IpAdapterAddresses, error) {
	const flags = windows.GAA_FLAG_SKIP_UNICAST | windows.GAA_FLAG_SKIP_ANYCAST | windows.GAA_FLAG_SKIP_MULTICAST
	size := uint32(16 << 10) // as Microsoft advises
	for tries := 0; ; tries++ {
		memory := make([]uint64, (size+7)/8) // aligned as the list wants it
		list := (*windows.IpAdapterAddresses)(unsafe.Pointer(&memory[0]))
		err := windows.GetAdaptersAddresses(windows.AF_UNSPEC, flags, 0, list, &size)
		if err == nil {
			return list, nil
		}
		if err != windows.ERROR_BUFFER_OVERFLOW || tries == 3 {
			return nil, err
		}
	}
}
