package main

import (
	"cmp"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// endpoint is a host of a capture, and how much it said.
type endpoint struct {
	Address  string   `json:"address"`
	Dialed   int      `json:"dialed"`
	Listened int      `json:"listened"`
	Ports    []uint16 `json:"ports,omitempty"`
	Packets  int      `json:"packets"`
	Sent     int64    `json:"sent"`
	Received int64    `json:"received"`
}

// maxPorts is how many ports of an endpoint are listed.
const maxPorts = 20

// endpoints puts the streams together by host.
func (s *survey) endpoints() []endpoint {
	places := map[netip.Addr]int{}
	var all []endpoint
	of := func(addr netip.Addr) *endpoint {
		at, known := places[addr]
		if !known {
			at = len(all)
			places[addr] = at
			all = append(all, endpoint{Address: addr.String()})
		}
		return &all[at]
	}
	for i := range s.all {
		st := &s.all[i]
		dialer := of(st.Remote.Addr())
		dialer.Dialed++
		dialer.Packets += st.packets
		dialer.Sent += st.octets[0]
		dialer.Received += st.octets[1]
		listener := of(st.Local.Addr())
		listener.Listened++
		listener.Packets += st.packets
		listener.Sent += st.octets[1]
		listener.Received += st.octets[0]
		if port := st.Local.Port(); len(listener.Ports) < maxPorts && !slices.Contains(listener.Ports, port) {
			listener.Ports = append(listener.Ports, port)
		}
	}
	for i := range all {
		slices.Sort(all[i].Ports)
	}
	slices.SortStableFunc(all, func(x, y endpoint) int { return cmp.Compare(y.Sent+y.Received, x.Sent+x.Received) })
	return all
}

func (a *app) endpointTable(all []endpoint) func(io.Writer) error {
	return lister(a, all, []string{"read.address", "read.dialed", "read.listened", "read.ports", "read.packets", "read.sent", "read.received"},
		func(e endpoint) []string {
			var ports []string
			for _, port := range e.Ports {
				ports = append(ports, strconv.Itoa(int(port)))
			}
			return []string{e.Address, strconv.Itoa(e.Dialed), strconv.Itoa(e.Listened), strings.Join(ports, ","), strconv.Itoa(e.Packets),
				strconv.FormatInt(e.Sent, 10), strconv.FormatInt(e.Received, 10)}
		})
}
