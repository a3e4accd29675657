package directory_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"posta/directory"
	"posta/mail"
	"posta/words"
)

// refusal is one operation that must be refused in plain words.
type refusal struct {
	name string
	err  error
	kind error
	says string
}

func (v *village) refused(tests []refusal) {
	v.Helper()
	es, err := words.New("es")
	v.must(err)
	for _, tt := range tests {
		var r *directory.Refusal
		if kind(tt.err) != tt.kind || !errors.As(tt.err, &r) || !strings.Contains(tt.err.Error(), tt.says) {
			v.Errorf("%s: %v; want %v that says %q", tt.name, tt.err, tt.kind, tt.says)
		}
		if strings.Contains(fmt.Sprint(tt.err), "hunter2") {
			v.Errorf("%s: the error quotes a password", tt.name)
		}
		said := es.Error(tt.err)
		if said == tt.err.Error() || strings.HasPrefix(said, "directory.") || strings.HasPrefix(said, "mail.") {
			v.Errorf("%s: is not said in Spanish: %s", tt.name, said)
		}
		for _, text := range []string{said, tt.err.Error()} {
			if strings.Contains(text, "<no value>") || strings.ContainsAny(text, "\r\n\x00\u200b") {
				v.Errorf("%s: %q", tt.name, text)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestDomainOperations(t *testing.T) {
	v := newVillage(t, fast())
	if def, err := v.DefaultDomain(v.ctx()); def != "" || err != nil {
		t.Error(def, err)
	}
	_, early := v.AddAccount(v.ctx(), "pepe", "x", directory.AccountOptions{})
	d, err := v.AddDomain(v.ctx(), directory.NewDomain("ESPAÑA.example"))
	v.must(err)
	if d.Name != "xn--espaa-rta.example" || !d.Plus || d.Created.IsZero() {
		t.Errorf("%+v", d)
	}
	v.domain(directory.NewDomain("b.es"))
	v.domain(directory.Domain{Name: "alias.es", AliasOf: "B.es"})
	if def, err := v.DefaultDomain(v.ctx()); def != d.Name || err != nil {
		t.Error(def, err)
	}
	v.account("pepe@b.es")
	for domain, want := range map[string]bool{"España.example": true, "ALIAS.es": true, "c.es": false, "": false} {
		if got, err := v.Serves(v.ctx(), domain); got != want || err != nil {
			t.Errorf("Serves(%q) = %v, %v", domain, got, err)
		}
	}
	change := func(change func(*directory.Domain)) error {
		d, err := v.Domain(v.ctx(), "b.es")
		v.must(err)
		change(&d)
		_, err = v.SetDomain(v.ctx(), d)
		return err
	}
	v.refused([]refusal{
		{"too early", early, directory.ErrInvalid, "add one first"},
		{"again", second(v.AddDomain(v.ctx(), directory.NewDomain("españa.example"))), directory.ErrExists, "exists already"},
		{"no name", second(v.AddDomain(v.ctx(), directory.Domain{})), directory.ErrInvalid, "missing"},
		{"literal", second(v.AddDomain(v.ctx(), directory.NewDomain("[127.0.0.1]"))), directory.ErrInvalid, "example.net"},
		{"dots", second(v.AddDomain(v.ctx(), directory.NewDomain("a..b"))), directory.ErrInvalid, "dot"},
		{"IDNA", second(v.AddDomain(v.ctx(), directory.NewDomain("a\u0627b.example"))), directory.ErrInvalid, "IDNA"},
		{"limit", change(func(d *directory.Domain) { d.MaxBytes = -1 }), directory.ErrInvalid, "0 means no limit"},
		{"catch-all", change(func(d *directory.Domain) { d.CatchAll = "x@" }), directory.ErrInvalid, "domain is missing"},
		{"alias of itself", change(func(d *directory.Domain) { d.AliasOf = "B.es" }), directory.ErrInvalid, "itself"},
		{"alias of nothing", change(func(d *directory.Domain) { d.AliasOf = "c.es" }), directory.ErrNotFound, "add it first"},
		{"alias of an alias", second(v.AddDomain(v.ctx(), directory.Domain{Name: "d.es", AliasOf: "alias.es"})), directory.ErrUnfit, "b.es"},
		{"has an alias", change(func(d *directory.Domain) { d.AliasOf = "españa.example" }), directory.ErrUnfit, "has an alias"},
		{"not there", second(v.SetDomain(v.ctx(), directory.Domain{Name: "no.es"})), directory.ErrNotFound, "no.es"},
		{"remove nothing", v.RemoveDomain(v.ctx(), "no.es", true), directory.ErrNotFound, "no.es"},
		{"remove what has no name", v.RemoveDomain(v.ctx(), "", true), directory.ErrNotFound, ""},
		{"remove what has an alias", v.RemoveDomain(v.ctx(), "b.es", true), directory.ErrInUse, "alias.es first"},
	})
	v.must(change(func(d *directory.Domain) { d.CatchAll, d.MaxMessage = "Pepe", 9 }))
	got, err := v.Domain(v.ctx(), "B.ES")
	v.must(err)
	if got.CatchAll != "pepe@xn--espaa-rta.example" || got.MaxMessage != 9 {
		t.Errorf("%+v", got)
	}
	v.must(v.RemoveDomain(v.ctx(), "alias.es", false))
	v.refused([]refusal{
		{"people live there", v.RemoveDomain(v.ctx(), "b.es", false), directory.ErrInUse, "force"},
		{"alias with people", change(func(d *directory.Domain) { d.AliasOf = "españa.example" }), directory.ErrInUse, "has an account, alias or list"},
	})
	v.must(v.RemoveDomain(v.ctx(), "b.es", true))
	all, err := v.Domains(v.ctx())
	if err != nil || len(all) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestAccountOperations(t *testing.T) {
	v := newVillage(t, fast(), "a.es")
	v.domain(directory.Domain{Name: "two.es", MaxAccounts: 2})
	v.domain(directory.Domain{Name: "small.es", MaxBytes: 100})
	v.domain(directory.Domain{Name: "also.es", AliasOf: "a.es"})
	a, err := v.AddAccount(v.ctx(), "Pepe@Also.ES", "hunter2", directory.AccountOptions{Name: "Pepe Peña", Quota: 5})
	v.must(err)
	if a.Address != "pepe@a.es" || a.Local != "Pepe" || a.Domain != "a.es" || a.Created.IsZero() {
		t.Errorf("%+v", a)
	}
	for _, written := range []string{"pepe", "PEPE", "pepe@a.es", "pepe@also.es"} {
		if got, err := v.Account(v.ctx(), written); err != nil || got.ID != a.ID {
			t.Errorf("%s: %+v, %v", written, got, err)
		}
	}
	if got, err := v.AccountByID(v.ctx(), a.ID); err != nil || got.Address != a.Address {
		t.Errorf("%+v, %v", got, err)
	}
	v.account("a@two.es")
	v.account("b@two.es")
	v.alias("info@a.es", "pepe")
	add := func(address, password string, o directory.AccountOptions) error {
		return second(v.AddAccount(v.ctx(), address, password, o))
	}
	none := directory.AccountOptions{}
	v.refused([]refusal{
		{"taken", add("pepe", "hunter2", none), directory.ErrExists, "exists already"},
		{"an alias", add("info", "hunter2", none), directory.ErrExists, "an alias"},
		{"elsewhere", add("x@far.example", "hunter2", none), directory.ErrNotFound, "check its spelling"},
		{"quotes", add(`"a b"@a.es`, "hunter2", none), directory.ErrInvalid, "quotes"},
		{"space", add("a b@a.es", "hunter2", none), directory.ErrInvalid, "unquoted"},
		{"unseen", add("a\u200bb@a.es", "hunter2", none), directory.ErrInvalid, "seen"},
		{"empty password", add("x", "", none), directory.ErrInvalid, "empty"},
		{"long password", add("x", strings.Repeat("hunter2", 200), none), directory.ErrInvalid, "at most 1024"},
		{"line end", add("x", "hunter2\n", none), directory.ErrInvalid, "line end"},
		{"NUL", v.SetPassword(v.ctx(), "pepe", "hunter2\x00"), directory.ErrInvalid, "NUL"},
		{"grows", v.SetPassword(v.ctx(), "pepe", strings.Repeat("\ufdfa", 300)), directory.ErrInvalid, "one form"},
		{"name", add("x", "hunter2", directory.AccountOptions{Name: "a\r\nb"}), directory.ErrInvalid, "full name"},
		{"long name", add("x", "hunter2", directory.AccountOptions{Name: strings.Repeat("x", 201)}), directory.ErrInvalid, "200"},
		{"quota", add("x", "hunter2", directory.AccountOptions{Quota: -1}), directory.ErrInvalid, "0 means no limit"},
		{"full", add("c@two.es", "hunter2", none), directory.ErrLimit, "may have 2 accounts"},
		{"no quota", add("c@small.es", "hunter2", none), directory.ErrLimit, "needs a quota"},
		{"nobody's password", v.SetPassword(v.ctx(), "nobody", "hunter2"), directory.ErrNotFound, "no account nobody@a.es"},
		{"nobody", second(v.SetAccount(v.ctx(), "nobody", none)), directory.ErrNotFound, "nobody@a.es"},
		{"nobody goes", v.RemoveAccount(v.ctx(), "nobody"), directory.ErrNotFound, "nobody@a.es"},
		{"nobody's secret", v.SetAPOP(v.ctx(), "nobody", "hunter2"), directory.ErrNotFound, "nobody@a.es"},
		{"bad secret", v.SetAPOP(v.ctx(), "pepe", "hunter2\r"), directory.ErrInvalid, "line end"},
		{"no such domain", second(v.Accounts(v.ctx(), "far.example")), directory.ErrNotFound, "no domain far.example"},
	})
	changed, err := v.SetAccount(v.ctx(), "pepe", directory.AccountOptions{Name: "New", Quota: 6, Disabled: true})
	v.must(err)
	got, err := v.Account(v.ctx(), "pepe")
	if err != nil || got != changed || got.Name != "New" || got.Quota != 6 || !got.Disabled {
		t.Errorf("%+v, %v", got, err)
	}
	all, err := v.Accounts(v.ctx(), "TWO.es")
	if err != nil || len(all) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestAliasOperations(t *testing.T) {
	v := newVillage(t, fast(), "a.es")
	v.account("pepe@a.es")
	a, err := v.AddAlias(v.ctx(), "Info", []string{"PEPE", "Bob@Far.Example", "pepe@a.es"})
	v.must(err)
	if a.Address != "info@a.es" || !slices.Equal(a.Targets, []string{"pepe@a.es", "Bob@far.example"}) {
		t.Errorf("%+v", a)
	}
	v.alias("b", "info")
	add := func(address string, targets ...string) error {
		return second(v.AddAlias(v.ctx(), address, targets))
	}
	v.refused([]refusal{
		{"taken", add("pepe", "b"), directory.ErrExists, "taken"},
		{"again", add("INFO", "pepe"), directory.ErrExists, "taken"},
		{"no targets", add("x"), directory.ErrInvalid, "0 targets"},
		{"malformed", add("x", "a@@b"), directory.ErrInvalid, "a@@b"},
		{"itself", add("x", "X@a.es"), directory.ErrUnfit, "back to itself"},
		{"a circle", second(v.SetAlias(v.ctx(), "info", []string{"pepe", "b"})), directory.ErrUnfit, "back to itself"},
		{"elsewhere", add("x@far.example", "pepe"), directory.ErrNotFound, "far.example"},
		{"not there", second(v.SetAlias(v.ctx(), "no", []string{"pepe"})), directory.ErrNotFound, "no alias no@a.es"},
		{"an account", v.RemoveAlias(v.ctx(), "pepe"), directory.ErrNotFound, "no alias pepe@a.es"},
	})
	_, err = v.SetAlias(v.ctx(), "info", []string{"x@y.example"})
	v.must(err)
	all, err := v.Aliases(v.ctx(), "a.es")
	if err != nil || len(all) != 2 || !slices.Equal(all[1].Targets, []string{"x@y.example"}) {
		t.Errorf("%+v, %v", all, err)
	}
	v.must(v.RemoveAlias(v.ctx(), "info@A.es"))
}

func TestListOperations(t *testing.T) {
	v := newVillage(t, fast(), "a.es")
	v.domain(directory.Domain{Name: "also.es", AliasOf: "a.es"})
	v.account("pepe@a.es")
	l := v.list(directory.List{Address: "Class", Owner: "PEPE", Name: "The class"}, "pepe", "Pepe@also.es", "Bob@far.example")
	if l.Address != "class@a.es" || l.Kind != directory.Members || l.Owner != "pepe@a.es" {
		t.Errorf("%+v", l)
	}
	members, err := v.Members(v.ctx(), "class", 0, 10)
	if err != nil || len(members) != 2 || members[0].Address != "pepe@a.es" || members[1].Address != "Bob@far.example" {
		t.Errorf("%+v, %v", members, err)
	}
	rest, err := v.Members(v.ctx(), "class", members[0].ID, 10)
	if err != nil || len(rest) != 1 {
		t.Errorf("%+v, %v", rest, err)
	}
	v.refused([]refusal{
		{"taken", second(v.AddList(v.ctx(), directory.List{Address: "pepe"})), directory.ErrExists, "taken"},
		{"kind", second(v.AddList(v.ctx(), directory.List{Address: "x", Kind: "secret"})), directory.ErrInvalid, "announcement"},
		{"owner", second(v.AddList(v.ctx(), directory.List{Address: "x", Kind: directory.Announcement})), directory.ErrInvalid, "owner"},
		{"bad owner", second(v.SetList(v.ctx(), directory.List{Address: "class", Owner: "@"})), directory.ErrInvalid, "before the @"},
		{"not there", second(v.SetList(v.ctx(), directory.List{Address: "no"})), directory.ErrNotFound, "no mailing list no@a.es"},
		{"remove", v.RemoveList(v.ctx(), "no"), directory.ErrNotFound, "no@a.es"},
		{"member", second(v.AddMembers(v.ctx(), "class", []string{"ok@a.es", "bad@"})), directory.ErrInvalid, "bad@"},
		{"itself", second(v.AddMembers(v.ctx(), "class", []string{"class@also.es"})), directory.ErrInvalid, "own member"},
		{"too many", second(v.AddMembers(v.ctx(), "class", make([]string, directory.MaxMembers))), directory.ErrLimit, "100000"},
		{"members of nothing", second(v.Members(v.ctx(), "no", 0, 1)), directory.ErrNotFound, "no@a.es"},
	})
	n, absent, err := v.RemoveMembers(v.ctx(), "class", []string{"PEPE@also.es", "nobody"})
	if n != 1 || err != nil || !slices.Equal(absent, []string{"nobody@a.es"}) {
		t.Error(n, absent, err)
	}
	set, err := v.SetList(v.ctx(), directory.List{Address: "class@also.es", Kind: directory.Public})
	v.must(err)
	got, err := v.List(v.ctx(), "class")
	if err != nil || got != set || got.Members != 1 || got.Owner != "" {
		t.Errorf("%+v, %v; want %+v", got, err, set)
	}
	if byID, err := v.ListByID(v.ctx(), l.ID); err != nil || byID != got {
		t.Errorf("%+v, %v", byID, err)
	}
	v.must(v.RemoveList(v.ctx(), "class"))
	if all, err := v.Lists(v.ctx(), ""); err != nil || len(all) != 0 {
		t.Error(all, err)
	}
}

func TestNewPassword(t *testing.T) {
	form := regexp.MustCompile(`^[b-df-hjkmnp-tv-z][aeiu][b-df-hjkmnp-tv-z][aeiu]-[2-9]{4}$`)
	seen := map[string]bool{}
	for range 100 {
		p, err := directory.NewPassword(nil)
		if err != nil || !form.MatchString(p) || directory.CheckPassword(p) != nil {
			t.Fatalf("%q, %v", p, err)
		}
		seen[p] = true
	}
	if len(seen) < 95 {
		t.Errorf("only %d different passwords of 100", len(seen))
	}
	if _, err := directory.NewPassword(bytes.NewReader([]byte{1, 2, 3})); err == nil {
		t.Error("made a password of too little chance")
	}
}

func TestVerify(t *testing.T) {
	v := newVillage(t, fast(), "a.es", "b.es")
	caught, err := v.Domain(v.ctx(), "a.es")
	v.must(err)
	for address, full := range map[string]string{"pepe@a.es": "José Peña", "pepe@b.es": "José García", "ana@b.es": "Ana Peña",
		"luz@b.es": "", "zoe@b.es": "Zoe"} {
		_, err := v.AddAccount(v.ctx(), address, "x", directory.AccountOptions{Name: full})
		v.must(err)
	}
	v.alias("info@a.es", "ana@b.es")
	list := v.list(directory.List{Address: "class@a.es", Kind: directory.Public, Name: "The Class"}, "pepe@a.es", "luz@b.es", "x@far.example")
	caught.CatchAll = "zoe@b.es"
	_, err = v.SetDomain(v.ctx(), caught)
	v.must(err)
	for who, want := range map[string]string{
		"pepe": "José Peña <pepe@a.es>", "PEPE": "José Peña <pepe@a.es>", "<Pepe@B.es>": "José García <pepe@b.es>",
		"pepe@b.es": "José García <pepe@b.es>", "ana": "Ana Peña <ana@b.es>", "ana peña": "Ana Peña <ana@b.es>",
		"garcía": "José García <pepe@b.es>", " zoe ": "Zoe <zoe@b.es>", "luz": " <luz@b.es>", "info": " <info@a.es>",
		"pepe+x": " <pepe+x@a.es>", "nobody+x": "not found", "+x": "not found",
		"class": "The Class <class@a.es>", "pepe+x@a.es": " <pepe+x@a.es>", "any@a.es": " <any@a.es>",
		"postmaster": " <postmaster@a.es>",
		"nobody":     "not found", "nobody@b.es": "not found", "x@far.example": "not found", "ñ@@": "not found",
		"": "invalid", strings.Repeat("x", 1000): "invalid",
		"josé": "ambiguous pepe@a.es pepe@b.es", "Peña": "ambiguous pepe@a.es ana@b.es",
	} {
		got, err := v.Verify(v.ctx(), who)
		line := got.Name + " <" + got.Address.String() + ">"
		var several *directory.Ambiguous
		switch {
		case errors.As(err, &several):
			line = "ambiguous"
			for _, m := range several.Matches {
				line += " " + m.Address.String()
			}
		case kind(err) == directory.ErrNotFound:
			line = "not found"
		case kind(err) == directory.ErrInvalid:
			line = "invalid"
		case err != nil:
			t.Error(err)
		}
		if line != want {
			t.Errorf("Verify(%.40q): %s, want %s", who, line, want)
		}
	}
	shown, err := v.Listing(v.ctx(), list, 2)
	v.must(err)
	if len(shown) != 2 || shown[0] != (mail.Verified{Name: "José Peña", Address: at("pepe@a.es")}) || shown[1].Name != "" {
		t.Errorf("%+v", shown)
	}
	for login, want := range map[string]bool{"pepe@a.es": true, "ana@b.es": false} {
		if got, err := v.IsMember(v.ctx(), list, v.login(login)); got != want || err != nil {
			t.Errorf("%s is a member: %v, %v", login, got, err)
		}
	}
}
