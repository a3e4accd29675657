package field

// The fields of what carries streams: the frame, its link, IP.
const (
	Frame ID = iota + 1
	FrameTime
	FrameOffsetShift
	FrameTimeEpoch
	FrameTimeDelta
	FrameTimeDeltaDisplayed
	FrameTimeRelative
	FrameNumber
	FrameLen
	FrameCapLen
	FrameMD5Hash
	FrameMarked
	FrameIgnored
	FrameProtocols
	FrameSectionNumber
	FrameInterfaceID
	FrameInterfaceName
	FrameInterfaceDescription
	FramePacketFlags
	FramePacketFlagsDirection
	FrameComment
	FramePacketID
	FrameEncapType

	Eth
	EthDst
	EthSrc
	EthLen
	EthType
	EthAddr
	EthPadding
	EthTrailer
	EthFcs
	EthDstLg
	EthDstIg
	EthSrcLg
	EthSrcIg
	EthLg
	EthIg

	VLAN
	VLANID
	VLANPriority
	VLANDei
	VLANEtype

	PPPoES

	PPP

	Null

	Raw

	SLL

	IP
	IPVersion
	IPHdrLen
	IPDsfield
	IPDsfieldDscp
	IPDsfieldEcn
	IPLen
	IPID
	IPDst
	IPDstHost
	IPSrc
	IPSrcHost
	IPAddr
	IPHost
	IPFlags
	IPFlagsRb
	IPFlagsDf
	IPFlagsMf
	IPFragOffset
	IPTTL
	IPProto
	IPChecksum
	IPChecksumCalculated
	IPChecksumStatus
	IPFragmentOverlap
	IPFragmentOverlapConflict
	IPFragmentMultipletails
	IPFragmentToolongfragment
	IPFragmentError
	IPFragmentCount
	IPFragment
	IPFragments
	IPReassembledIn
	IPReassembledLength
	IPReassembledData
	IPBogusIPLength
	IPEvilPacket
	IPChecksumBadExpert
	IPTTLLncb
	IPTTLTooSmall
	IPBogusIPVersion
	IPBogusHeaderLength

	IPv6
	IPv6Version
	IPv6Tclass
	IPv6TclassDscp
	IPv6TclassEcn
	IPv6Flow
	IPv6Plen
	IPv6Nxt
	IPv6Hlim
	IPv6Src
	IPv6SrcHost
	IPv6Dst
	IPv6DstHost
	IPv6Addr
	IPv6Host
	IPv6Fragment
	IPv6FragmentOverlap
	IPv6FragmentOverlapConflict
	IPv6FragmentMultipletails
	IPv6FragmentToolongfragment
	IPv6FragmentError
	IPv6FragmentCount
	IPv6Fragments
	IPv6ReassembledIn
	IPv6ReassembledLength
	IPv6ReassembledData

	linkEnd
)

// linkDefs are in the order of their IDs.
var linkDefs = [linkEnd]Def{
	{}, // nobody

	{Frame, "frame", Protocol},
	{FrameTime, "frame.time", Time},
	{FrameOffsetShift, "frame.offset_shift", Duration},
	{FrameTimeEpoch, "frame.time_epoch", Duration},
	{FrameTimeDelta, "frame.time_delta", Duration},
	{FrameTimeDeltaDisplayed, "frame.time_delta_displayed", Duration},
	{FrameTimeRelative, "frame.time_relative", Duration},
	{FrameNumber, "frame.number", Uint32},
	{FrameLen, "frame.len", Uint32},
	{FrameCapLen, "frame.cap_len", Uint32},
	{FrameMD5Hash, "frame.md5_hash", String},
	{FrameMarked, "frame.marked", Bool},
	{FrameIgnored, "frame.ignored", Bool},
	{FrameProtocols, "frame.protocols", String},
	{FrameSectionNumber, "frame.section_number", Uint32},
	{FrameInterfaceID, "frame.interface_id", Uint32},
	{FrameInterfaceName, "frame.interface_name", String},
	{FrameInterfaceDescription, "frame.interface_description", String},
	{FramePacketFlags, "frame.packet_flags", Uint32},
	{FramePacketFlagsDirection, "frame.packet_flags_direction", Uint32},
	{FrameComment, "frame.comment", String},
	{FramePacketID, "frame.packet_id", Uint64},
	{FrameEncapType, "frame.encap_type", Int16},

	{Eth, "eth", Protocol},
	{EthDst, "eth.dst", Ether},
	{EthSrc, "eth.src", Ether},
	{EthLen, "eth.len", Uint16},
	{EthType, "eth.type", Uint16},
	{EthAddr, "eth.addr", Ether},
	{EthPadding, "eth.padding", Bytes},
	{EthTrailer, "eth.trailer", Bytes},
	{EthFcs, "eth.fcs", Uint32},
	{EthDstLg, "eth.dst.lg", Bool},
	{EthDstIg, "eth.dst.ig", Bool},
	{EthSrcLg, "eth.src.lg", Bool},
	{EthSrcIg, "eth.src.ig", Bool},
	{EthLg, "eth.lg", Bool},
	{EthIg, "eth.ig", Bool},

	{VLAN, "vlan", Protocol},
	{VLANID, "vlan.id", Uint16},
	{VLANPriority, "vlan.priority", Uint16},
	{VLANDei, "vlan.dei", Bool},
	{VLANEtype, "vlan.etype", Uint16},

	{PPPoES, "pppoes", Protocol},

	{PPP, "ppp", Protocol},

	{Null, "null", Protocol},

	{Raw, "raw", Protocol},

	{SLL, "sll", Protocol},

	{IP, "ip", Protocol},
	{IPVersion, "ip.version", Uint8},
	{IPHdrLen, "ip.hdr_len", Uint8},
	{IPDsfield, "ip.dsfield", Uint8},
	{IPDsfieldDscp, "ip.dsfield.dscp", Uint8},
	{IPDsfieldEcn, "ip.dsfield.ecn", Uint8},
	{IPLen, "ip.len", Uint16},
	{IPID, "ip.id", Uint16},
	{IPDst, "ip.dst", Addr4},
	{IPDstHost, "ip.dst_host", String},
	{IPSrc, "ip.src", Addr4},
	{IPSrcHost, "ip.src_host", String},
	{IPAddr, "ip.addr", Addr4},
	{IPHost, "ip.host", String},
	{IPFlags, "ip.flags", Uint8},
	{IPFlagsRb, "ip.flags.rb", Bool},
	{IPFlagsDf, "ip.flags.df", Bool},
	{IPFlagsMf, "ip.flags.mf", Bool},
	{IPFragOffset, "ip.frag_offset", Uint16},
	{IPTTL, "ip.ttl", Uint8},
	{IPProto, "ip.proto", Uint8},
	{IPChecksum, "ip.checksum", Uint16},
	{IPChecksumCalculated, "ip.checksum_calculated", Uint16},
	{IPChecksumStatus, "ip.checksum.status", Uint8},
	{IPFragmentOverlap, "ip.fragment.overlap", Bool},
	{IPFragmentOverlapConflict, "ip.fragment.overlap.conflict", Bool},
	{IPFragmentMultipletails, "ip.fragment.multipletails", Bool},
	{IPFragmentToolongfragment, "ip.fragment.toolongfragment", Bool},
	{IPFragmentError, "ip.fragment.error", FrameNum},
	{IPFragmentCount, "ip.fragment.count", Uint32},
	{IPFragment, "ip.fragment", FrameNum},
	{IPFragments, "ip.fragments", Bytes},
	{IPReassembledIn, "ip.reassembled_in", FrameNum},
	{IPReassembledLength, "ip.reassembled.length", Uint32},
	{IPReassembledData, "ip.reassembled.data", Bytes},
	{IPBogusIPLength, "ip.bogus_ip_length", None},
	{IPEvilPacket, "ip.evil_packet", None},
	{IPChecksumBadExpert, "ip.checksum_bad.expert", None},
	{IPTTLLncb, "ip.ttl.lncb", None},
	{IPTTLTooSmall, "ip.ttl.too_small", None},
	{IPBogusIPVersion, "ip.bogus_ip_version", None},
	{IPBogusHeaderLength, "ip.bogus_header_length", None},

	{IPv6, "ipv6", Protocol},
	{IPv6Version, "ipv6.version", Uint8},
	{IPv6Tclass, "ipv6.tclass", Uint32},
	{IPv6TclassDscp, "ipv6.tclass.dscp", Uint32},
	{IPv6TclassEcn, "ipv6.tclass.ecn", Uint32},
	{IPv6Flow, "ipv6.flow", Uint24},
	{IPv6Plen, "ipv6.plen", Uint16},
	{IPv6Nxt, "ipv6.nxt", Uint8},
	{IPv6Hlim, "ipv6.hlim", Uint8},
	{IPv6Src, "ipv6.src", Addr6},
	{IPv6SrcHost, "ipv6.src_host", String},
	{IPv6Dst, "ipv6.dst", Addr6},
	{IPv6DstHost, "ipv6.dst_host", String},
	{IPv6Addr, "ipv6.addr", Addr6},
	{IPv6Host, "ipv6.host", String},
	{IPv6Fragment, "ipv6.fragment", FrameNum},
	{IPv6FragmentOverlap, "ipv6.fragment.overlap", Bool},
	{IPv6FragmentOverlapConflict, "ipv6.fragment.overlap.conflict", Bool},
	{IPv6FragmentMultipletails, "ipv6.fragment.multipletails", Bool},
	{IPv6FragmentToolongfragment, "ipv6.fragment.toolongfragment", Bool},
	{IPv6FragmentError, "ipv6.fragment.error", FrameNum},
	{IPv6FragmentCount, "ipv6.fragment.count", Uint32},
	{IPv6Fragments, "ipv6.fragments", None},
	{IPv6ReassembledIn, "ipv6.reassembled.in", FrameNum},
	{IPv6ReassembledLength, "ipv6.reassembled.length", Uint32},
	{IPv6ReassembledData, "ipv6.reassembled.data", Bytes},
}
