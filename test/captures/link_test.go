//go:build whole

package captures

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"posta/capture"
)

// On every kind of link tshark sees the same segments as posta.
func TestLinksAsTshark(t *testing.T) {
	ether := make([]byte, 12)
	with := func(b []byte, more string) []byte { return append(slices.Clone(b), more...) }
	const snap = "\xaa\xaa\x03\x00\x00\x00"
	ring := []byte("\x10\x40\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02")
	wlan := append([]byte("\x08\x01"), make([]byte, 22)...)
	radio := []byte("\x00\x00\x08\x00\x00\x00\x00\x00")
	heads := []struct {
		name string
		link capture.LinkType
		four []byte // before IPv4
		six  []byte // before IPv6
	}{
		{"Ethernet", capture.LinkEthernet, with(ether, "\x08\x00"), with(ether, "\x86\xdd")},
		{"802.1Q", capture.LinkEthernet, with(ether, "\x81\x00\x00\x05\x08\x00"), with(ether, "\x81\x00\x00\x05\x86\xdd")},
		{"QinQ", capture.LinkEthernet, with(ether, "\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00"), with(ether, "\x88\xa8\x00\x05\x81\x00\x00\x06\x86\xdd")},
		{"PPPoE", capture.LinkEthernet, with(ether, "\x88\x64\x11\x00\x00\x01\x05\x00\x00\x21"), with(ether, "\x88\x64\x11\x00\x00\x01\x05\x00\x00\x57")},
		{"PPP", capture.LinkPPP, []byte("\xff\x03\x00\x21"), []byte("\xff\x03\x00\x57")},
		{"PPP of PPPoE", capture.LinkPPPEther, []byte("\x11\x00\x00\x01\x05\x00\x00\x21"), []byte("\x11\x00\x00\x01\x05\x00\x00\x57")},
		{"loopback", capture.LinkNull, []byte{2, 0, 0, 0}, []byte{30, 0, 0, 0}},
		{"OpenBSD's loopback", capture.LinkLoop, []byte{0, 0, 0, 2}, []byte{0, 0, 0, 24}},
		{"raw", capture.LinkRaw, nil, nil},
		{"Linux cooked", capture.LinkSLL, with(make([]byte, 14), "\x08\x00"), with(make([]byte, 14), "\x86\xdd")},
		{"MPLS", capture.LinkEthernet, with(ether, "\x88\x47\x00\x01\x00\x40\x00\x02\x01\x40"), with(ether, "\x88\x47\x00\x01\x01\x40")},
		{"Cisco's HDLC", capture.LinkCHDLC, []byte("\x0f\x00\x08\x00"), []byte("\x0f\x00\x86\xdd")},
		{"token ring", capture.LinkTokenRing, with(ring, snap+"\x08\x00"), with(ring, snap+"\x86\xdd")},
		{"FDDI", capture.LinkFDDI, with(with([]byte("\x50"), string(ether)), snap+"\x08\x00"), with(with([]byte("\x50"), string(ether)), snap+"\x86\xdd")},
		{"ATM", capture.LinkATM, []byte(snap + "\x08\x00"), []byte(snap + "\x86\xdd")},
		{"Wi-Fi", capture.LinkWLAN, with(wlan, snap+"\x08\x00"), with(wlan, snap+"\x86\xdd")},
		{"Wi-Fi with radiotap", capture.LinkRadiotap, with(radio, string(wlan)+snap+"\x08\x00"), with(radio, string(wlan)+snap+"\x86\xdd")},
		{"netfilter's log", capture.LinkNFLOG, []byte("\x02\x00\x00\x00\xff\xff\x09\x00"), []byte("\x0a\x00\x00\x00\xff\xff\x09\x00")},
		{"Linux cooked, second", capture.LinkSLL2, append([]byte("\x08\x00"), make([]byte, 18)...), append([]byte("\x86\xdd"), make([]byte, 18)...)},
	}
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, "posta test")
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 0))
	for i, head := range heads {
		network, err := w.Interface(capture.Adapter{Name: head.name, Link: head.link})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range conversation(t, rnd, i, time.Unix(1_790_000_000, 0)) {
			before := head.four
			if p.Data[14]>>4 == 6 {
				before = head.six
			}
			p.Data, p.Interface = append(slices.Clone(before), p.Data[14:]...), network
			if head.link == capture.LinkNFLOG {
				binary.LittleEndian.PutUint16(p.Data[4:], uint16(len(p.Data)-4))
			}
			p.Wire = len(p.Data)
			if err := w.Packet(&p); err != nil {
				t.Fatal(err)
			}
		}
	}
	seen := &teller{}
	r, err := capture.NewReader(bytes.NewReader(b.Bytes()))
	if err == nil {
		err = capture.Read(t.Context(), r, seen, capture.Limits{})
	}
	if err != nil {
		t.Fatal(err)
	}
	frames := fields(t, saved(t, b.Bytes()), "tcp", "frame.number", "tcp.stream", "tcp.seq", "tcp.len")
	if len(seen.streams) != len(heads) || len(frames) < 100 || !slices.Equal(frames, seen.frames) {
		t.Errorf("%d streams; %d packets, tshark sees %d", len(seen.streams), len(seen.frames), len(frames))
		for i, line := range frames {
			if i >= len(seen.frames) || seen.frames[i] != line {
				t.Fatalf("the first that differs is %s, posta's is %s", line, seen.frames[min(i, len(seen.frames)-1)]+" of "+strconv.Itoa(len(seen.frames)))
			}
		}
	}
}
