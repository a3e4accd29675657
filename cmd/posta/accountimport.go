package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"posta/admin"
	"posta/config"
	"posta/directory"
	"posta/roster"
	"posta/words"
)

// The states of a line of an imported list.
const (
	importPlanned = "planned" // --dry-run: it would be made
	importAdded   = "added"
	importExists  = "exists" // already there, left as it is
	importUpdated = "updated"
	importFailed  = "failed"
)

// imported is what became of one person of the list.
type imported struct {
	Line     int    `json:"line"`
	Address  string `json:"address"`
	Name     string `json:"name,omitempty"`
	Password string `json:"password,omitempty"` // of an account that existed and keeps its own only where a lab remembers it
	Domain   string `json:"domain"`
	Quota    *int64 `json:"quota,omitempty"`
	State    string `json:"state"`
	Error    string `json:"error,omitempty"`
}

// importFlags are those of `account import`.
type importFlags struct {
	domain, csv, cards string
	dry, update        bool
}

func (a *app) accountImportCommand() *cobra.Command {
	f := &importFlags{}
	c := a.command("import", "help.account_import", func(ctx context.Context, args []string) error {
		return a.importAccounts(ctx, args[0], f)
	})
	flags := c.Flags()
	flags.StringVar(&f.domain, "domain", "", a.say("help.flag_import_domain", nil))
	flags.BoolVar(&f.dry, "dry-run", false, a.say("help.flag_dry_run", nil))
	flags.BoolVar(&f.update, "update", false, a.say("help.flag_import_update", nil))
	flags.StringVar(&f.csv, "csv", "", a.say("help.flag_import_csv", nil))
	flags.StringVar(&f.cards, "cards", "", a.say("help.flag_import_cards", nil))
	c.Long = a.say("help.account_import_long", nil)
	c.Example = "posta account import class.csv --dry-run\nposta account import class.csv --domain pepito.es\n" +
		"posta account import class.csv --csv accounts.csv --cards cards.html"
	return a.taking(c, 1, 1, "help.word_file")
}

func (a *app) importAccounts(ctx context.Context, file string, f *importFlags) error {
	text, err := a.readList(file)
	if err != nil {
		return err
	}
	list, err := roster.Read(text)
	if err != nil {
		return err
	}
	r, err := a.reach(ctx, !f.dry)
	switch {
	case f.dry && lacksStore(err):
		// Nothing is there yet: everything would be made.
		r = reached{Caller: emptyHouse{}, leave: func() error { return nil }}
	case err != nil:
		return err
	}
	i := &importer{app: a, importFlags: f, ops: r}
	err = i.run(ctx, list, file)
	return errors.Join(err, r.leave())
}

func lacksStore(err error) bool {
	var said *words.Error
	return errors.As(err, &said) && said.ID == "fail.no_store"
}

// emptyHouse has no domain and no account to tell of.
type emptyHouse struct{}

func (emptyHouse) Call(context.Context, string, any, any) error { return nil }

// readList reads the list, which may come by standard input, within its bound.
func (a *app) readList(file string) ([]byte, error) {
	in := a.In
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, words.FailOf(err, "fail.list_unreadable", words.Args{"File": file})
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, roster.MaxFile+1))
	if err != nil {
		return nil, words.FailOf(err, "fail.list_unreadable", words.Args{"File": file})
	}
	return text, nil
}

// importer is one import under way.
type importer struct {
	*app
	*importFlags
	ops    admin.Caller
	status admin.Status
	there  map[string]string // address → name of the accounts that there are
	served map[string]bool   // domains
}

func (i *importer) run(ctx context.Context, list roster.List, file string) error {
	if err := i.survey(ctx); err != nil {
		return err
	}
	people, err := roster.Complete(list, roster.Options{
		Domain:        i.domain,
		NewPassword:   func() (string, error) { return directory.NewPassword(nil) },
		CheckPassword: directory.CheckPassword,
		Taken: func(address, name string) bool {
			other, taken := i.there[address]
			return taken && !strings.EqualFold(other, name)
		},
	})
	if err != nil {
		return err
	}
	done := i.plan(people)
	if !i.dry {
		// The files are opened first: a password that was made and cannot be
		// written down is lost.
		out, err := i.open(file)
		if err != nil {
			return err
		}
		if err := i.addDomains(ctx, people); err != nil {
			out.discard()
			return err
		}
		i.addPeople(ctx, people, done)
		i.recall(ctx, done)
		if err := out.write(i, list, done); err != nil {
			return err
		}
		defer out.tell(i)
		if err := noteDown(i.status, made(people, done)); err != nil {
			return err
		}
	}
	if err := i.show(done); err != nil {
		return err
	}
	failures := 0
	for _, one := range done {
		if one.State == importFailed {
			failures++
		}
	}
	if failures > 0 {
		return words.Fail("fail.import", words.Args{"Count": failures})
	}
	return nil
}

// survey asks what there is: the usual domain, the domains, the accounts.
func (i *importer) survey(ctx context.Context) error {
	if err := i.ops.Call(ctx, "status", admin.None{}, &i.status); err != nil {
		return err
	}
	var domains []admin.Domain
	if err := i.ops.Call(ctx, "domain.list", admin.None{}, &domains); err != nil {
		return err
	}
	var accounts []admin.Account
	if err := i.ops.Call(ctx, "account.list", admin.ByDomain{}, &accounts); err != nil {
		return err
	}
	i.served, i.there = map[string]bool{}, map[string]string{}
	for _, d := range domains {
		i.served[d.Name] = true
	}
	for _, one := range accounts {
		i.there[one.Address] = one.Name
	}
	if i.domain == "" {
		i.domain = i.status.DefaultDomain
	}
	if i.domain == "" && len(domains) == 1 {
		i.domain = domains[0].Name
	}
	return nil
}

// plan says of each person what is going to happen.
func (i *importer) plan(people []roster.Person) []imported {
	out := make([]imported, len(people))
	for n, p := range people {
		out[n] = imported{Line: p.Line, Address: p.Address, Name: p.Name, Domain: p.Domain, Quota: p.Quota,
			Password: p.Password, State: importPlanned}
		if _, exists := i.there[p.Address]; !exists {
			continue
		}
		out[n].State = importExists
		if p.Made || !i.update {
			out[n].Password = "" // it keeps the one it has
		}
	}
	return out
}

// addDomains makes the domains that nobody serves yet.
func (i *importer) addDomains(ctx context.Context, people []roster.Person) error {
	for _, domain := range i.missing(people) {
		var refused *admin.Error
		err := i.ops.Call(ctx, "domain.add", admin.DomainChange{Name: domain}, nil)
		if err != nil && (!errors.As(err, &refused) || refused.Code != "exists") {
			return err
		}
	}
	return nil
}

// importers is how many accounts are made at once: hashing a password takes a
// core, and the server hashes for those who log in too.
const importers = 2

// addPeople makes the accounts. What fails for one does not stop the others.
func (i *importer) addPeople(ctx context.Context, people []roster.Person, done []imported) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range importers {
		wg.Go(func() {
			for n := range next {
				i.one(ctx, people[n], &done[n])
			}
		})
	}
	for n := range people {
		next <- n
	}
	close(next)
	wg.Wait()
}

// missing are the domains that nobody serves yet, in order.
func (i *importer) missing(people []roster.Person) []string {
	names := map[string]bool{}
	for _, p := range people {
		if domain := strings.ToLower(p.Domain); !i.served[domain] {
			names[domain] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// one makes or changes one account.
func (i *importer) one(ctx context.Context, p roster.Person, result *imported) {
	change := admin.AccountChange{Address: p.Address, Quota: p.Quota}
	if p.Name != "" {
		change.Name = &p.Name
	}
	if result.Password != "" {
		change.Password = &result.Password
	}
	operation, state := "account.add", importAdded
	if result.State == importExists {
		if !i.update {
			return
		}
		operation, state = "account.set", importUpdated
	}
	var made admin.Account
	if err := i.ops.Call(ctx, operation, change, &made); err != nil {
		result.State, result.Password, result.Error = importFailed, "", i.words.Error(err)
		return
	}
	result.State, result.Address = state, made.Address
}

// made are the passwords that posta made in this import.
func made(people []roster.Person, done []imported) map[string]string {
	out := map[string]string{}
	for n, p := range people {
		if p.Made && done[n].Password != "" && done[n].State != importExists {
			out[done[n].Address] = done[n].Password
		}
	}
	return out
}

// recall fills in the passwords of those who had an account already, where a
// lab made and remembers them: a class list with one more line is imported
// again, and cards are printed again.
func (i *importer) recall(ctx context.Context, done []imported) {
	if modeOf(i.status.Listeners) != config.ModeLab {
		return
	}
	known := recall(i.status.Data).Passwords
	for n := range done {
		one := &done[n]
		password := known[one.Address]
		if one.State != importExists && one.State != importUpdated || one.Password != "" || password == "" {
			continue
		}
		var fits admin.Verified
		err := i.ops.Call(ctx, "account.verify", admin.Login{Address: one.Address, Password: password}, &fits)
		if err == nil && fits.OK {
			one.Password = password
		}
	}
}

// show prints what was done, or would be.
func (i *importer) show(done []imported) error {
	return printAll(i.app, i.masked(done), lister(i.app, i.masked(done),
		[]string{"field.line", "field.address", "field.name", "field.password", "field.state"},
		func(one imported) []string {
			state := i.stateWord(one.State)
			if one.Error != "" {
				state += ": " + one.Error
			}
			return []string{strconv.Itoa(one.Line), one.Address, one.Name, one.Password, state}
		}))
}

// masked leaves out the passwords of a dry run: another run makes others.
func (i *importer) masked(done []imported) []imported {
	if !i.dry {
		return done
	}
	out := slices.Clone(done)
	for n := range out {
		out[n].Password = ""
	}
	return out
}

// columns is the result as the list's program reads it.
func (i *importer) columns(done []imported) [][]string {
	rows := [][]string{{i.say("field.address", nil), i.say("field.name", nil), i.say("field.password", nil),
		i.say("field.domain", nil), i.say("field.quota", nil), i.say("field.state", nil)}}
	for _, one := range done {
		quota := ""
		if one.Quota != nil {
			quota = config.Size(*one.Quota).String()
		}
		rows = append(rows, []string{one.Address, one.Name, one.Password, one.Domain, quota, i.stateWord(one.State)})
	}
	return rows
}

// stateWord is a state in the user's language.
func (i *importer) stateWord(state string) string {
	return i.say(map[string]string{
		importPlanned: "import.planned", importAdded: "import.added", importExists: "import.exists",
		importUpdated: "import.updated", importFailed: "import.failed",
	}[state], nil)
}
