package dissect

import "posta/field"

// Fields are those that frames may have. A filter that asks for another one
// finds nothing.
func Fields() (all field.Set) {
	all.Add(
		field.Frame, field.FrameTime, field.FrameTimeEpoch, field.FrameTimeDelta, field.FrameTimeRelative, field.FrameNumber, field.FrameLen,
		field.FrameCapLen, field.FrameComment,
	)
	all.Add(
		field.Eth, field.EthDst, field.EthSrc, field.EthAddr, field.EthType, field.EthLen, field.EthDstLg, field.EthDstIg, field.EthSrcLg,
		field.EthSrcIg, field.EthLg, field.EthIg, field.VLAN, field.VLANID, field.VLANPriority, field.VLANDei, field.VLANEtype, field.Null,
		field.Raw, field.SLL,
	)
	all.Add(
		field.IP, field.IPVersion, field.IPHdrLen, field.IPDsfield, field.IPDsfieldDscp, field.IPDsfieldEcn, field.IPLen, field.IPID,
		field.IPFlags, field.IPFlagsRb, field.IPFlagsDf, field.IPFlagsMf, field.IPFragOffset, field.IPTTL, field.IPProto, field.IPChecksum,
		field.IPSrc, field.IPDst, field.IPAddr,
		field.IPv6, field.IPv6Version, field.IPv6Tclass, field.IPv6TclassDscp, field.IPv6TclassEcn, field.IPv6Flow, field.IPv6Plen,
		field.IPv6Nxt, field.IPv6Hlim, field.IPv6Src, field.IPv6Dst, field.IPv6Addr,
	)
	all.Add(
		field.TCP, field.TCPSrcport, field.TCPDstport, field.TCPPort, field.TCPStream, field.TCPLen, field.TCPSeq, field.TCPSeqRaw, field.TCPAck,
		field.TCPAckRaw, field.TCPHdrLen, field.TCPFlags, field.TCPFlagsRes, field.TCPFlagsAe, field.TCPFlagsCwr, field.TCPFlagsEce,
		field.TCPFlagsUrg, field.TCPFlagsAck, field.TCPFlagsPush, field.TCPFlagsReset, field.TCPFlagsSyn, field.TCPFlagsFin,
		field.TCPWindowSizeValue, field.TCPChecksum, field.TCPUrgentPointer, field.TCPOptions, field.TCPPayload, field.TCPNxtseq,
		field.TCPWindowSize, field.TCPWindowSizeScalefactor, field.TCPCompleteness, field.TCPTimeRelative, field.TCPTimeDelta,
		field.TCPConnectionSyn, field.TCPConnectionSynack, field.TCPConnectionFin, field.TCPConnectionRst, field.TCPConnectionFinActive,
		field.TCPConnectionFinPassive,
		field.TCPOptionKind, field.TCPOptionLen, field.TCPOptionsMSSVal, field.TCPOptionsWscaleShift, field.TCPOptionsWscaleMultiplier,
		field.TCPOptionsSackLe, field.TCPOptionsSackRe, field.TCPOptionsSackCount, field.TCPOptionsTimestampTsval,
		field.TCPOptionsTimestampTsecr,
		field.TCPResetCause, field.TCPUrgentPointerNonZero, field.TCPAckNonzero, field.EthPadding, field.IPSrcHost, field.IPDstHost, field.IPHost,
		field.IPv6SrcHost, field.IPv6DstHost, field.IPv6Host,
	)
	all.Add(
		field.TCPAnalysis, field.TCPAnalysisFlags, field.TCPAnalysisDuplicateAck, field.TCPAnalysisDuplicateAckNum,
		field.TCPAnalysisDuplicateAckFrame, field.TCPAnalysisAcksFrame, field.TCPAnalysisBytesInFlight, field.TCPAnalysisPushBytesSent,
		field.TCPAnalysisAckRtt, field.TCPAnalysisInitialRtt, field.TCPAnalysisRto, field.TCPAnalysisRtoFrame,
		field.TCPAnalysisRetransmission, field.TCPAnalysisFastRetransmission, field.TCPAnalysisSpuriousRetransmission,
		field.TCPAnalysisOutOfOrder, field.TCPAnalysisReusedPorts, field.TCPAnalysisLostSegment, field.TCPAnalysisAckLostSegment,
		field.TCPAnalysisWindowUpdate, field.TCPAnalysisWindowFull, field.TCPAnalysisKeepAlive, field.TCPAnalysisKeepAliveAck,
		field.TCPAnalysisZeroWindowProbe, field.TCPAnalysisZeroWindow, field.TCPAnalysisZeroWindowProbeAck,
	)
	all.Add(
		field.Socks, field.SocksVersion, field.SocksAuthMethodCount, field.SocksAuthMethod, field.SocksAuthAcceptedMethod,
		field.SocksSubnegotiationVersion, field.SocksUsername, field.SocksPassword, field.SocksAuthStatus, field.SocksCommand,
		field.SocksResults, field.SocksReserved, field.SocksAddressType, field.SocksDst, field.SocksDstV6, field.SocksRemoteName, field.SocksV4aDNSName,
		field.SocksPort, field.SocksDstport,
		field.HTTP, field.HTTPRequest, field.HTTPRequestMethod, field.HTTPRequestURI, field.HTTPRequestVersion, field.HTTPResponse,
		field.HTTPResponseVersion, field.HTTPResponseCode, field.HTTPResponsePhrase, field.HTTPProxyConnectHost, field.HTTPProxyConnectPort,
	)
	all.Add(field.Telnet, field.TelnetCmd, field.TelnetSubcmd)
	all.Add(
		field.SMTP, field.SMTPReq, field.SMTPRsp, field.SMTPCommandLine, field.SMTPReqCommand, field.SMTPReqParameter, field.SMTPResponse,
		field.SMTPResponseCode, field.SMTPRspParameter, field.SMTPEOM, field.SMTPAuthUsername, field.SMTPAuthPassword, field.SMTPAuthUsernamePassword,
	)
	all.Add(
		field.IMAP, field.IMAPLine, field.IMAPIsrequest, field.IMAPRequest, field.IMAPRequestTag, field.IMAPRequestCommand,
		field.IMAPRequestCommandUID, field.IMAPRequestFolder, field.IMAPRequestUsername, field.IMAPRequestPassword, field.IMAPResponse,
		field.IMAPResponseTag, field.IMAPResponseStatus, field.IMAPResponseCommand, field.IMAPResponseTo, field.IMAPTime, field.IMAPTag,
		field.IMAPCommand,
	)
	all.Add(
		field.POP, field.POPRequest, field.POPRequestCommand, field.POPRequestParameter,
		field.POPResponse, field.POPResponseIndicator, field.POPResponseDescription,
	)
	all.Add(
		field.SMTPDataFragment, field.SMTPDataReassembledLength, field.POPDataFragment, field.POPDataReassembledLength,
		field.IMF, field.IMFContentTypeType, field.IMFContentTypeParameters, field.IMFExtensionType, field.IMFExtensionValue,
		field.IMFDate, field.IMFFrom, field.IMFSender, field.IMFReplyTo, field.IMFTo, field.IMFCc, field.IMFBcc, field.IMFMessageID,
		field.IMFInReplyTo, field.IMFReferences, field.IMFSubject, field.IMFComments, field.IMFKeywords, field.IMFUserAgent,
		field.IMFReturnPath, field.IMFReceived, field.IMFContentType, field.IMFContentID, field.IMFContentDescription,
		field.IMFContentTransferEncoding, field.IMFMIMEVersion, field.IMFResentDate, field.IMFResentFrom, field.IMFResentSender,
		field.IMFResentTo, field.IMFResentCc, field.IMFResentBcc, field.IMFResentMessageID, field.IMFDeliveredTo, field.IMFExtMailer,
		field.IMFExtMimeole, field.IMFImportance, field.IMFThreadIndex, field.IMFContentLanguage,
	)
	all.Add(tlsFields()...)
	return all
}
