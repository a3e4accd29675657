package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"posta/config"
	"posta/queue"
	"posta/sasl"
	"posta/smtp/smtpclient"
	"posta/smtp/smtpserver"
	"posta/wire"
)

// turned is what is known of connections that sites turn round.
type turned struct {
	tls    string    // as [outgoing] has it; "": where it is offered
	keyLog io.Writer // gets the keys of TLS in labs; may be nil

	mu    sync.Mutex
	clear map[string]time.Time // sites whose handshakes fail, and until when they are not tried
}

// clearFor is how long TLS is not tried again with a site whose handshake
// failed: on a connection that has turned there is no second try.
const clearFor = 24 * time.Hour

// Reverse implements smtpserver.Sites: it is a client of the site's server, which
// greets first. Where nothing waits it only takes leave (RFC 2645 §5.2.1).
func (s *sites) Reverse(ctx context.Context, t smtpserver.Turned, conn *wire.Conn) string {
	stop := context.AfterFunc(ctx, conn.Interrupt)
	defer stop()
	c := smtpclient.Over(conn, smtpclient.Options{Name: s.hostname})
	err := c.Greeting(ctx)
	if err == nil {
		err = c.Hello(ctx)
	}
	if err == nil {
		err = s.turned.secure(ctx, c, t)
	}
	to := queue.Turned{Site: t.Site, Addr: conn.Endpoints().Remote, TLS: conn.Secured(), Session: conn.ID(), OnDemand: true, Why: err}
	if _, failed := s.queue.Deliver(ctx, c, to, t.Domains); err == nil {
		err = failed
	} else if failed != nil && !errors.Is(failed, queue.ErrEnding) {
		s.report(fmt.Errorf("server: what waits for %s: %w", t.Site, failed))
	}
	var refusal *smtpclient.Refusal
	if c.Alive() && (err == nil || errors.As(err, &refusal) || errors.Is(err, queue.ErrEnding) || errors.As(err, &inClear{})) {
		_ = c.Quit(ctx)
		return "quit"
	}
	return queue.Ending(err)
}

// inClear is that mail would leave in clear text against the configuration.
type inClear struct{ error }

func (inClear) Error() string { return "server: the site offers no TLS, which [outgoing] tls requires" }

func (e inClear) Unwrap() error { return e.error }

// secure begins TLS on a connection that has none. Who the site is it has proved
// by its log-in, so its certificate proves nothing more and any will do. Who logged in by
// CRAM-MD5 passes on lines for that server, and a handshake would get lost.
func (t *turned) secure(ctx context.Context, c *smtpclient.Client, by smtpserver.Turned) error {
	must := t.tls == config.TLSRequired
	if _, secure := c.TLS(); secure || t.tls == config.TLSNone || !must && (t.inClear(by.Site) || by.Mechanism == sasl.CramMD5) {
		return nil
	}
	cfg := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10} // better than nothing, which is what follows
	if by.Lab {
		cfg.KeyLogWriter = t.keyLog
	}
	err := c.StartTLS(ctx, cfg)
	var refusal *smtpclient.Refusal
	switch _, secure := c.TLS(); {
	case err == nil || secure:
		return err
	case errors.Is(err, smtpclient.ErrNoTLS), errors.As(err, &refusal) && c.Alive():
		if must {
			return inClear{err}
		}
		return nil
	}
	t.failed(by.Site)
	return err
}

// inClear says that a site's last handshake failed not long ago.
func (t *turned) inClear(site string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Now().Before(t.clear[site])
}

func (t *turned) failed(site string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.clear == nil {
		t.clear = map[string]time.Time{}
	}
	t.clear[site] = time.Now().Add(clearFor)
}
