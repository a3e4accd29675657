package admin

import (
	"cmp"
	"context"
	"errors"
	"time"

	"posta/dns"
	"posta/sign"
	"posta/words"
)

// DNSRecord is a record that a domain should publish.
type DNSRecord struct {
	Name   string       `json:"name"`
	Type   string       `json:"type"`
	Value  string       `json:"value"`
	Zone   string       `json:"zone"` // the line of a zone file
	Why    string       `json:"why"`
	Said   *words.Error `json:"said,omitempty"` // Why, for every language
	Needed bool         `json:"needed"`         // without it mail does not come or is not believed

	Until time.Time `json:"until,omitzero"` // of an old key: when the record may go

	Address string       `json:"address,omitempty"` // of a PTR: whose name it is
	State   string       `json:"state,omitempty"`   // of one that was looked up: right, missing, different, unknown
	Found   []string     `json:"found,omitempty"`   // what stands in its place
	Wrong   *words.Error `json:"wrong,omitempty"`   // what is wrong with that, or why it is not known
}

// DNSWish names a domain whose records are wanted.
type DNSWish struct {
	Name    string   `json:"name"`
	Host    string   `json:"host,omitempty"`    // the server's name there; "": as it is configured
	Check   bool     `json:"check,omitempty"`   // they are looked up, too
	Servers []string `json:"servers,omitempty"` // that are asked; none: those of the configuration
}

// SigningKey is a DKIM key as it may be shown.
type SigningKey struct {
	Selector  string    `json:"selector"`
	Algorithm string    `json:"algorithm"`
	State     string    `json:"state"` // next, active, old
	Created   time.Time `json:"created"`
	Changed   time.Time `json:"changed"`
	Name      string    `json:"name"`   // of its record
	Record    string    `json:"record"` // what is published there
}

// publishing is what domains tell the world in DNS.
func (h House) publishing() []Operation {
	if h.Signer == nil {
		return nil
	}
	keys := func(name string, change func(context.Context, string) ([]sign.Key, error)) Operation {
		return op(name, name != "domain.keys", func(ctx context.Context, in DomainName) ([]SigningKey, error) {
			d, err := h.Directory.Domain(ctx, in.Name)
			if err != nil {
				return nil, err
			}
			all, err := change(ctx, d.Name)
			if err != nil {
				return nil, keyRefusal(err, d.Name)
			}
			return showKeys(all)
		})
	}
	return []Operation{
		op("domain.dns", true, h.domainDNS),
		keys("domain.keys", h.Signer.Keys),
		keys("domain.key.rotate", h.Signer.Prepare),
		keys("domain.key.activate", h.Signer.Activate),
	}
}

// domainDNS gives what the domain should publish; a domain without keys gets
// its first ones.
func (h House) domainDNS(ctx context.Context, in DNSWish) ([]DNSRecord, error) {
	d, err := h.Directory.Domain(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	keys, err := h.Signer.Ensure(ctx, d.Name)
	if err != nil {
		return nil, err
	}
	site, now := h.Site(), time.Now()
	site.Host = cmp.Or(in.Host, site.Host)
	if !in.Check {
		all, err := sign.Records(d.Name, site, keys, now)
		return each(all, showRecord), err
	}
	if len(in.Servers) == 0 {
		in.Servers = h.Resolvers
	}
	// It remembers nothing from before: what was published a moment ago counts.
	resolver, err := dns.New(dns.Options{Servers: in.Servers})
	if err != nil {
		return nil, err
	}
	l := lookup{resolver, &site}
	l.addresses(ctx)
	all, err := sign.Records(d.Name, site, keys, now)
	if err != nil {
		return nil, err
	}
	return l.all(ctx, all), ctx.Err()
}

func showRecord(r sign.Record) DNSRecord {
	out := DNSRecord{Name: r.Name, Type: r.Type, Value: r.Value, Zone: r.Zone(), Why: r.Why.Error(), Said: r.Why, Needed: r.Needs, Until: r.Until}
	if r.Addr.IsValid() {
		out.Address = r.Addr.String()
	}
	return out
}

func keyRefusal(err error, domain string) error {
	switch {
	case errors.Is(err, sign.ErrNext):
		return refusal("exists", "admin.next_key", "Domain", domain)
	case errors.Is(err, sign.ErrNoNext):
		return refusal("not_found", "admin.no_next_key", "Domain", domain)
	}
	return err
}

func showKeys(all []sign.Key) ([]SigningKey, error) {
	out := make([]SigningKey, 0, len(all))
	for i := range all {
		k := &all[i]
		record, err := k.Record()
		if err != nil {
			return nil, err
		}
		out = append(out, SigningKey{Selector: k.Selector, Algorithm: string(k.Algorithm), State: string(k.State),
			Created: k.Created.UTC(), Changed: k.Changed.UTC(), Name: k.Name(), Record: record})
	}
	return out, nil
}
