package admin

import (
	"errors"
	"testing"
)

// An empty name is refused whatever is asked: further down it is everything.
func TestEmptyNames(t *testing.T) {
	c := &carrierOf{found: 2}
	d := people(t)
	if _, err := d.Domain(t.Context(), "here.es"); err != nil {
		t.Fatal(err)
	}
	table := NewTable(House{Directory: d, Sender: c, Queue: &waitingRoom{}}, nil)
	for operation, requests := range map[string][]any{
		"queue.show":            {QueueID{}},
		"queue.list":            {QueuePick{Queue: []string{""}}},
		"queue.hold":            {QueuePick{Queue: []string{""}}, QueuePick{Queue: []string{"q1", ""}}},
		"queue.release":         {QueuePick{Queue: []string{""}}},
		"queue.retry":           {QueuePick{Queue: []string{""}}},
		"queue.delete":          {QueuePick{Queue: []string{""}}, QueuePick{Queue: []string{""}, All: true}},
		"queue.bounce":          {QueuePick{Queue: []string{"q1", ""}}},
		"route.add":             {RouteChange{Hosts: &[]string{"127.0.0.1"}}},
		"route.set":             {RouteChange{}},
		"route.show":            {RouteName{}},
		"route.remove":          {RouteName{}},
		"route.way":             {ByAddress{}},
		"route.test":            {ByAddress{}},
		"domain.show":           {DomainName{}},
		"domain.add":            {DomainChange{}},
		"domain.set":            {DomainChange{}},
		"domain.remove":         {DomainName{}, DomainName{Force: true}},
		"domain.recipients":     {RecipientsOf{}},
		"domain.recipients.set": {Recipients{Remove: []string{"ana"}}},
		"account.show":          {ByAddress{}},
		"account.add":           {AccountChange{}},
		"account.set":           {AccountChange{}},
		"account.remove":        {AccountName{Force: true}},
		"account.grant":         {Grant{Address: "ana@here.es"}, Grant{Account: "ana@here.es"}},
		"alias.add":             {Alias{Targets: []string{"ana@here.es"}}, Alias{Address: "x@here.es", Targets: []string{""}}},
		"alias.remove":          {ByAddress{}},
		"mailing-list.add":      {ListChange{}},
		"mailing-list.remove":   {ByAddress{}},
		"site.add":              {SiteChange{}},
		"site.set":              {SiteChange{}},
		"site.show":             {ByName{}},
		"site.secret":           {ByName{}},
		"site.remove":           {ByName{}},
		"site.queue.set":        {NamedQueue{Domains: []string{"a.es"}}, NamedQueue{Name: "uucp", Domains: []string{""}}},
		"site.queue.remove":     {ByName{}},
	} {
		for _, in := range requests {
			err := table.Call(t.Context(), operation, in, nil)
			var said *Error
			if !errors.As(err, &said) || said.Code != "invalid" || said.Said.ID != "admin.unnamed" {
				t.Errorf("%s %+v: %v", operation, in, err)
			}
		}
	}
	if len(c.picks) != 0 {
		t.Errorf("changed: %+v", c.picks)
	}
}
