package sasl

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"
)

// Client is the client's side of one exchange.
type Client interface {
	// Mechanism is the name that AUTH sends.
	Mechanism() string
	// Start gives the initial response; nil where the server speaks first
	// (then it comes out of the first Next).
	Start() (initial []byte, err error)
	// Next answers a challenge. With an error the exchange must be cancelled
	// ("*", RFC 4954 §4).
	Next(challenge []byte) (response []byte, err error)
	// Finish is asked when the server reports success. It errs if the server
	// has not proved that it knows the account (RFC 5802 §3): then it is not
	// the server it claims to be, or it skipped its part.
	Finish() error
}

// Wish is what a client logs in with.
type Wish struct {
	User, Password string
	ActAs          string               // authorization identity; "" is the user
	TLS            *tls.ConnectionState // nil on clear text
	Offered        []string             // what the server listed, for RFC 5802 §6
}

// NewClient starts an exchange of the mechanism, or gives ErrMechanism.
func NewClient(mechanism string, w Wish) (Client, error) {
	if strings.ContainsRune(w.User+w.ActAs+w.Password, 0) {
		return nil, errors.New("sasl: a user name or password with a NUL cannot be sent")
	}
	switch strings.ToUpper(mechanism) {
	case Plain:
		return &plainClient{w}, nil
	case LoginName:
		if w.ActAs != "" {
			return nil, errors.New("sasl: LOGIN has no way to act as another")
		}
		return &loginClient{wish: w}, nil
	case ScramSHA256:
		return newScramClient(w, false)
	case ScramPlus256:
		return newScramClient(w, true)
	case CramMD5:
		return newCramClient(w)
	}
	return nil, ErrMechanism
}

type plainClient struct{ wish Wish }

func (c *plainClient) Mechanism() string { return Plain }
func (c *plainClient) Finish() error     { return nil }

func (c *plainClient) Start() ([]byte, error) {
	return []byte(c.wish.ActAs + "\x00" + c.wish.User + "\x00" + c.wish.Password), nil
}

func (c *plainClient) Next([]byte) ([]byte, error) {
	return nil, errors.New("sasl: PLAIN has no second challenge")
}

// loginClient answers the first challenge with the name and the second with
// the password, whatever they say: servers write "Username:", "User Name\0"
// and worse.
type loginClient struct {
	wish Wish
	step int
}

func (c *loginClient) Mechanism() string      { return LoginName }
func (c *loginClient) Start() ([]byte, error) { return nil, nil }

func (c *loginClient) Next([]byte) ([]byte, error) {
	c.step++
	switch c.step {
	case 1:
		return []byte(c.wish.User), nil
	case 2:
		return []byte(c.wish.Password), nil
	}
	return nil, errors.New("sasl: LOGIN has no third challenge")
}

func (c *loginClient) Finish() error {
	if c.step < 2 {
		return errors.New("sasl: the server reported success before it had asked for the password")
	}
	return nil
}

// maxIterations bounds the work that a server may ask of a client.
const maxIterations = 10_000_000

type scramClient struct {
	name string
	talk *scram.ClientConversation
	step int
}

func newScramClient(w Wish, plus bool) (*scramClient, error) {
	user, err := PrepareName(w.User)
	if err != nil {
		return nil, fmt.Errorf("sasl: %w", err)
	}
	c, err := scram.SHA256.NewClientUnprepped(user, PreparePassword(w.Password), w.ActAs)
	if err != nil {
		return nil, fmt.Errorf("sasl: scram: %w", err)
	}
	return bindScram(c, w, plus)
}

// bindScram says what the client knows of channel bindings: "p" with PLUS, "y"
// if it could but the server did not list PLUS, so that a server whose list
// was cut on the way notices (RFC 5802 §6), else "n".
func bindScram(c *scram.Client, w Wish, plus bool) (*scramClient, error) {
	cb, ok := exporter(w.TLS)
	switch {
	case plus && !ok:
		return nil, fmt.Errorf("%w: this connection has no channel binding", ErrMechanism)
	case plus:
		return &scramClient{name: ScramPlus256, talk: c.NewConversationWithChannelBinding(cb)}, nil
	case ok && !offers(w.Offered, ScramPlus256):
		return &scramClient{name: ScramSHA256, talk: c.NewConversationAdvertisingChannelBinding()}, nil
	}
	return &scramClient{name: ScramSHA256, talk: c.NewConversation()}, nil
}

func (c *scramClient) Mechanism() string { return c.name }

func (c *scramClient) Start() ([]byte, error) {
	out, err := c.talk.Step("")
	if err != nil {
		return nil, fmt.Errorf("sasl: scram: %w", err)
	}
	return []byte(out), nil
}

func (c *scramClient) Next(challenge []byte) ([]byte, error) {
	c.step++
	message := string(challenge)
	if len(message) > MaxMessage {
		return nil, errors.New("sasl: scram: the server's message is too long")
	}
	if c.step == 1 && !affordable(message) {
		return nil, fmt.Errorf("sasl: scram: the server asks for more than %d iterations", maxIterations)
	}
	out, err := c.talk.Step(message)
	if err != nil {
		return nil, fmt.Errorf("sasl: scram: %w", err)
	}
	return []byte(out), nil
}

// affordable reads the i= of a server-first-message.
func affordable(message string) bool {
	for field := range strings.SplitSeq(message, ",") {
		if n, ok := strings.CutPrefix(field, "i="); ok {
			i, err := strconv.Atoi(n)
			return err == nil && i <= maxIterations
		}
	}
	return true // no count at all: the conversation refuses it
}

func (c *scramClient) Finish() error {
	if !c.talk.Valid() {
		return errors.New("sasl: scram: the server did not prove that it knows the account")
	}
	return nil
}
