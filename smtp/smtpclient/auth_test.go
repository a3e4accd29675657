package smtpclient

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// What AUTH carries is base64, or "=" where it is empty; what would make the line
// too long is sent when it is asked for.
//
// rfc: 4954-4-1, 4954-4-8, 4954-4-9
func TestInitialResponse(t *testing.T) {
	for in, want := range map[string]string{"": "=", "\x00u\x00p": "AHUAcA=="} {
		if got := initialResponse([]byte(in)); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	if got := initialResponse(nil); got != "" {
		t.Errorf("without one: %q", got)
	}
	for _, n := range []int{365, 370, 371, 372, 373, 374, 375, 376, 500} {
		password := strings.Repeat("p", n)
		response := base64.StdEncoding.EncodeToString([]byte("\x00u\x00" + password))
		line := "AUTH PLAIN " + response
		script := "C: " + line + "\nS: 235 in"
		if len(line)+2 > maxCommand {
			script = "C: AUTH PLAIN\nS: 334 \nC: " + response + "\nS: 235 in"
		}
		err := against(t, "S: 220 x\nC: EHLO me.example\nS: 250-x\nS: 250 AUTH PLAIN\n"+script, Options{}, func(ctx context.Context, c *Client) error {
			return errors.Join(c.Hello(ctx), c.Auth(ctx, Login{User: "u", Password: password}))
		})
		if err != nil {
			t.Errorf("%d: %v", n, err)
		}
	}
}

// A challenge that is no base64 ends the exchange, wherever it comes; another may
// begin then.
//
// rfc: 4954-4-13, 4954-4-14, 4954-4-26
func TestChallengeIsBase64(t *testing.T) {
	long := strings.Repeat("p", 500)
	for _, challenge := range []string{"??", "=AAA", "AAA=BBBB", "VXNl cm5hbWU6", "VXNlcm5hbWU6 "} {
		for mechanism, password := range map[string]string{"LOGIN": "p", "PLAIN": long} {
			script := "S: 220 x\nC: EHLO me.example\nS: 250-x\nS: 250 AUTH LOGIN PLAIN\nC: AUTH " + mechanism + "\nS: 334 " + challenge +
				"\nC: *\nS: 501 5.7.0 cancelled\nC: AUTH PLAIN AHUAcA==\nS: 239 in\nC: QUIT\nS: 221 bye\nclosed"
			err := against(t, script, Options{}, func(ctx context.Context, c *Client) error {
				err := c.Hello(ctx)
				var refused *Refusal
				if e := c.Auth(ctx, Login{User: "u", Password: password, Mechanism: mechanism}); e == nil || errors.As(e, &refused) || !c.Alive() {
					t.Errorf("%q, %s: %v", challenge, mechanism, e)
				}
				return errors.Join(err, c.Auth(ctx, Login{User: "u", Password: "p", Mechanism: "plain"}), c.Quit(ctx))
			})
			if err != nil {
				t.Errorf("%q, %s: %v", challenge, mechanism, err)
			}
		}
	}
}
