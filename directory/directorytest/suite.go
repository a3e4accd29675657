// Package directorytest holds the suite that every directory.Store passes, and
// a Store in memory for the tests of other rooms. It knows no engine.
//
// Start reading at Run; the Store is New.
package directorytest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"posta/directory"
	"posta/sasl"
)

// Run holds a Store against its contract. open gives a new and empty one.
func Run(t *testing.T, open func(t *testing.T) directory.Store) {
	tests := []struct {
		name string
		run  func(*testing.T, *bench)
	}{
		{"domains", testDomains},
		{"removing a domain", testRemoveDomain},
		{"accounts", testAccounts},
		{"credentials", testCredentials},
		{"limits", testLimits},
		{"apop", testAPOP},
		{"grants", testGrants},
		{"aliases", testAliases},
		{"lists", testLists},
		{"members", testMembers},
		{"kinds of domain", testKinds},
		{"forwards", testForwards},
		{"recipients of a relay domain", testRecipients},
		{"routes", testRoutes},
		{"one address, one use", testTaken},
		{"ids are used once", testIDs},
		{"sites", testSites},
		{"sites of a domain that is gone", testUnbound},
		{"no site", testNoSite},
		{"named queues", testNamedQueues},
		{"settings", testSettings},
		{"nothing there", testNotFound},
		{"generation", testGeneration},
		{"odd names", testOddNames},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, &bench{T: t, Store: open(t)}) })
	}
}

// bench is a Store on trial, with short ways to fill it.
type bench struct {
	*testing.T
	directory.Store
}

func born() time.Time { return time.Date(2026, 11, 23, 4, 5, 6, 0, time.UTC) }

func (b *bench) ctx() context.Context { return b.Context() }

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) want(err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Errorf("error %v, want %v", err, want)
	}
}

func (b *bench) same(got, want any) {
	b.Helper()
	if !reflect.DeepEqual(got, want) {
		b.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func (b *bench) domain(name string) directory.Domain {
	b.Helper()
	d, err := b.AddDomain(b.ctx(), directory.Domain{Name: name, Plus: true, Created: born()})
	b.must(err)
	return d
}

func (b *bench) account(local, domain string) directory.Account {
	b.Helper()
	a, err := b.AddAccount(b.ctx(), newAccount(local, domain), credentials(1))
	b.must(err)
	return a
}

func newAccount(local, domain string) directory.Account {
	return directory.Account{Address: directory.Key(local) + "@" + domain, Local: local, Domain: domain,
		Name: "Name of " + local, Created: born()}
}

func credentials(n byte) directory.Credentials {
	return directory.Credentials{
		Hash: fmt.Sprintf("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$%d", n),
		SCRAM: sasl.Verifier{Salt: []byte{n, 0, 255}, Iterations: 100_000 + int(n),
			StoredKey: []byte{n, 1}, ServerKey: []byte{n, 2}},
	}
}

func addresses(as []directory.Account) []string {
	var out []string
	for _, a := range as {
		out = append(out, a.Address)
	}
	return out
}
