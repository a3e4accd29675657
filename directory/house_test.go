package directory_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"posta/directory"
	"posta/directory/directorytest"
	"posta/mail"
)

// fast is an Options that makes log-ins cheap.
func fast() directory.Options {
	return directory.Options{Cost: directory.Cost{Memory: 8, Time: 1, Iterations: 10}}
}

// village is a Directory over a store in memory.
type village struct {
	*testing.T
	*directory.Directory
	store directory.Store
}

func newVillage(t *testing.T, o directory.Options, domains ...string) *village {
	t.Helper()
	store := directorytest.New()
	d, err := directory.New(store, o)
	if err != nil {
		t.Fatal(err)
	}
	v := &village{t, d, store}
	for _, name := range domains {
		v.domain(directory.NewDomain(name))
	}
	return v
}

func (v *village) ctx() context.Context { return context.Background() }

func (v *village) must(err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
}

func (v *village) domain(d directory.Domain) {
	v.Helper()
	_, err := v.AddDomain(v.ctx(), d)
	v.must(err)
}

func (v *village) account(address string) directory.Account {
	v.Helper()
	a, err := v.AddAccount(v.ctx(), address, "secret of "+address, directory.AccountOptions{})
	v.must(err)
	return a
}

func (v *village) alias(address string, targets ...string) {
	v.Helper()
	_, err := v.AddAlias(v.ctx(), address, targets)
	v.must(err)
}

func (v *village) list(l directory.List, members ...string) directory.List {
	v.Helper()
	added, err := v.AddList(v.ctx(), l)
	v.must(err)
	_, err = v.AddMembers(v.ctx(), added.Address, members)
	v.must(err)
	return added
}

func (v *village) login(address string) mail.Login {
	v.Helper()
	a, err := v.Account(v.ctx(), address)
	v.must(err)
	return mail.Login{Account: a.ID, Address: a.Address}
}

func at(s string) mail.Address {
	local, domain, _ := strings.Cut(s, "@")
	return mail.Address{Local: local, Domain: domain}
}

// resolve gives what an address leads to in one line: "local pepe@a.es",
// "outside x@y.z", "unknown", "barred", "nonlocal", "large list@a.es".
func (v *village) resolve(to string) string {
	v.Helper()
	r, err := v.Resolve(v.ctx(), at(to), at("stranger@far.example"), mail.Login{})
	v.must(err)
	return show(r)
}

func show(r directory.Resolution) string {
	var out []string
	out = append(out, map[directory.Outcome]string{directory.Unknown: "unknown", directory.Local: "local",
		directory.NonLocal: "nonlocal", directory.Elsewhere: "elsewhere", directory.Barred: "barred"}[r.Outcome])
	for _, t := range r.Targets {
		out = append(out, t.Address)
	}
	for _, l := range r.Large {
		out = append(out, "large "+l.Address)
	}
	for _, o := range r.Outside {
		out = append(out, "outside "+o.Address)
		if o.Ask != "" {
			out = append(out, "ask "+o.Ask)
		}
	}
	for _, l := range r.Barred {
		if r.Outcome != directory.Barred {
			out = append(out, "barred "+l.Address)
		}
	}
	for _, t := range r.Instead {
		out = append(out, "instead "+t.Address)
	}
	return strings.Join(out, " ")
}

func (v *village) leads(want map[string]string) {
	v.Helper()
	for to, line := range want {
		if got := v.resolve(to); got != line {
			v.Errorf("%s leads to %q, want %q", to, got, line)
		}
		if got := v.resolve(to); got != line { // kept
			v.Errorf("%s leads to %q at the second time, want %q", to, got, line)
		}
	}
}

func kind(err error) error {
	for _, k := range []error{directory.ErrInvalid, directory.ErrUnfit, directory.ErrNotFound, directory.ErrExists, directory.ErrLimit, directory.ErrInUse} {
		if errors.Is(err, k) {
			return k
		}
	}
	return err
}
