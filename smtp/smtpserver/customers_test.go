package smtpserver

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"posta/mail"
	"posta/sasl"
	"posta/wire"
)

// customers are Sites for tests: north and south, each with the secret
// "geheim"; what lies in waiting waits, per domain.
type customers struct {
	none    bool
	waiting map[string]int64
	asked   []string
	turned  func(c *wire.Conn) string
}

func (c *customers) Any(context.Context) bool { return !c.none }

func (c *customers) Logins() sasl.Authenticator { return c }

func (c *customers) find(user, secret string) (sasl.Identity, error) {
	if user != "north" && user != "south" || secret != "geheim" {
		return sasl.Identity{}, sasl.ErrCredentials
	}
	return sasl.Identity{Site: user}, nil
}

func (c *customers) Password(_ context.Context, user, password string) (sasl.Identity, error) {
	return c.find(user, password)
}

func (c *customers) Verifier(_ context.Context, user string) (sasl.Identity, sasl.Verifier, error) {
	v, err := sasl.NewVerifier("geheim", []byte("salt"), 4096)
	id, _ := c.find(user, "geheim")
	return id, v, err
}

func (c *customers) Secret(_ context.Context, user string) (sasl.Identity, []byte, error) {
	id, err := c.find(user, "geheim")
	return id, []byte("geheim"), err
}

func (c *customers) Release(_ context.Context, by Caller, node string) (Released, error) {
	c.asked = append(c.asked, fmt.Sprintf("release %s %s %v", by.Site, node, by.Remote))
	switch node {
	case "soon.example":
		return Released{}, ErrTooSoon
	case "sent.example":
		return Released{Waiting: 5, Mail: []Sent{{"sent.example", []string{"gw.sent.example", "b"}, 3}, {"a.sent.example", nil, 2}}}, nil
	case "unreached.example":
		return Released{}, NoWay{node}
	case "broken.example":
		return Released{}, errors.New("secret disk error")
	case "#shared":
		return Released{Waiting: 9, Partly: true}, nil
	}
	n, ok := c.waiting[strings.TrimLeft(node, "@#")]
	if !ok {
		return Released{}, fmt.Errorf("of another: %w", ErrNotTheirs)
	}
	return Released{Waiting: n}, nil
}

func (c *customers) Fetch(_ context.Context, site string, domains []string) (all, waiting []string, err error) {
	c.asked = append(c.asked, "fetch "+site+" "+strings.Join(domains, ","))
	if len(domains) == 0 {
		for one := range c.waiting {
			domains = append(domains, one)
		}
		slices.Sort(domains)
	}
	for _, one := range domains {
		n, ok := c.waiting[one]
		switch {
		case one == "soon.example":
			return nil, nil, ErrTooSoon
		case one == "broken.example":
			return nil, nil, errors.New("secret disk error")
		case !ok:
			return nil, nil, ErrNotTheirs
		}
		if n > 0 {
			waiting = append(waiting, one)
		}
	}
	return domains, waiting, nil
}

func (c *customers) Turns(_ context.Context, site, helo string) (bool, error) {
	if helo == "broken.example" {
		return false, errors.New("secret")
	}
	return site == "north" && helo == "gw.north.example", nil
}

func (c *customers) Reverse(_ context.Context, t Turned, conn *wire.Conn) string {
	c.asked = append(c.asked, "reverse "+t.Site+" "+strings.Join(t.Domains, ","))
	if c.turned == nil {
		return ""
	}
	return c.turned(conn)
}

// polite is what a provider does at least: it hears the greeting, names itself
// and takes leave.
func polite(c *wire.Conn) string {
	for _, said := range []string{"EHLO mx.example\r\n", "QUIT\r\n", ""} {
		if _, err := c.Line(1000); err != nil {
			return err.Error()
		}
		c.Reply(said)
		if err := c.Flush(); err != nil {
			return err.Error()
		}
	}
	return "quit"
}

func shop() *customers {
	return &customers{waiting: map[string]int64{"north.example": 14, "empty.example": 0}, turned: polite}
}

func (c *customers) odmr(cfg *Config) {
	cfg.Service, cfg.Listener, cfg.Sites = mail.ODMR, "odmr", c
}

func (c *customers) mx(cfg *Config) { cfg.Sites = c }

// login answers the challenge of CRAM-MD5.
func (r *rig) login(user, secret string) {
	r.t.Helper()
	r.play("C: AUTH CRAM-MD5")
	text, ok := strings.CutPrefix(r.line(), "334 ")
	challenge, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil {
		r.t.Fatalf("%q %v", text, err)
	}
	mac := hmac.New(md5.New, []byte(secret))
	mac.Write(challenge)
	r.send(base64.StdEncoding.EncodeToString([]byte(user+" "+hex.EncodeToString(mac.Sum(nil)))) + "\r\n")
}

// visit plays a script after north has logged in.
func visit(t *testing.T, c *customers, change func(*Config), before, after string) *house {
	t.Helper()
	var h *house
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		r := start(t, change)
		h = r.h
		r.play(before)
		r.login("north", "geheim")
		r.play("S: 235 2.7.0 Authentication successful\n" + after)
		r.finish()
	})
	return h
}
