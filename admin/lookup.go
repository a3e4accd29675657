package admin

import (
	"context"
	"errors"
	"sync"

	"posta/dns"
	"posta/queue"
	"posta/sign"
	"posta/words"
)

// lookup holds records against what DNS says.
type lookup struct {
	resolver *dns.Resolver
	site     *sign.Site
}

const (
	mostQuestions = 8  // at a time
	mostFound     = 20 // records of a name that are shown
)

// addresses takes for the server's addresses what DNS says, where the machine
// has no public ones of its own: it is behind a router.
func (l *lookup) addresses(ctx context.Context) {
	if len(l.site.Addrs) > 0 {
		return
	}
	if found, err := l.resolver.Addrs(ctx, l.site.Host); err == nil {
		l.site.Addrs = found
	}
}

// all looks every record up. Where the server's addresses are not known, not
// even to DNS, that is missing.
func (l *lookup) all(ctx context.Context, records []sign.Record) []DNSRecord {
	if len(l.site.Addrs) == 0 {
		records = append(records, sign.Record{Name: l.site.Host, Type: "A", Why: words.Fail("sign.why_addr", nil), Needs: true})
	}
	out := each(records, showRecord)
	var asked sync.WaitGroup
	turns := make(chan struct{}, mostQuestions)
	for i := range records {
		turns <- struct{}{}
		asked.Go(func() {
			l.one(ctx, &records[i], &out[i])
			<-turns
		})
	}
	asked.Wait()
	return out
}

func (l *lookup) one(ctx context.Context, r *sign.Record, out *DNSRecord) {
	values, err := l.resolver.Values(ctx, r.Name, r.Type)
	var no *dns.Error
	switch {
	case err == nil, errors.Is(err, dns.ErrNoDomain), errors.Is(err, dns.ErrNoData):
	case errors.As(err, &no) && no.Reason != "":
		out.State, out.Wrong = string(sign.Unknown), words.Fail("sign.no_answer", words.Args{"Reason": queue.Unanswered(no)})
		return
	default:
		out.State, out.Wrong = string(sign.Unknown), words.Fail("sign.no_name", words.Args{"Name": r.Name})
		return
	}
	found, wrong := l.site.Judge(r, values)
	rivals := r.Rivals(values)
	out.State, out.Found, out.Wrong = string(found), rivals[:min(len(rivals), mostFound)], wrong
}
