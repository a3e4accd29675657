package nic

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"posta/capture"
)

// The ring: blocks that the kernel gives one after the other, when they are full
// or after a while (packet_mmap, version 3).
const (
	blockSize = 1 << 20
	blocks    = 32
	frameSize = 2 << 10 // a packet may be longer, up to a block
	retire    = 20      // milliseconds after which a block is given, full or not
)

// Kinds of hardware (ARPHRD_ of if_arp.h) and of packets (PACKET_ of if_packet.h).
const (
	hardwareEther    = 1
	hardwarePPP      = 512
	hardwareLoopback = 772
	hardwareNone     = 0xfffe

	outgoing = 4
)

// Source is an interface that is listened to. It belongs to one goroutine.
type Source struct {
	fd   int
	ring []byte
	link capture.LinkType

	block int    // the one at hand
	mine  bool   // and not the kernel's
	left  uint32 // packets in it
	next  int    // place of the next one in the ring

	made  []byte // a packet that does not lie in the ring as it is written
	stats Stats

	skipped uint64 // packets that were passed over
}

// Open begins to listen. It is os.ErrPermission where the capability CAP_NET_RAW
// is missing.
func Open(name string, o Options) (*Source, error) {
	index, kind := 0, hardwareAny
	if name != Any {
		found, err := net.InterfaceByName(name)
		if err != nil {
			return nil, err
		}
		if kind, err = hardwareOf(name); err != nil {
			return nil, fmt.Errorf("nic: %s: %w", name, err)
		}
		index = found.Index
	}
	s := &Source{fd: -1}
	if err := s.open(index, kind, o); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("nic: %s: %w", name, err)
	}
	return s, nil
}

// hardwareAny stands for all interfaces together.
const hardwareAny = -1

func hardwareOf(name string) (kind int, err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFHWADDR, request); err != nil {
		return 0, err
	}
	return int(request.Uint16()), nil
}

// open makes the socket. It hears nothing before it is bound, so that nothing
// comes in that the filter has not seen.
func (s *Source) open(index, kind int, o Options) error {
	socket := unix.SOCK_RAW
	switch kind {
	case hardwareEther, hardwareLoopback:
		s.link = capture.LinkEthernet
	case hardwarePPP, hardwareNone:
		socket, s.link = unix.SOCK_DGRAM, capture.LinkRaw
	case hardwareAny:
		socket, s.link = unix.SOCK_DGRAM, capture.LinkSLL
	default:
		return fmt.Errorf("hardware of kind %d: %w", kind, unix.EPROTONOSUPPORT)
	}
	var err error
	if s.fd, err = unix.Socket(unix.AF_PACKET, socket|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	if !o.All {
		if err := s.filter(o.Ports); err != nil {
			return err
		}
	}
	if err := unix.SetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return err
	}
	ring := unix.TpacketReq3{Block_size: blockSize, Block_nr: blocks, Frame_size: frameSize, Frame_nr: blocks * (blockSize / frameSize), Retire_blk_tov: retire}
	if err := unix.SetsockoptTpacketReq3(s.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &ring); err != nil {
		return err
	}
	if s.ring, err = unix.Mmap(s.fd, 0, blocks*blockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return err
	}
	if err := unix.Bind(s.fd, &unix.SockaddrLinklayer{Protocol: swap(unix.ETH_P_ALL), Ifindex: index}); err != nil {
		return err
	}
	if kind == hardwareEther { // who may not hear others hears this computer
		_ = unix.SetsockoptPacketMreq(s.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP,
			&unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC})
	}
	return nil
}

// swap puts a number into network order.
func swap(n uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, n))
}

func (s *Source) filter(ports []uint16) error {
	raw, err := program(ports, s.link == capture.LinkEthernet)
	if err != nil {
		return err
	}
	code := make([]unix.SockFilter, len(raw))
	for i, one := range raw {
		code[i] = unix.SockFilter{Code: one.Op, Jt: one.Jt, Jf: one.Jf, K: one.K}
	}
	return unix.SetsockoptSockFprog(s.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]})
}

// Link is the link type of the packets.
func (s *Source) Link() capture.LinkType { return s.link }

// Next fills p with the next packet, whose Data is lent until the next call. It
// says false where none came for a while.
func (s *Source) Next(p *capture.Packet, wait time.Duration) (bool, error) {
	for {
		if s.left == 0 {
			if ok, err := s.turn(wait); !ok {
				return false, err
			}
		}
		if s.packet(p) {
			return true, nil
		}
	}
}

// Where fields stand in a block's header and in a packet's (if_packet.h).
const (
	blockStatus = 8
	blockCount  = 12
	blockFirst  = 16

	packetSec     = 4
	packetNsec    = 8
	packetSnap    = 12
	packetLen     = 16
	packetStatus  = 20
	packetMac     = 24
	packetNet     = 26
	packetTag     = 32
	packetTagKind = 36
	packetAddress = 48 // sockaddr_ll

	addressProtocol = 2
	addressHardware = 8
	addressKind     = 10
	addressOctets   = 11
	addressOf       = 12
)

// turn gives the block at hand back and takes the next one. The kernel and this
// program write its status in turn.
func (s *Source) turn(wait time.Duration) (bool, error) {
	if s.mine {
		atomic.StoreUint32(s.status(), unix.TP_STATUS_KERNEL)
		s.mine, s.block = false, (s.block+1)%blocks
	}
	if atomic.LoadUint32(s.status())&unix.TP_STATUS_USER == 0 {
		poll := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN | unix.POLLERR}}
		switch n, err := unix.Poll(poll, int(wait.Milliseconds())); {
		case err == unix.EINTR || err == nil && n == 0:
			return false, nil
		case err != nil:
			return false, err
		case poll[0].Revents&unix.POLLERR != 0:
			code, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_ERROR)
			if err == nil && code != 0 {
				err = unix.Errno(code)
			}
			return false, err
		}
		if atomic.LoadUint32(s.status())&unix.TP_STATUS_USER == 0 {
			return false, nil
		}
	}
	s.mine = true
	at := s.block * blockSize
	s.left = s.u32(at + blockCount)
	s.next = at + int(s.u32(at+blockFirst))
	return s.left > 0, nil
}

func (s *Source) status() *uint32 {
	return (*uint32)(unsafe.Pointer(&s.ring[s.block*blockSize+blockStatus]))
}

func (s *Source) u32(at int) uint32 { return binary.NativeEndian.Uint32(s.ring[at:]) }
func (s *Source) u16(at int) uint16 { return binary.NativeEndian.Uint16(s.ring[at:]) }

// packet takes the next packet of the block, and says whether it counts.
func (s *Source) packet(p *capture.Packet) bool {
	at := s.next
	s.left--
	s.next += int(s.u32(at))
	address := s.ring[at+packetAddress:]
	if address[addressKind] == outgoing && binary.NativeEndian.Uint16(address[addressHardware:]) == hardwareLoopback {
		s.skipped++ // it passes twice, out and in
		return false
	}
	from := at + int(s.u16(at+packetMac))
	if s.link != capture.LinkEthernet {
		from = at + int(s.u16(at+packetNet))
	}
	*p = capture.Packet{Time: time.Unix(int64(s.u32(at+packetSec)), int64(s.u32(at+packetNsec))), Link: s.link,
		Data: s.ring[from : from+int(s.u32(at+packetSnap))], Wire: int(s.u32(at + packetLen))}
	switch status := s.u32(at + packetStatus); {
	case s.link == capture.LinkSLL:
		s.cooked(p, address)
	case s.link == capture.LinkEthernet && status&unix.TP_STATUS_VLAN_VALID != 0 && len(p.Data) >= 12:
		s.tagged(p, at, status)
	}
	return true
}

// cooked puts a header before a packet that says where it came from, as captures
// of all interfaces have it (LINKTYPE_LINUX_SLL).
func (s *Source) cooked(p *capture.Packet, address []byte) {
	s.made = binary.BigEndian.AppendUint16(s.made[:0], uint16(address[addressKind]))
	s.made = binary.BigEndian.AppendUint16(s.made, binary.NativeEndian.Uint16(address[addressHardware:]))
	s.made = binary.BigEndian.AppendUint16(s.made, uint16(address[addressOctets]))
	s.made = append(s.made, address[addressOf:addressOf+8]...)
	s.made = append(s.made, address[addressProtocol:addressProtocol+2]...)
	p.Wire += len(s.made)
	s.made = append(s.made, p.Data...)
	p.Data = s.made
}

// tagged puts a VLAN tag back that the kernel took out.
func (s *Source) tagged(p *capture.Packet, at int, status uint32) {
	kind := uint16(etherTag)
	if status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		kind = s.u16(at + packetTagKind)
	}
	s.made = append(s.made[:0], p.Data[:12]...)
	s.made = binary.BigEndian.AppendUint16(s.made, kind)
	s.made = binary.BigEndian.AppendUint16(s.made, uint16(s.u32(at+packetTag)))
	s.made = append(s.made, p.Data[12:]...)
	p.Data = s.made
	p.Wire += 4
}

// Stats counts since Open. The kernel begins anew each time it is asked.
func (s *Source) Stats() Stats {
	if now, err := unix.GetsockoptTpacketStatsV3(s.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		s.stats.Received += uint64(now.Packets)
		s.stats.Dropped += uint64(now.Drops)
	}
	return Stats{s.stats.Received - min(s.skipped, s.stats.Received), s.stats.Dropped}
}

// Close ends the listening.
func (s *Source) Close() error {
	var err error
	if s.ring != nil {
		err = unix.Munmap(s.ring)
		s.ring = nil
	}
	if s.fd >= 0 {
		err = errors.Join(err, unix.Close(s.fd))
		s.fd = -1
	}
	return err
}
