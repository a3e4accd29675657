package field

// The fields of streams: TCP, what may lie around mail on it, and TLS.
const (
	TCP ID = iota + linkEnd
	TCPSrcport
	TCPDstport
	TCPPort
	TCPStream
	TCPCompleteness
	TCPSeq
	TCPSeqRaw
	TCPNxtseq
	TCPAck
	TCPAckRaw
	TCPHdrLen
	TCPFlags
	TCPFlagsRes
	TCPFlagsAe
	TCPFlagsCwr
	TCPFlagsEce
	TCPFlagsUrg
	TCPFlagsAck
	TCPFlagsPush
	TCPFlagsReset
	TCPFlagsSyn
	TCPFlagsFin
	TCPWindowSizeValue
	TCPWindowSize
	TCPWindowSizeScalefactor
	TCPChecksum
	TCPChecksumStatus
	TCPChecksumCalculated
	TCPAnalysis
	TCPAnalysisFlags
	TCPAnalysisDuplicateAck
	TCPAnalysisDuplicateAckNum
	TCPAnalysisDuplicateAckFrame
	TCPLen
	TCPAnalysisAcksFrame
	TCPAnalysisBytesInFlight
	TCPAnalysisPushBytesSent
	TCPAnalysisAckRtt
	TCPAnalysisInitialRtt
	TCPAnalysisRto
	TCPAnalysisRtoFrame
	TCPUrgentPointer
	TCPSegmentOverlap
	TCPSegmentOverlapConflict
	TCPSegmentMultipletails
	TCPSegmentToolongfragment
	TCPSegmentError
	TCPSegmentCount
	TCPSegment
	TCPSegments
	TCPReassembledIn
	TCPReassembledLength
	TCPReassembledData
	TCPOptionKind
	TCPOptionLen
	TCPOptions
	TCPOptionsMSSVal
	TCPOptionsWscaleShift
	TCPOptionsWscaleMultiplier
	TCPOptionsSackLe
	TCPOptionsSackRe
	TCPOptionsSackCount
	TCPOptionsSackDsackLe
	TCPOptionsSackDsackRe
	TCPOptionsTimestampTsval
	TCPOptionsTimestampTsecr
	TCPTimeRelative
	TCPTimeDelta
	TCPSegmentData
	TCPPayload
	TCPFinRetransmission
	TCPResetCause
	TCPOptionLenInvalid
	TCPAnalysisRetransmission
	TCPAnalysisFastRetransmission
	TCPAnalysisSpuriousRetransmission
	TCPAnalysisOutOfOrder
	TCPAnalysisReusedPorts
	TCPAnalysisLostSegment
	TCPAnalysisAckLostSegment
	TCPAnalysisWindowUpdate
	TCPAnalysisWindowFull
	TCPAnalysisKeepAlive
	TCPAnalysisKeepAliveAck
	TCPAnalysisZeroWindowProbe
	TCPAnalysisZeroWindow
	TCPAnalysisZeroWindowProbeAck
	TCPConnectionFinActive
	TCPConnectionFinPassive
	TCPOptionsSackDsack
	TCPOptionsWscaleShiftInvalid
	TCPOptionsMSSAbsent
	TCPOptionsMSSPresent
	TCPShortSegment
	TCPAckNonzero
	TCPConnectionSynack
	TCPConnectionSyn
	TCPConnectionFin
	TCPConnectionRst
	TCPChecksumFfff
	TCPChecksumBadExpert
	TCPUrgentPointerNonZero
	TCPNop
	TCPNonZeroBytesAfterEol
	TCPBogusHeaderLength

	Socks
	SocksVersion
	SocksAuthMethodCount
	SocksAuthMethod
	SocksAuthAcceptedMethod
	SocksSubnegotiationVersion
	SocksUsername
	SocksPassword
	SocksAuthStatus
	SocksCommand
	SocksResults
	SocksReserved
	SocksAddressType
	SocksDst
	SocksDstV6
	SocksRemoteName
	SocksV4aDNSName
	SocksPort
	SocksDstport

	HTTP
	HTTPRequest
	HTTPRequestMethod
	HTTPRequestURI
	HTTPRequestVersion
	HTTPResponse
	HTTPResponseVersion
	HTTPResponseCode
	HTTPResponsePhrase
	HTTPProxyConnectHost
	HTTPProxyConnectPort

	TLS
	TLSRecord
	TLSRecordContentType
	TLSRecordOpaqueType
	TLSRecordVersion
	TLSRecordLength
	TLSAppData
	TLSAppDataProto
	TLSAlertMessage
	TLSAlertMessageLevel
	TLSAlertMessageDesc
	TLSChangeCipherSpec
	TLSHandshake
	TLSHandshakeType
	TLSHandshakeLength
	TLSHandshakeVersion
	TLSHandshakeRandom
	TLSHandshakeRandomTime
	TLSHandshakeSessionID
	TLSHandshakeSessionIDLength
	TLSHandshakeCiphersuite
	TLSHandshakeCiphersuites
	TLSHandshakeCipherSuitesLength
	TLSHandshakeCompMethod
	TLSHandshakeExtensionsLength
	TLSHandshakeExtensionType
	TLSHandshakeExtensionLen
	TLSHandshakeExtensionsServerName
	TLSHandshakeExtensionsServerNameType
	TLSHandshakeExtensionsAlpnStr
	TLSHandshakeExtensionsSupportedVersion
	TLSHandshakeExtensionsSupportedGroup
	TLSHandshakeExtensionsKeyShareGroup
	TLSHandshakeSigHashAlg
	TLSHandshakeCertificate
	TLSHandshakeCertificates
	TLSHandshakeCertificateLength
	TLSHandshakeCertificatesLength
	TLSHandshakeServerNamedCurve
	TLSHandshakeJA3
	TLSHandshakeJA3Full
	TLSHandshakeJA3s
	TLSHandshakeJA3sFull
	TLSSegment
	TLSSegments
	TLSSegmentCount
	TLSReassembledIn
	TLSReassembledLength

	Telnet
	TelnetCmd
	TelnetSubcmd

	streamEnd
)

// streamDefs are in the order of their IDs.
var streamDefs = [streamEnd - linkEnd]Def{
	{TCP, "tcp", Protocol},
	{TCPSrcport, "tcp.srcport", Uint16},
	{TCPDstport, "tcp.dstport", Uint16},
	{TCPPort, "tcp.port", Uint16},
	{TCPStream, "tcp.stream", Uint32},
	{TCPCompleteness, "tcp.completeness", Uint8},
	{TCPSeq, "tcp.seq", Uint32},
	{TCPSeqRaw, "tcp.seq_raw", Uint32},
	{TCPNxtseq, "tcp.nxtseq", Uint32},
	{TCPAck, "tcp.ack", Uint32},
	{TCPAckRaw, "tcp.ack_raw", Uint32},
	{TCPHdrLen, "tcp.hdr_len", Uint8},
	{TCPFlags, "tcp.flags", Uint16},
	{TCPFlagsRes, "tcp.flags.res", Bool},
	{TCPFlagsAe, "tcp.flags.ae", Bool},
	{TCPFlagsCwr, "tcp.flags.cwr", Bool},
	{TCPFlagsEce, "tcp.flags.ece", Bool},
	{TCPFlagsUrg, "tcp.flags.urg", Bool},
	{TCPFlagsAck, "tcp.flags.ack", Bool},
	{TCPFlagsPush, "tcp.flags.push", Bool},
	{TCPFlagsReset, "tcp.flags.reset", Bool},
	{TCPFlagsSyn, "tcp.flags.syn", Bool},
	{TCPFlagsFin, "tcp.flags.fin", Bool},
	{TCPWindowSizeValue, "tcp.window_size_value", Uint16},
	{TCPWindowSize, "tcp.window_size", Uint32},
	{TCPWindowSizeScalefactor, "tcp.window_size_scalefactor", Int32},
	{TCPChecksum, "tcp.checksum", Uint16},
	{TCPChecksumStatus, "tcp.checksum.status", Uint8},
	{TCPChecksumCalculated, "tcp.checksum_calculated", Uint16},
	{TCPAnalysis, "tcp.analysis", None},
	{TCPAnalysisFlags, "tcp.analysis.flags", None},
	{TCPAnalysisDuplicateAck, "tcp.analysis.duplicate_ack", None},
	{TCPAnalysisDuplicateAckNum, "tcp.analysis.duplicate_ack_num", Uint32},
	{TCPAnalysisDuplicateAckFrame, "tcp.analysis.duplicate_ack_frame", FrameNum},
	{TCPLen, "tcp.len", Uint32},
	{TCPAnalysisAcksFrame, "tcp.analysis.acks_frame", FrameNum},
	{TCPAnalysisBytesInFlight, "tcp.analysis.bytes_in_flight", Uint32},
	{TCPAnalysisPushBytesSent, "tcp.analysis.push_bytes_sent", Uint32},
	{TCPAnalysisAckRtt, "tcp.analysis.ack_rtt", Duration},
	{TCPAnalysisInitialRtt, "tcp.analysis.initial_rtt", Duration},
	{TCPAnalysisRto, "tcp.analysis.rto", Duration},
	{TCPAnalysisRtoFrame, "tcp.analysis.rto_frame", FrameNum},
	{TCPUrgentPointer, "tcp.urgent_pointer", Uint16},
	{TCPSegmentOverlap, "tcp.segment.overlap", Bool},
	{TCPSegmentOverlapConflict, "tcp.segment.overlap.conflict", Bool},
	{TCPSegmentMultipletails, "tcp.segment.multipletails", Bool},
	{TCPSegmentToolongfragment, "tcp.segment.toolongfragment", Bool},
	{TCPSegmentError, "tcp.segment.error", FrameNum},
	{TCPSegmentCount, "tcp.segment.count", Uint32},
	{TCPSegment, "tcp.segment", FrameNum},
	{TCPSegments, "tcp.segments", None},
	{TCPReassembledIn, "tcp.reassembled_in", FrameNum},
	{TCPReassembledLength, "tcp.reassembled.length", Uint32},
	{TCPReassembledData, "tcp.reassembled.data", Bytes},
	{TCPOptionKind, "tcp.option_kind", Uint8},
	{TCPOptionLen, "tcp.option_len", Uint8},
	{TCPOptions, "tcp.options", Bytes},
	{TCPOptionsMSSVal, "tcp.options.mss_val", Uint16},
	{TCPOptionsWscaleShift, "tcp.options.wscale.shift", Uint8},
	{TCPOptionsWscaleMultiplier, "tcp.options.wscale.multiplier", Uint16},
	{TCPOptionsSackLe, "tcp.options.sack_le", Uint32},
	{TCPOptionsSackRe, "tcp.options.sack_re", Uint32},
	{TCPOptionsSackCount, "tcp.options.sack.count", Uint8},
	{TCPOptionsSackDsackLe, "tcp.options.sack.dsack_le", Uint32},
	{TCPOptionsSackDsackRe, "tcp.options.sack.dsack_re", Uint32},
	{TCPOptionsTimestampTsval, "tcp.options.timestamp.tsval", Uint32},
	{TCPOptionsTimestampTsecr, "tcp.options.timestamp.tsecr", Uint32},
	{TCPTimeRelative, "tcp.time_relative", Duration},
	{TCPTimeDelta, "tcp.time_delta", Duration},
	{TCPSegmentData, "tcp.segment_data", Bytes},
	{TCPPayload, "tcp.payload", Bytes},
	{TCPFinRetransmission, "tcp.fin_retransmission", FrameNum},
	{TCPResetCause, "tcp.reset_cause", String},
	{TCPOptionLenInvalid, "tcp.option.len.invalid", None},
	{TCPAnalysisRetransmission, "tcp.analysis.retransmission", None},
	{TCPAnalysisFastRetransmission, "tcp.analysis.fast_retransmission", None},
	{TCPAnalysisSpuriousRetransmission, "tcp.analysis.spurious_retransmission", None},
	{TCPAnalysisOutOfOrder, "tcp.analysis.out_of_order", None},
	{TCPAnalysisReusedPorts, "tcp.analysis.reused_ports", None},
	{TCPAnalysisLostSegment, "tcp.analysis.lost_segment", None},
	{TCPAnalysisAckLostSegment, "tcp.analysis.ack_lost_segment", None},
	{TCPAnalysisWindowUpdate, "tcp.analysis.window_update", None},
	{TCPAnalysisWindowFull, "tcp.analysis.window_full", None},
	{TCPAnalysisKeepAlive, "tcp.analysis.keep_alive", None},
	{TCPAnalysisKeepAliveAck, "tcp.analysis.keep_alive_ack", None},
	{TCPAnalysisZeroWindowProbe, "tcp.analysis.zero_window_probe", None},
	{TCPAnalysisZeroWindow, "tcp.analysis.zero_window", None},
	{TCPAnalysisZeroWindowProbeAck, "tcp.analysis.zero_window_probe_ack", None},
	{TCPConnectionFinActive, "tcp.connection.fin_active", None},
	{TCPConnectionFinPassive, "tcp.connection.fin_passive", None},
	{TCPOptionsSackDsack, "tcp.options.sack.dsack", None},
	{TCPOptionsWscaleShiftInvalid, "tcp.options.wscale.shift.invalid", None},
	{TCPOptionsMSSAbsent, "tcp.options.mss.absent", None},
	{TCPOptionsMSSPresent, "tcp.options.mss.present", None},
	{TCPShortSegment, "tcp.short_segment", None},
	{TCPAckNonzero, "tcp.ack.nonzero", None},
	{TCPConnectionSynack, "tcp.connection.synack", None},
	{TCPConnectionSyn, "tcp.connection.syn", None},
	{TCPConnectionFin, "tcp.connection.fin", None},
	{TCPConnectionRst, "tcp.connection.rst", None},
	{TCPChecksumFfff, "tcp.checksum.ffff", None},
	{TCPChecksumBadExpert, "tcp.checksum_bad.expert", None},
	{TCPUrgentPointerNonZero, "tcp.urgent_pointer.non_zero", None},
	{TCPNop, "tcp.nop", None},
	{TCPNonZeroBytesAfterEol, "tcp.non_zero_bytes_after_eol", None},
	{TCPBogusHeaderLength, "tcp.bogus_header_length", None},

	{Socks, "socks", Protocol},
	{SocksVersion, "socks.version", Uint8},
	{SocksAuthMethodCount, "socks.auth_method_count", Uint8},
	{SocksAuthMethod, "socks.auth_method", Uint8},
	{SocksAuthAcceptedMethod, "socks.auth_accepted_method", Uint8},
	{SocksSubnegotiationVersion, "socks.subnegotiation_version", Uint8},
	{SocksUsername, "socks.username", String},
	{SocksPassword, "socks.password", String},
	{SocksAuthStatus, "socks.auth_status", Uint8},
	{SocksCommand, "socks.command", Uint8},
	{SocksResults, "socks.results", Uint8},
	{SocksReserved, "socks.reserved", Uint8},
	{SocksAddressType, "socks.address_type", Uint8},
	{SocksDst, "socks.dst", Addr4},
	{SocksDstV6, "socks.dstV6", Addr6},
	{SocksRemoteName, "socks.remote_name", String},
	{SocksV4aDNSName, "socks.v4a_dns_name", String},
	{SocksPort, "socks.port", Uint16},
	{SocksDstport, "socks.dstport", Uint16},

	{HTTP, "http", Protocol},
	{HTTPRequest, "http.request", Bool},
	{HTTPRequestMethod, "http.request.method", String},
	{HTTPRequestURI, "http.request.uri", String},
	{HTTPRequestVersion, "http.request.version", String},
	{HTTPResponse, "http.response", Bool},
	{HTTPResponseVersion, "http.response.version", String},
	{HTTPResponseCode, "http.response.code", Uint16},
	{HTTPResponsePhrase, "http.response.phrase", String},
	{HTTPProxyConnectHost, "http.proxy_connect_host", String},
	{HTTPProxyConnectPort, "http.proxy_connect_port", Uint16},

	{TLS, "tls", Protocol},
	{TLSRecord, "tls.record", None},
	{TLSRecordContentType, "tls.record.content_type", Uint8},
	{TLSRecordOpaqueType, "tls.record.opaque_type", Uint8},
	{TLSRecordVersion, "tls.record.version", Uint16},
	{TLSRecordLength, "tls.record.length", Uint16},
	{TLSAppData, "tls.app_data", Bytes},
	{TLSAppDataProto, "tls.app_data_proto", String},
	{TLSAlertMessage, "tls.alert_message", None},
	{TLSAlertMessageLevel, "tls.alert_message.level", Uint8},
	{TLSAlertMessageDesc, "tls.alert_message.desc", Uint8},
	{TLSChangeCipherSpec, "tls.change_cipher_spec", None},
	{TLSHandshake, "tls.handshake", None},
	{TLSHandshakeType, "tls.handshake.type", Uint8},
	{TLSHandshakeLength, "tls.handshake.length", Uint24},
	{TLSHandshakeVersion, "tls.handshake.version", Uint16},
	{TLSHandshakeRandom, "tls.handshake.random", Bytes},
	{TLSHandshakeRandomTime, "tls.handshake.random_time", Time},
	{TLSHandshakeSessionID, "tls.handshake.session_id", Bytes},
	{TLSHandshakeSessionIDLength, "tls.handshake.session_id_length", Uint16},
	{TLSHandshakeCiphersuite, "tls.handshake.ciphersuite", Uint16},
	{TLSHandshakeCiphersuites, "tls.handshake.ciphersuites", None},
	{TLSHandshakeCipherSuitesLength, "tls.handshake.cipher_suites_length", Uint16},
	{TLSHandshakeCompMethod, "tls.handshake.comp_method", Uint8},
	{TLSHandshakeExtensionsLength, "tls.handshake.extensions_length", Uint16},
	{TLSHandshakeExtensionType, "tls.handshake.extension.type", Uint16},
	{TLSHandshakeExtensionLen, "tls.handshake.extension.len", Uint16},
	{TLSHandshakeExtensionsServerName, "tls.handshake.extensions_server_name", String},
	{TLSHandshakeExtensionsServerNameType, "tls.handshake.extensions_server_name_type", Uint8},
	{TLSHandshakeExtensionsAlpnStr, "tls.handshake.extensions_alpn_str", String},
	{TLSHandshakeExtensionsSupportedVersion, "tls.handshake.extensions.supported_version", Uint16},
	{TLSHandshakeExtensionsSupportedGroup, "tls.handshake.extensions_supported_group", Uint16},
	{TLSHandshakeExtensionsKeyShareGroup, "tls.handshake.extensions_key_share_group", Uint16},
	{TLSHandshakeSigHashAlg, "tls.handshake.sig_hash_alg", Uint16},
	{TLSHandshakeCertificate, "tls.handshake.certificate", Bytes},
	{TLSHandshakeCertificates, "tls.handshake.certificates", None},
	{TLSHandshakeCertificateLength, "tls.handshake.certificate_length", Uint24},
	{TLSHandshakeCertificatesLength, "tls.handshake.certificates_length", Uint24},
	{TLSHandshakeServerNamedCurve, "tls.handshake.server_named_curve", Uint16},
	{TLSHandshakeJA3, "tls.handshake.ja3", String},
	{TLSHandshakeJA3Full, "tls.handshake.ja3_full", String},
	{TLSHandshakeJA3s, "tls.handshake.ja3s", String},
	{TLSHandshakeJA3sFull, "tls.handshake.ja3s_full", String},
	{TLSSegment, "tls.segment", FrameNum},
	{TLSSegments, "tls.segments", None},
	{TLSSegmentCount, "tls.segment.count", Uint32},
	{TLSReassembledIn, "tls.reassembled_in", FrameNum},
	{TLSReassembledLength, "tls.reassembled.length", Uint32},

	{Telnet, "telnet", Protocol},
	{TelnetCmd, "telnet.cmd", Uint8},
	{TelnetSubcmd, "telnet.subcmd", Uint8},
}
