package mail

// Body is the BODY parameter of MAIL (RFC 6152 §3).
type Body uint8

const (
	Body7Bit     Body = iota // also when the parameter is absent
	Body8BitMIME             // BODY=8BITMIME
)

// Ret is the RET parameter of MAIL (RFC 3461 §4.3).
type Ret uint8

const (
	RetAbsent Ret = iota
	RetFull       // RET=FULL
	RetHdrs       // RET=HDRS
)

// Notify is the NOTIFY parameter of RCPT as a set (RFC 3461 §4.1).
// The zero Notify means that the parameter was absent.
type Notify uint8

const (
	NotifyNever Notify = 1 << iota
	NotifySuccess
	NotifyFailure
	NotifyDelay
)

// Envelope is what MAIL said of one message (RFC 5321 §2.3.1).
type Envelope struct {
	From  Address // the reverse-path; zero for the null path <>
	Size  int64   // SIZE= as declared, in octets; 0 when absent (RFC 1870 §6)
	Body  Body    // BODY=
	UTF8  bool    // SMTPUTF8 (RFC 6531 §3.4)
	Auth  string  // AUTH= decoded from xtext; "<>" unknown, "" absent (RFC 4954 §5)
	Ret   Ret     // RET=
	EnvID string  // ENVID= decoded from xtext (RFC 3461 §4.4)
}

// Recipient is what one RCPT said (RFC 5321 §4.1.1.3).
type Recipient struct {
	To     Address // as the peer spelled it; Domain empty only for <postmaster>
	Orcpt  string  // ORCPT= as sent, "rfc822;..." with xtext decoded (RFC 3461 §4.2); "" absent
	Notify Notify  // NOTIFY=
}
