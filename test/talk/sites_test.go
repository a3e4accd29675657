package talk_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"posta/directory"
	"posta/queue"
	"posta/server"
	"posta/store"
)

// nowhere is a way on which nothing leaves: it waits until a site comes.
type nowhere struct{}

func (nowhere) Route(context.Context, string) (queue.Route, error) {
	return queue.Route{OnDemand: true, Closed: true}, nil
}

// furnishSites makes the sites, the queues that have names, and what waits.
func (h *host) furnishSites(ctx context.Context) error {
	if len(h.fixture.Sites) == 0 {
		return nil
	}
	rows := h.db.Directory()
	for _, s := range h.fixture.Sites {
		site := directory.Site{Name: s.Name, Domains: s.Domains, Helo: s.Helo}
		for _, n := range s.Networks {
			p, err := netip.ParsePrefix(n)
			if err != nil {
				return err
			}
			site.Networks = append(site.Networks, p)
		}
		site, _, err := h.people.AddSite(ctx, site)
		if err != nil {
			return err
		}
		if err := rows.SetSiteSecret(ctx, site.ID, []byte(s.Secret)); err != nil {
			return err
		}
	}
	for _, d := range h.fixture.Domains {
		if d.OnDemand == "" {
			continue
		}
		had, err := h.people.Domain(ctx, d.Name)
		if err != nil {
			return err
		}
		had.Kind, had.Site, had.AnyRecipient = directory.KindOnDemand, d.OnDemand, true
		if _, err := h.people.SetDomain(ctx, had); err != nil {
			return err
		}
	}
	for _, q := range h.fixture.Queues {
		if _, err := h.people.SetNamedQueue(ctx, q.Name, q.Domains); err != nil {
			return err
		}
	}
	for i, w := range h.fixture.Waits {
		if err := h.wait(ctx, fmt.Sprint("waits", i), w.Address, w.Content); err != nil {
			return err
		}
	}
	h.queue = queue.New(queue.Config{Store: h.db.Queue(), Routes: nowhere{}, Hostname: h.fixture.Host})
	h.sites = server.Sites(h.people, h.db.Queue(), h.queue, h.fixture.Host, func(error) {})
	return nil
}

// wait puts a message into the queue, until somebody asks for it.
func (h *host) wait(ctx context.Context, id, to string, content []byte) error {
	draft := h.db.Draft(int64(len(content)))
	if _, err := draft.Write(content); err != nil {
		return err
	}
	now := time.Now()
	_, domain, _ := strings.Cut(to, "@")
	return h.db.File(ctx, store.Filing{ID: id, From: "a@far.example", Draft: draft, Received: now, Out: []store.Outgoing{{
		Queue: id, From: "a@far.example", Sender: "far.example", Received: now,
		Rcpts: []store.Rcpt{{To: to, Domain: domain, Due: store.Never(), Expires: now.Add(30 * 24 * time.Hour)}},
	}}})
}
