package field

// The fields of mail: SMTP, POP, IMAP, and what a message is made of.
const (
	SMTP ID = iota + streamEnd
	SMTPReq
	SMTPRsp
	SMTPMessage
	SMTPCommandLine
	SMTPReqCommand
	SMTPReqParameter
	SMTPResponse
	SMTPResponseCode
	SMTPRspParameter
	SMTPAuthUsername
	SMTPAuthPassword
	SMTPAuthUsernamePassword
	SMTPEOM
	SMTPDataFragments
	SMTPDataFragment
	SMTPDataFragmentOverlap
	SMTPDataFragmentOverlapConflicts
	SMTPDataFragmentMultipleTails
	SMTPDataFragmentTooLongFragment
	SMTPDataFragmentError
	SMTPDataFragmentCount
	SMTPDataReassembledIn
	SMTPDataReassembledLength
	SMTPBase64Decode
	SMTPResponseCodeUnexpected

	POP
	POPResponse
	POPResponseIndicator
	POPResponseDescription
	POPResponseData
	POPRequest
	POPRequestCommand
	POPRequestParameter
	POPRequestData
	POPDataFragments
	POPDataFragment
	POPDataFragmentOverlap
	POPDataFragmentOverlapConflicts
	POPDataFragmentMultipleTails
	POPDataFragmentTooLongFragment
	POPDataFragmentError
	POPDataFragmentCount
	POPDataReassembledIn
	POPDataReassembledLength
	POPResponseTotLenInvalid

	IMAP
	IMAPLine
	IMAPIsrequest
	IMAPRequest
	IMAPRequestTag
	IMAPRequestCommand
	IMAPResponse
	IMAPResponseTag
	IMAPResponseCommand
	IMAPResponseStatus
	IMAPTag
	IMAPCommand
	IMAPRequestFolder
	IMAPRequestUsername
	IMAPRequestPassword
	IMAPRequestCommandUID
	IMAPResponseTo
	IMAPTime

	IMF
	IMFDate
	IMFFrom
	IMFSender
	IMFReplyTo
	IMFTo
	IMFCc
	IMFBcc
	IMFMessageID
	IMFInReplyTo
	IMFReferences
	IMFSubject
	IMFComments
	IMFUserAgent
	IMFKeywords
	IMFResentDate
	IMFResentFrom
	IMFResentSender
	IMFResentTo
	IMFResentCc
	IMFResentBcc
	IMFResentMessageID
	IMFReturnPath
	IMFReceived
	IMFContentType
	IMFContentTypeType
	IMFContentTypeParameters
	IMFContentDescription
	IMFContentID
	IMFContentTransferEncoding
	IMFMIMEVersion
	IMFAutoforwarded
	IMFAutosubmitted
	IMFX400ContentIdentifier
	IMFContentLanguage
	IMFConversion
	IMFConversionWithLoss
	IMFDeliveryDate
	IMFDiscardedX400IpmsExtensions
	IMFDiscardedX400MtsExtensions
	IMFDlExpansionHistory
	IMFDeferredDelivery
	IMFExpires
	IMFImportance
	IMFIncompleteCopy
	IMFLatestDeliveryTime
	IMFMessageType
	IMFOriginalEncodedInformationTypes
	IMFOriginatorReturnAddress
	IMFPriority
	IMFReplyBy
	IMFSensitivity
	IMFSupersedes
	IMFX400ContentType
	IMFX400MtsIdentifier
	IMFX400Originator
	IMFX400Received
	IMFX400Recipients
	IMFDeliveredTo
	IMFExtMailer
	IMFExtMimeole
	IMFExtExpiryDate
	IMFExtTnefCorrelator
	IMFExtUIDL
	IMFExtAuthenticationWarning
	IMFExtVirusScanned
	IMFExtOriginalTo
	IMFThreadIndex
	IMFLines
	IMFPrecedence
	IMFExtension
	IMFExtensionType
	IMFExtensionValue
	IMFDisplayName
	IMFAddress
	IMFAddressListItem
	IMFMailboxListItem
	IMFSiolabel
	IMFSiolabelMarking
	IMFSiolabelFgcolor
	IMFSiolabelBgcolor
	IMFSiolabelType
	IMFSiolabelLabel
	IMFSiolabelUnknown
	IMFMessageText
	IMFUnknownParam

	MIMEMultipart

	Media

	DataTextLines

	Data

	end // how many there are, with the nobody of ID 0
)

// mailDefs are in the order of their IDs.
var mailDefs = [end - streamEnd]Def{
	{SMTP, "smtp", Protocol},
	{SMTPReq, "smtp.req", Bool},
	{SMTPRsp, "smtp.rsp", Bool},
	{SMTPMessage, "smtp.message", String},
	{SMTPCommandLine, "smtp.command_line", String},
	{SMTPReqCommand, "smtp.req.command", String},
	{SMTPReqParameter, "smtp.req.parameter", String},
	{SMTPResponse, "smtp.response", String},
	{SMTPResponseCode, "smtp.response.code", Uint32},
	{SMTPRspParameter, "smtp.rsp.parameter", String},
	{SMTPAuthUsername, "smtp.auth.username", String},
	{SMTPAuthPassword, "smtp.auth.password", String},
	{SMTPAuthUsernamePassword, "smtp.auth.username_password", String},
	{SMTPEOM, "smtp.eom", None},
	{SMTPDataFragments, "smtp.data.fragments", None},
	{SMTPDataFragment, "smtp.data.fragment", FrameNum},
	{SMTPDataFragmentOverlap, "smtp.data.fragment.overlap", Bool},
	{SMTPDataFragmentOverlapConflicts, "smtp.data.fragment.overlap.conflicts", Bool},
	{SMTPDataFragmentMultipleTails, "smtp.data.fragment.multiple_tails", Bool},
	{SMTPDataFragmentTooLongFragment, "smtp.data.fragment.too_long_fragment", Bool},
	{SMTPDataFragmentError, "smtp.data.fragment.error", FrameNum},
	{SMTPDataFragmentCount, "smtp.data.fragment.count", Uint32},
	{SMTPDataReassembledIn, "smtp.data.reassembled.in", FrameNum},
	{SMTPDataReassembledLength, "smtp.data.reassembled.length", Uint32},
	{SMTPBase64Decode, "smtp.base64_decode", None},
	{SMTPResponseCodeUnexpected, "smtp.response.code.unexpected", None},

	{POP, "pop", Protocol},
	{POPResponse, "pop.response", String},
	{POPResponseIndicator, "pop.response.indicator", String},
	{POPResponseDescription, "pop.response.description", String},
	{POPResponseData, "pop.response.data", String},
	{POPRequest, "pop.request", String},
	{POPRequestCommand, "pop.request.command", String},
	{POPRequestParameter, "pop.request.parameter", String},
	{POPRequestData, "pop.request.data", String},
	{POPDataFragments, "pop.data.fragments", None},
	{POPDataFragment, "pop.data.fragment", FrameNum},
	{POPDataFragmentOverlap, "pop.data.fragment.overlap", Bool},
	{POPDataFragmentOverlapConflicts, "pop.data.fragment.overlap.conflicts", Bool},
	{POPDataFragmentMultipleTails, "pop.data.fragment.multiple_tails", Bool},
	{POPDataFragmentTooLongFragment, "pop.data.fragment.too_long_fragment", Bool},
	{POPDataFragmentError, "pop.data.fragment.error", FrameNum},
	{POPDataFragmentCount, "pop.data.fragment.count", Uint32},
	{POPDataReassembledIn, "pop.data.reassembled.in", FrameNum},
	{POPDataReassembledLength, "pop.data.reassembled.length", Uint32},
	{POPResponseTotLenInvalid, "pop.response.tot_len.invalid", None},

	{IMAP, "imap", Protocol},
	{IMAPLine, "imap.line", String},
	{IMAPIsrequest, "imap.isrequest", Bool},
	{IMAPRequest, "imap.request", String},
	{IMAPRequestTag, "imap.request_tag", String},
	{IMAPRequestCommand, "imap.request.command", String},
	{IMAPResponse, "imap.response", String},
	{IMAPResponseTag, "imap.response_tag", String},
	{IMAPResponseCommand, "imap.response.command", String},
	{IMAPResponseStatus, "imap.response.status", String},
	{IMAPTag, "imap.tag", String},
	{IMAPCommand, "imap.command", String},
	{IMAPRequestFolder, "imap.request.folder", String},
	{IMAPRequestUsername, "imap.request.username", String},
	{IMAPRequestPassword, "imap.request.password", String},
	{IMAPRequestCommandUID, "imap.request.command.uid", Bool},
	{IMAPResponseTo, "imap.response_to", FrameNum},
	{IMAPTime, "imap.time", Duration},

	{IMF, "imf", Protocol},
	{IMFDate, "imf.date", String},
	{IMFFrom, "imf.from", String},
	{IMFSender, "imf.sender", String},
	{IMFReplyTo, "imf.reply_to", String},
	{IMFTo, "imf.to", String},
	{IMFCc, "imf.cc", String},
	{IMFBcc, "imf.bcc", String},
	{IMFMessageID, "imf.message_id", String},
	{IMFInReplyTo, "imf.in_reply_to", String},
	{IMFReferences, "imf.references", String},
	{IMFSubject, "imf.subject", String},
	{IMFComments, "imf.comments", String},
	{IMFUserAgent, "imf.user_agent", String},
	{IMFKeywords, "imf.keywords", String},
	{IMFResentDate, "imf.resent.date", String},
	{IMFResentFrom, "imf.resent.from", String},
	{IMFResentSender, "imf.resent.sender", String},
	{IMFResentTo, "imf.resent.to", String},
	{IMFResentCc, "imf.resent.cc", String},
	{IMFResentBcc, "imf.resent.bcc", String},
	{IMFResentMessageID, "imf.resent.message_id", String},
	{IMFReturnPath, "imf.return_path", String},
	{IMFReceived, "imf.received", String},
	{IMFContentType, "imf.content.type", String},
	{IMFContentTypeType, "imf.content.type.type", String},
	{IMFContentTypeParameters, "imf.content.type.parameters", String},
	{IMFContentDescription, "imf.content.description", String},
	{IMFContentID, "imf.content.id", String},
	{IMFContentTransferEncoding, "imf.content.transfer_encoding", String},
	{IMFMIMEVersion, "imf.mime_version", String},
	{IMFAutoforwarded, "imf.autoforwarded", String},
	{IMFAutosubmitted, "imf.autosubmitted", String},
	{IMFX400ContentIdentifier, "imf.x400_content_identifier", String},
	{IMFContentLanguage, "imf.content_language", String},
	{IMFConversion, "imf.conversion", String},
	{IMFConversionWithLoss, "imf.conversion_with_loss", String},
	{IMFDeliveryDate, "imf.delivery_date", String},
	{IMFDiscardedX400IpmsExtensions, "imf.discarded_x400_ipms_extensions", String},
	{IMFDiscardedX400MtsExtensions, "imf.discarded_x400_mts_extensions", String},
	{IMFDlExpansionHistory, "imf.dl_expansion_history", String},
	{IMFDeferredDelivery, "imf.deferred_delivery", String},
	{IMFExpires, "imf.expires", String},
	{IMFImportance, "imf.importance", String},
	{IMFIncompleteCopy, "imf.incomplete_copy", String},
	{IMFLatestDeliveryTime, "imf.latest_delivery_time", String},
	{IMFMessageType, "imf.message_type", String},
	{IMFOriginalEncodedInformationTypes, "imf.original_encoded_information_types", String},
	{IMFOriginatorReturnAddress, "imf.originator_return_address", String},
	{IMFPriority, "imf.priority", String},
	{IMFReplyBy, "imf.reply_by", String},
	{IMFSensitivity, "imf.sensitivity", String},
	{IMFSupersedes, "imf.supersedes", String},
	{IMFX400ContentType, "imf.x400_content_type", String},
	{IMFX400MtsIdentifier, "imf.x400_mts_identifier", String},
	{IMFX400Originator, "imf.x400_originator", String},
	{IMFX400Received, "imf.x400_received", String},
	{IMFX400Recipients, "imf.x400_recipients", String},
	{IMFDeliveredTo, "imf.delivered_to", String},
	{IMFExtMailer, "imf.ext.mailer", String},
	{IMFExtMimeole, "imf.ext.mimeole", String},
	{IMFExtExpiryDate, "imf.ext.expiry-date", String},
	{IMFExtTnefCorrelator, "imf.ext.tnef-correlator", String},
	{IMFExtUIDL, "imf.ext.uidl", String},
	{IMFExtAuthenticationWarning, "imf.ext.authentication_warning", String},
	{IMFExtVirusScanned, "imf.ext.virus_scanned", String},
	{IMFExtOriginalTo, "imf.ext.original-to", String},
	{IMFThreadIndex, "imf.thread-index", String},
	{IMFLines, "imf.lines", String},
	{IMFPrecedence, "imf.precedence", String},
	{IMFExtension, "imf.extension", String},
	{IMFExtensionType, "imf.extension.type", String},
	{IMFExtensionValue, "imf.extension.value", String},
	{IMFDisplayName, "imf.display_name", String},
	{IMFAddress, "imf.address", String},
	{IMFAddressListItem, "imf.address_list.item", String},
	{IMFMailboxListItem, "imf.mailbox_list.item", String},
	{IMFSiolabel, "imf.siolabel", None},
	{IMFSiolabelMarking, "imf.siolabel.marking", String},
	{IMFSiolabelFgcolor, "imf.siolabel.fgcolor", String},
	{IMFSiolabelBgcolor, "imf.siolabel.bgcolor", String},
	{IMFSiolabelType, "imf.siolabel.type", String},
	{IMFSiolabelLabel, "imf.siolabel.label", String},
	{IMFSiolabelUnknown, "imf.siolabel.unknown", String},
	{IMFMessageText, "imf.message_text", None},
	{IMFUnknownParam, "imf.unknown_param", None},

	{MIMEMultipart, "mime_multipart", Protocol},

	{Media, "media", Protocol},

	{DataTextLines, "data-text-lines", Protocol},

	{Data, "data", Protocol},
}
