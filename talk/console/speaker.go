package console

// awaited is what the client sends next.
type awaited uint8

const (
	aCommand awaited = iota
	anAnswer         // to a challenge
	theData          // lines up to a dot
	aChunk           // BDAT's octets
)

// heard is what a line of the server's means.
type heard struct {
	first     bool   // it begins a response
	done      bool   // the response is complete
	stray     bool   // it answers nothing
	expect    string // of a whole response, as a transcript expects it
	tls       bool   // the handshake comes next
	bye       bool   // the server takes leave
	turned    bool   // the sides change behind it: the server asks from there on
	asks      bool   // they have: it asks something
	leaves    bool   // and that is QUIT
	challenge []byte // base64 of a challenge; not nil where there is one
}

// speaker follows one protocol. It decides nothing: the person does.
type speaker interface {
	sent(line []byte)               // a command or an answer went out
	data(n int64, done bool)        // octets of the message went out
	hear(line []byte) heard         // a line came in
	next() (what awaited, n int64)  // of the client
	legal() []string                // the commands that fit now
	options(line string) []string   // what may stand behind what is typed so far
	secret(line string) (at int)    // where in a command a secret begins; -1: there is none
	known(line string) bool         // it begins with a command of the protocol
	secured()                       // TLS is up
	mechanism(line string) string   // that an AUTH command names
	mechanisms() []string           // that the server offers
	hello(name string) []string     // what comes before STARTTLS
	startTLS() (line, after string) // the command, and what is said behind it
}
