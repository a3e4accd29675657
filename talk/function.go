package talk

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5" // RFC 1939 §7 and RFC 2195 want it
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"
)

// maxRepeat bounds what $repeat makes, in octets.
const maxRepeat = 1 << 20

// functions says how many arguments a function takes at most.
func functions(name string) (most int, ok bool) {
	switch name {
	case "base64", "scramnext":
		return 1, true
	case "apop", "repeat", "scram", "scramplus":
		return 2, true
	case "plain", "crammd5":
		return 3, true
	}
	return 0, false
}

// pure does the functions that need no connection.
func pure(name string, args []string) ([]byte, error) {
	switch {
	case name == "base64" && len(args) == 1:
		return b64([]byte(args[0])), nil
	case name == "plain" && len(args) == 2: // RFC 4616 §2
		return b64([]byte("\x00" + args[0] + "\x00" + args[1])), nil
	case name == "plain" && len(args) == 3:
		return b64([]byte(strings.Join(args, "\x00"))), nil
	case name == "apop" && len(args) == 2: // RFC 1939 §7: timestamp, secret
		sum := md5.Sum([]byte(args[0] + args[1]))
		return []byte(hex.EncodeToString(sum[:])), nil
	case name == "crammd5" && len(args) == 3: // RFC 2195 §2: user, secret, challenge
		challenge, err := base64.StdEncoding.DecodeString(args[2])
		if err != nil {
			return nil, fmt.Errorf("the challenge %q is no base64", args[2])
		}
		mac := hmac.New(md5.New, []byte(args[1]))
		mac.Write(challenge)
		return b64([]byte(args[0] + " " + hex.EncodeToString(mac.Sum(nil)))), nil
	case name == "repeat" && len(args) == 2:
		n, err := strconv.Atoi(args[1])
		if err != nil || n < 0 || n*len(args[0]) > maxRepeat {
			return nil, fmt.Errorf("%q times is no number, or too often", args[1])
		}
		return bytes.Repeat([]byte(args[0]), n), nil
	}
	return nil, fmt.Errorf("takes other arguments than these %d", len(args))
}

func b64(p []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(p)) }

// do does a function on a connection; SCRAM is an exchange and needs one.
func (p *peer) do(name string, args []string) ([]byte, error) {
	switch {
	case (name == "scram" || name == "scramplus") && len(args) == 2:
		return p.scramFirst(args[0], args[1], name == "scramplus")
	case name == "scramnext" && len(args) == 1:
		return p.scramNext(args[0])
	}
	return pure(name, args)
}

// scramFirst begins the client's side of SCRAM-SHA-256 (RFC 7677).
func (p *peer) scramFirst(user, password string, plus bool) ([]byte, error) {
	client, err := scram.SHA256.NewClient(user, password, "")
	if err != nil {
		return nil, err
	}
	p.scram = client.NewConversation()
	if plus {
		state, ok := p.state()
		if !ok {
			return nil, errors.New("needs TLS")
		}
		binding, err := scram.NewTLSExporterBinding(&state)
		if err != nil {
			return nil, err
		}
		p.scram = client.NewConversationWithChannelBinding(binding)
	}
	first, err := p.scram.Step("")
	return b64([]byte(first)), err
}

// state is that of TLS, if there is any.
func (p *peer) state() (tls.ConnectionState, bool) {
	switch nc := p.nc.(type) {
	case *tls.Conn:
		return nc.ConnectionState(), true
	case *Tap:
		return nc.TLS()
	}
	return tls.ConnectionState{}, false
}

// scramNext answers a challenge; the last is checked and answered with nothing.
func (p *peer) scramNext(challenge string) ([]byte, error) {
	if p.scram == nil {
		return nil, errors.New("no exchange was begun")
	}
	raw, err := base64.StdEncoding.DecodeString(challenge)
	if err != nil {
		return nil, err
	}
	answer, err := p.scram.Step(string(raw))
	if err != nil {
		return nil, err
	}
	return b64([]byte(answer)), nil
}
