package smtpserver

import (
	"fmt"

	"posta/mail"
	"posta/smtp"
)

// text names a reply of the table.
type text uint8

const (
	textGreeting text = iota
	textLabGreeting
	textSinkGreeting
	textEarlyTalker
	textHello
	textEhlo
	textMail
	textMailLax
	textRcpt
	textRcptLax
	textGoAhead
	textQueued
	textChunk
	textReset
	textNoop
	textBye
	textHelp
	textTLSReady
	textLoggedIn
	textNoVrfy
	textNoVrfyUTF8
	textEmptyList
	textVerfy
	textShutdown
	textTimeout
	textSessionTime
	textEndless
	textTooManyErrors
	textTooManyLogins
	textInternal
	textTooManyRcpt
	textNoTLSNow
	textLoginBusy
	textLongLine
	textLongResponse
	textBareCommand
	textTelnet
	textClientHello
	textKeyword
	textPOP3
	textHeaderField
	textLoneDot
	textDidYouMean
	textUnknown
	textBadBase64
	textNoInitial
	textBadResponse
	textBase64Hint
	textCancelled
	textNoServe
	textHelloFirst
	textEhloFirst
	textMailFirst
	textRcptFirst
	textRsetFirst
	textNested
	textNoDataNow
	textNoRcptNow
	textTLSActive
	textLoggedInAlready
	textNoAuthNow
	textNoAuthHere
	textBehind
	textBehindData
	textBehindTLS
	textMechanism
	textNoTopic
	textAuthFirst
	textTLSFirst
	textWrongPassword
	textLoginNeedsTLS
	textUTF8Sender
	textUTF8Rcpt
	textBareData
	textBareHint
	textBareSettings
	textBareProgram
	textTooBig
	textNoRcpt
	textNeedsEhlo
	textShut
	textNodeQueuing
	textNodeEmpty
	textNodeStarted
	textNodeCounted
	textNodeUnable
	textNodeTooSoon
	textNodeForbidden
	textTurning
	textNotYours
	textTooSoon
	textNoFetchNow
	textNoMail
	textNoTurn
	textInMail
	textBehindTurn
	texts // how many there are
)

// wording is one reply in the words of both personas. hmail is "" where it
// says the same.
type wording struct {
	code   int
	status string
	posta  string
	hmail  string
}

// wordings is the table of what the server says. Formats are fmt's; the
// comments stand where a choice needs a reason.
func wordings() [texts]wording {
	const sequence = "Bad sequence of commands"
	return [texts]wording{
		textGreeting:     {220, "", "%[1]s ESMTP posta", "%[1]s ESMTP"},
		textLabGreeting:  {220, "", "%[1]s ESMTP posta (lab)", "%[1]s ESMTP"},
		textSinkGreeting: {220, "", "%[1]s ESMTP posta (sink: everything is kept, nothing is sent on)", "%[1]s ESMTP"},
		// Not 554: behind that the server has to wait for QUIT (RFC 5321 §3.1).
		textEarlyTalker: {421, "4.7.0", "%[1]s Wait for the greeting before you send, closing transmission channel", ""},
		textHello:       {250, "", "%[1]s Hello%[2]s", "Hello."},
		textEhlo:        {250, "", "%[1]s Hello%[2]s", "%[1]s"},
		textMail:        {250, "2.1.0", "OK", ""},
		textMailLax:     {250, "2.1.0", "OK (the RFC's form is %[1]s)", "OK"},
		textRcpt:        {250, "2.1.5", "OK", ""},
		textRcptLax:     {250, "2.1.5", "OK (the RFC's form is %[1]s)", "OK"},
		textGoAhead:     {354, "", "Go ahead; a line with only a dot ends the message", "OK, send."},
		textQueued:      {250, "2.0.0", "OK: queued as %[1]s", "Queued (%.3[2]f seconds)"},
		textChunk:       {250, "2.0.0", "%[1]d octets received", ""},
		textReset:       {250, "2.0.0", "OK", ""},
		textNoop:        {250, "2.0.0", "OK", ""},
		textBye:         {221, "2.0.0", "Bye", "goodbye"},
		textHelp:        {214, "2.0.0", "Commands served here now; HELP and one of them explains it:", ""},
		textTLSReady:    {220, "2.0.0", "Ready to start TLS", ""},
		textLoggedIn:    {235, "2.7.0", "Authentication successful", "authenticated."},
		textNoVrfy:      {252, "2.5.2", "Cannot VRFY user, but will accept message and attempt delivery", ""},
		textNoVrfyUTF8:  {252, "2.6.8", "The answer holds UTF-8; ask with the SMTPUTF8 parameter", ""},
		textEmptyList:   {252, "2.1.5", "The list has no members", ""},
		textVerfy:       {250, "2.1.5", "VERFY taken as VRFY, which is how RFC 5321 spells it", ""},

		textShutdown:      {421, "4.3.2", "%[1]s Service shutting down, closing transmission channel", ""},
		textTimeout:       {421, "4.4.2", "%[1]s Idle for too long, closing transmission channel", ""},
		textSessionTime:   {421, "4.4.2", "%[1]s The session has lasted too long, closing transmission channel", ""},
		textEndless:       {421, "4.7.0", "Far too much input, closing transmission channel", ""},
		textTooManyErrors: {421, "4.7.0", "%[1]s Too many errors, closing transmission channel", ""},
		textTooManyLogins: {421, "4.7.0", "%[1]s Too many failed log-ins, closing transmission channel", ""},
		textInternal:      {451, "4.3.0", "A fault inside this server; try again later", ""},
		textTooManyRcpt:   {452, "4.5.3", "Too many recipients; send the others in another message", ""},
		textNoTLSNow:      {454, "4.7.0", "TLS is not available now", ""},
		textLoginBusy:     {454, "4.7.0", "Temporary authentication failure; try again later", ""},

		textLongLine:     {500, "5.5.2", "Line too long", ""},
		textLongResponse: {500, "5.5.6", "Authentication exchange line is too long", ""},
		textBareCommand:  {500, "5.5.2", "A line ends in CR LF; a CR or LF alone is not allowed", ""},
		textTelnet:       {500, "5.5.2", "Telnet negotiation came before the command; send the command again, or set the connection type to Raw", ""},
		textClientHello:  {500, "5.5.2", "Invalid character: a TLS handshake? It begins after STARTTLS here", ""},
		textKeyword:      {500, "5.5.1", "%[1]s is an EHLO keyword, which tells that the server can do something; it is no command", ""},
		textPOP3:         {500, "5.5.1", "That is a command of POP3, and this is SMTP", ""},
		textHeaderField:  {500, "5.5.1", "That is a header field; it stands in the message, behind DATA and its 354 reply", ""},
		textLoneDot:      {500, "5.5.1", "A lone dot ends a message, and none was begun with DATA", ""},
		textDidYouMean:   {500, "5.5.1", "Command not recognized; did you mean %[1]s?", ""},
		textUnknown:      {500, "5.5.1", "Command not recognized; HELP lists those that are", ""},
		textNoInitial:    {501, "5.7.0", "The server begins in this mechanism; send no initial response", ""},
		textBadBase64:    {501, "5.5.2", "The response is not valid base64", ""},
		textBadResponse:  {501, "5.5.2", "The response is base64, but not of what this mechanism sends", ""},
		textBase64Hint:   {501, "5.5.2", "The name and the password travel in base64, never as they are: \"posta base64 TEXT\" writes it", ""}, // behind both, in the lab
		textCancelled:    {501, "5.7.0", "Authentication cancelled", ""},
		textNoServe:      {502, "5.5.1", "%[1]s is not served here", ""},

		textHelloFirst:      {503, "5.5.1", "Send HELO or EHLO first", sequence},
		textEhloFirst:       {503, "5.5.1", "Send EHLO first", sequence},
		textMailFirst:       {503, "5.5.1", "Send MAIL first", sequence},
		textRcptFirst:       {503, "5.5.1", "Send RCPT first", sequence},
		textRsetFirst:       {503, "5.5.1", "A BDAT failed; send RSET first", sequence},
		textNested:          {503, "5.5.1", "A message is begun already; RSET forgets it", sequence},
		textNoDataNow:       {503, "5.5.1", "DATA and BDAT cannot be mixed in one message", sequence},
		textNoRcptNow:       {503, "5.5.1", "Recipients come before the first BDAT", sequence},
		textTLSActive:       {503, "5.5.1", "TLS is active already", sequence},
		textLoggedInAlready: {503, "5.5.1", "Somebody is logged in already", sequence},
		textNoAuthNow:       {503, "5.5.1", "AUTH cannot stand inside a message; RSET forgets it", sequence},
		textNoAuthHere:      {503, "5.5.1", "AUTH is for submission, ports 465 and 587", sequence},
		textBehind:          {503, "5.5.0", "Sent too early; wait for the reply to the command before this one", sequence},
		textBehindData:      {503, "5.5.0", "Message text was sent before the 354 reply; send QUIT", sequence},
		textBehindTLS:       {503, "5.5.0", "Octets were sent behind STARTTLS, closing transmission channel", sequence},
		textShut:            {503, "5.5.1", "Nothing more is served on this connection; send QUIT", sequence},
		textMechanism:       {504, "5.5.4", "Mechanism not offered; EHLO lists those that are", ""},
		textNoTopic:         {504, "5.5.4", "No such command here; HELP lists them", ""},

		textAuthFirst:     {530, "5.7.0", "Authentication required", ""},
		textTLSFirst:      {530, "5.7.0", "Must issue a STARTTLS command first", ""},
		textWrongPassword: {535, "5.7.8", "Authentication credentials invalid", ""},
		textLoginNeedsTLS: {538, "5.7.11", "Encryption required for requested authentication mechanism", ""},
		textUTF8Sender:    {550, "5.6.7", "A non-ASCII address needs the SMTPUTF8 parameter of MAIL", ""},
		textUTF8Rcpt:      {553, "5.6.7", "A non-ASCII address needs the SMTPUTF8 parameter of MAIL", ""},
		textBareData:      {550, "5.5.2", "The message has a CR or LF alone; lines end in CR LF", ""},
		// Behind textBareData, in the lab (RFC 5321 §2.3.8).
		textBareHint:     {550, "5.5.2", "CR LF is two octets, 13 and 10; Enter sends them in PuTTY (connection type Raw or Telnet) and in telnet", ""},
		textBareSettings: {550, "5.5.2", "In PuTTY leave \"Return key sends Telnet New Line instead of ^M\" on; start nc as nc -C, s_client with -crlf", ""},
		textBareProgram:  {550, "5.5.2", "A program must write \\r\\n behind each line, and text that is pasted must have one kind of line end", ""},
		textTooBig:       {552, "5.3.4", "Message too big; at most %[1]d octets are accepted", ""},
		textNoRcpt:       {554, "5.5.1", "No valid recipients", ""},
		textNeedsEhlo:    {555, "5.5.4", "Parameters need EHLO instead of HELO", ""},

		// ETRN, in the words of RFC 1985 §5.1.
		textNodeQueuing:   {250, "2.0.0", "OK, queuing for node %[1]s started", ""},
		textNodeEmpty:     {251, "2.0.0", "OK, no messages waiting for node %[1]s", ""},
		textNodeStarted:   {252, "2.0.0", "OK, pending messages for node %[1]s started", ""},
		textNodeCounted:   {253, "2.0.0", "OK, %[1]d pending messages for node %[2]s started", ""},
		textNodeUnable:    {458, "4.3.0", "Unable to queue messages for node %[1]s", ""},
		textNodeTooSoon:   {458, "4.7.0", "Unable to queue messages for node %[1]s so soon again", ""},
		textNodeForbidden: {459, "4.7.1", "Node %[1]s not allowed: it is not known to be yours", ""},

		// ATRN and TURN (RFC 2645 §7).
		textTurning:    {250, "2.0.0", "OK, now reversing the connection", ""},
		textNotYours:   {450, "4.7.1", "Not all of these domains are yours; nothing is sent", ""},
		textTooSoon:    {450, "4.7.0", "Asked too often; try again later", ""},
		textNoFetchNow: {451, "4.3.0", "Unable to process the request now; try again later", ""},
		textNoMail:     {453, "4.2.0", "You have no mail", ""},
		textNoTurn:     {502, "5.7.1", "No turning for a host named %[1]s; with posta, site set --helo says for which", ""},
		textInMail:     {503, "5.5.1", "%[1]s cannot stand inside a message; RSET forgets it", sequence},
		textBehindTurn: {503, "5.5.0", "Octets were sent behind %[1]s, closing transmission channel", ""},
	}
}

// book is the table in the words of one persona.
type book [texts]smtp.Reply

func newBook(hmail bool) book {
	var b book
	for i, w := range wordings() {
		r := smtp.Reply{Code: w.code, Text: w.posta}
		if hmail && w.hmail != "" {
			r.Text = w.hmail
		}
		if w.status != "" {
			r.Status = mail.Refuse(w.code, w.status, "").Status
		}
		b[i] = r
	}
	return b
}

// text gives a reply that takes no values.
func (s *session) text(t text) smtp.Reply { return s.srv.book[t] }

// textf gives a reply with values put in.
func (s *session) textf(t text, values ...any) smtp.Reply {
	r := s.srv.book[t]
	r.Text = format(r.Text, values)
	return r
}

// format is fmt.Sprintf for a persona that leaves values out.
func format(f string, values []any) string {
	for i := range f {
		if f[i] == '%' {
			return fmt.Sprintf(f, values...)
		}
	}
	return f
}
