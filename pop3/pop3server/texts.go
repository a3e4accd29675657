package pop3server

// texts are the words of the answers that a persona may change. Clients look
// at +OK, -ERR and the response code only (RFC 1939 §9).
type texts struct {
	greeting   string
	lab        string // behind it on a lab listener
	sink       string // behind it where anybody logs in
	name       string // USER accepted
	locked     string // logged in; "" counts the messages
	credential string // wrong name or password
	deleted    string // DELE accepted
	none       string // no such message
	bye        string // QUIT
}

// speak gives a persona's words.
func speak(persona string) texts {
	if persona == "hmailserver" {
		return texts{
			greeting:   "POP3",
			name:       "Send your password",
			locked:     "Mailbox locked and ready",
			credential: "Invalid user name or password.",
			deleted:    "msg deleted",
			none:       "No such message",
			bye:        "POP3 server saying goodbye...",
		}
	}
	return texts{
		greeting:   "posta POP3 server ready",
		lab:        " (lab: for teaching, passwords may cross in clear)",
		sink:       " (sink: any name, any password)",
		name:       "Now the password, please",
		credential: "Wrong user name or password",
		deleted:    "Marked as deleted; QUIT makes it final",
		none:       "No such message",
		bye:        "Bye",
	}
}
