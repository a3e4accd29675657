package sign

import (
	"context"
	"crypto"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

// Config is what a Signer is made of. Store must be set.
type Config struct {
	Store Store
	Now   func() time.Time // nil: time.Now

	// TXT asks DNS; nil: nobody is asked, and keys become active only by hand.
	TXT    func(ctx context.Context, name string) ([]string, error)
	Rotate time.Duration // a key's age after which the next is made; 0: only by hand
	Tell   func(error)   // told what a person should do or know; nil: nobody
}

// Signer signs for the domains that have keys. Many goroutines may use it at once.
type Signer struct {
	cfg Config

	mu         sync.Mutex
	generation uint64
	ready      map[string][]ready // by domain, as of generation
}

// ready is an active key, read.
type ready struct {
	selector string
	signer   crypto.Signer
}

// New makes a Signer.
func New(cfg Config) *Signer {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Tell == nil {
		cfg.Tell = func(error) {}
	}
	return &Signer{cfg: cfg, ready: map[string][]ready{}}
}

// maxReady bounds the domains whose keys are held read.
const maxReady = 10_000

// keys gives the active keys of a domain.
func (s *Signer) keys(ctx context.Context, domain string) ([]ready, error) {
	now := s.cfg.Store.Generation()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation != now || len(s.ready) >= maxReady {
		clear(s.ready)
		s.generation = now
	}
	if have, ok := s.ready[domain]; ok {
		return have, nil
	}
	all, err := s.cfg.Store.SigningKeys(ctx, domain)
	if err != nil {
		return nil, fmt.Errorf("sign: keys of %s: %w", domain, err)
	}
	var have []ready
	for i := range all {
		if all[i].State != Active {
			continue
		}
		signer, err := all[i].signer()
		if err != nil {
			return nil, err
		}
		have = append(have, ready{all[i].Selector, signer})
	}
	s.ready[domain] = have
	return have, nil
}

// Signing is a message on its way to be signed. It belongs to one goroutine.
// One of Fields and Discard must come at the end.
type Signing struct {
	signers []*dkim.Signer
	err     error
}

// Begin begins a message from the domain; nil if it has no key. The message is
// written as it will be sent, dot-stuffing aside.
func (s *Signer) Begin(ctx context.Context, domain string) (*Signing, error) {
	keys, err := s.keys(ctx, domain)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	sg := &Signing{}
	for _, k := range keys {
		one, err := dkim.NewSigner(&dkim.SignOptions{Domain: domain, Selector: k.selector, Signer: k.signer,
			HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
			HeaderKeys: signed()})
		if err != nil {
			sg.Discard()
			return nil, fmt.Errorf("sign: %s: %w", domain, err)
		}
		sg.signers = append(sg.signers, one)
	}
	return sg, nil
}

// signed are the fields of RFC 6376 §5.4.1 that say whose the message is, when
// it was written, whom it is for and how it is read. From and what a reader
// sees stand once more than they may be there, so that nobody adds another
// (§8.15). Fields that lists add or change on the way are left out.
func signed() []string {
	return []string{"From", "From", "To", "To", "Cc", "Cc", "Subject", "Subject", "Date", "Date", "Message-ID", "Message-ID",
		"Reply-To", "Reply-To", "In-Reply-To", "References", "MIME-Version", "Content-Type", "Content-Type",
		"Content-Transfer-Encoding", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID"}
}

// Write takes the next octets of the message. It never fails: an error is kept
// for Fields, so that a message is not lost because it cannot be signed.
func (sg *Signing) Write(p []byte) (int, error) {
	if sg.err != nil {
		return len(p), nil
	}
	for _, one := range sg.signers {
		if _, err := one.Write(p); err != nil {
			sg.err = err
		}
	}
	return len(p), nil
}

// Fields gives the DKIM-Signature fields, each with its CRLF, to stand before
// the message.
func (sg *Signing) Fields() ([]byte, error) {
	var out []byte
	for _, one := range sg.signers {
		if err := one.Close(); err != nil && sg.err == nil {
			sg.err = err
		}
		if sg.err == nil {
			out = append(out, one.Signature()...)
		}
	}
	if sg.err != nil {
		return nil, fmt.Errorf("sign: %w", sg.err)
	}
	return out, nil
}

// Discard ends it without signatures.
func (sg *Signing) Discard() {
	for _, one := range sg.signers {
		_ = one.Close() // its goroutine ends; what it says of half a message is no news
	}
}

var _ io.Writer = (*Signing)(nil)
