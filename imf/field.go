package imf

// Kind names the header fields that the house acts on.
type Kind uint8

const (
	Other Kind = iota
	ReturnPath
	Received
	DeliveredTo
	Date
	From
	Sender
	ReplyTo
	To
	Cc
	Bcc
	ResentBcc
	MessageID
	InReplyTo
	References
	Subject
	MIMEVersion
	ContentType
	ContentEncoding // Content-Transfer-Encoding
	ContentDisposition
	ResentFrom
	ResentSender
	ResentTo
	ResentCc
	ListID // List-Id
	ListPost
	ListUnsubscribe
	DKIMSignature
)

// longestName is the longest of kindOf's names.
const longestName = len("content-transfer-encoding")

// kindOf gives the Kind of a name in lower case.
func kindOf(lower []byte) Kind {
	switch string(lower) {
	case "return-path":
		return ReturnPath
	case "received":
		return Received
	case "delivered-to":
		return DeliveredTo
	case "date":
		return Date
	case "from":
		return From
	case "sender":
		return Sender
	case "reply-to":
		return ReplyTo
	case "to":
		return To
	case "cc":
		return Cc
	case "bcc":
		return Bcc
	case "resent-from":
		return ResentFrom
	case "resent-sender":
		return ResentSender
	case "resent-to":
		return ResentTo
	case "resent-cc":
		return ResentCc
	case "resent-bcc":
		return ResentBcc
	case "list-id":
		return ListID
	case "list-post":
		return ListPost
	case "list-unsubscribe":
		return ListUnsubscribe
	case "dkim-signature":
		return DKIMSignature
	case "message-id":
		return MessageID
	case "in-reply-to":
		return InReplyTo
	case "references":
		return References
	case "subject":
		return Subject
	case "mime-version":
		return MIMEVersion
	case "content-type":
		return ContentType
	case "content-transfer-encoding":
		return ContentEncoding
	case "content-disposition":
		return ContentDisposition
	}
	return Other
}

// Field is where one header field stands. Offsets count from the first octet
// that the Scanner saw.
type Field struct {
	Kind    Kind
	Start   int32 // of the name
	NameEnd int32 // behind the name
	Value   int32 // behind the colon
	End     int32 // behind the last line's end, folded lines counted
}

// Name gives the field's name in head, which begins where the Scanner began.
func (f Field) Name(head []byte) []byte { return head[f.Start:f.NameEnd] }

// Raw gives the value as it stands, folds and line end included.
func (f Field) Raw(head []byte) []byte { return head[f.Value:f.End] }

// Text gives the value unfolded (RFC 5322 §2.2.3), without blanks at its ends.
func (f Field) Text(head []byte) string { return Unfold(f.Raw(head)) }

// Unfold removes line ends, and blanks at both ends. Blanks that followed a
// line end stay, as RFC 5322 §2.2.3 says.
func Unfold(raw []byte) string {
	out := make([]byte, 0, len(raw))
	for _, c := range raw {
		if c != '\r' && c != '\n' {
			out = append(out, c)
		}
	}
	for len(out) > 0 && isBlank(out[len(out)-1]) {
		out = out[:len(out)-1]
	}
	for len(out) > 0 && isBlank(out[0]) {
		out = out[1:]
	}
	return string(out)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
