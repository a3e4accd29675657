package directory_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"posta/directory"
	"posta/mail"
	"posta/sasl"
)

func TestPassword(t *testing.T) {
	v := newVillage(t, fast(), "pepito.es", "grupo1.net")
	v.domain(directory.Domain{Name: "also.net", AliasOf: "grupo1.net"})
	add := func(address, password string, o directory.AccountOptions) {
		_, err := v.AddAccount(v.ctx(), address, password, o)
		v.must(err)
	}
	add("pepe@pepito.es", "contraseña", directory.AccountOptions{})
	add("pepe@grupo1.net", "other", directory.AccountOptions{})
	add("ana@grupo1.net", "raw\xe9", directory.AccountOptions{})
	add("off@pepito.es", "x", directory.AccountOptions{Disabled: true})
	add("apop@pepito.es", "x", directory.AccountOptions{})
	v.must(v.SetAPOP(v.ctx(), "apop", "tanstaaf"))
	v.alias("info@pepito.es", "pepe@pepito.es")
	for _, tt := range []struct{ user, password, want string }{
		{"pepe", "contraseña", "pepe@pepito.es"},
		{"PEPE", "contrasen\u0303a", "pepe@pepito.es"},
		{"pepe@pepito.es", "contraseña", "pepe@pepito.es"},
		{"Pepe@Grupo1.NET", "other", "pepe@grupo1.net"},
		{"pepe@also.net", "other", "pepe@grupo1.net"},
		{"ana@grupo1.net", "raw\xe9", "ana@grupo1.net"},
		{"ana", "raw\xe9", ""}, // not at the default domain
		{"pepe", "other", ""},
		{"pepe", "", ""},
		{"pepe", "contraseña ", ""},
		{"pepe", strings.Repeat("x", 5000), ""},
		{"pepe+x", "contraseña", ""},
		{"info", "contraseña", ""},
		{"nobody", "x", ""},
		{"pepe@far.example", "contraseña", ""},
		{"", "x", ""}, {"@", "x", ""}, {"@pepito.es", "x", ""}, {"pepe@", "contraseña", ""}, {"\xff\x00", "x", ""},
		{strings.Repeat("p", 5000), "x", ""},
		{"off", "x", ""},
		{"apop", "x", ""}, {"apop", "tanstaaf", ""},
	} {
		for range 2 {
			id, err := v.Password(v.ctx(), tt.user, tt.password)
			if id.Address != tt.want || (tt.want == "") != (err == sasl.ErrCredentials) || (id.Account == 0) != (tt.want == "") {
				t.Errorf("%.40q with %.20q: %+v, %v", tt.user, tt.password, id, err)
			}
		}
	}
}

// What is remembered of a log-in dies with the password, and when the account
// is disabled, marked for APOP or removed.
func TestPasswordChange(t *testing.T) {
	v := newVillage(t, fast(), "pepito.es")
	tries := func(password string, want bool) {
		t.Helper()
		if _, err := v.Password(v.ctx(), "pepe", password); (err == nil) != want {
			t.Errorf("log-in with %q: %v", password, err)
		}
	}
	_, err := v.AddAccount(v.ctx(), "pepe", "old", directory.AccountOptions{})
	v.must(err)
	tries("old", true)
	tries("old", true)
	v.must(v.SetPassword(v.ctx(), "pepe", "new"))
	tries("old", false)
	tries("new", true)
	_, err = v.SetAccount(v.ctx(), "pepe", directory.AccountOptions{Disabled: true})
	v.must(err)
	tries("new", false)
	_, err = v.SetAccount(v.ctx(), "pepe", directory.AccountOptions{})
	v.must(err)
	tries("new", true)
	v.must(v.SetAPOP(v.ctx(), "pepe", "secret"))
	tries("new", false)
	v.must(v.SetAPOP(v.ctx(), "pepe", ""))
	tries("new", true)
	v.must(v.RemoveAccount(v.ctx(), "pepe"))
	tries("new", false)
	_, err = v.AddAccount(v.ctx(), "pepe", "third", directory.AccountOptions{})
	v.must(err)
	tries("new", false)
}

// counting counts how often the hash was read.
type counting struct {
	directory.Store
	reads int
}

func (c *counting) Credentials(ctx context.Context, id int64) (directory.Credentials, error) {
	c.reads++
	return c.Store.Credentials(ctx, id)
}

// Only successes are remembered, for ten minutes from the hash on.
func TestRemembered(t *testing.T) {
	v := newVillage(t, fast(), "pepito.es")
	v.account("pepe@pepito.es")
	store := &counting{Store: v.store}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	o := fast()
	o.Now = func() time.Time { return now }
	d, err := directory.New(store, o)
	v.must(err)
	try := func(password string, wantReads int) {
		t.Helper()
		d.Password(v.ctx(), "pepe", password)
		if store.reads != wantReads {
			t.Errorf("the hash was read %d times, want %d", store.reads, wantReads)
		}
	}
	const right = "secret of pepe@pepito.es"
	try("wrong", 1)
	try("wrong", 2)
	try(right, 3)
	now = now.Add(5 * time.Minute)
	try(right, 3)
	try("wrong", 4)
	now = now.Add(5*time.Minute - time.Second)
	try(right, 4)
	now = now.Add(time.Second)
	try(right, 5)
}

func TestScramKeys(t *testing.T) {
	o := directory.Options{Cost: directory.Cost{Memory: 8, Time: 1}} // SCRAM's cost as in service
	v := newVillage(t, o, "pepito.es")
	_, err := v.AddAccount(v.ctx(), "pepe", "contrasen\u0303a", directory.AccountOptions{})
	v.must(err)
	login := func(user, password string) (sasl.Identity, error) {
		c, err := sasl.NewClient(sasl.ScramSHA256, sasl.Wish{User: user, Password: password})
		v.must(err)
		s, err := sasl.NewServer(sasl.ScramSHA256, v.Directory, nil)
		v.must(err)
		response, err := c.Start()
		v.must(err)
		for {
			challenge, done, err := s.Next(v.ctx(), response)
			if done || err != nil {
				return s.Identity(), err
			}
			response, err = c.Next(challenge)
			v.must(err)
		}
	}
	if id, err := login("Pepe@pepito.es", "contraseña"); err != nil || id.Address != "pepe@pepito.es" {
		t.Errorf("%+v, %v", id, err)
	}
	if id, err := login("pepe", "x"); !errors.Is(err, sasl.ErrCredentials) || id.Account != 0 {
		t.Errorf("%+v, %v", id, err)
	}
	if _, k, err := v.Verifier(v.ctx(), "pepe"); err != nil || k.Iterations < 100_000 || len(k.Salt) != 16 {
		t.Errorf("%+v, %v", k, err)
	}
}

// Nobody's SCRAM answer looks like somebody's and never changes.
func TestFakes(t *testing.T) {
	v := newVillage(t, fast(), "pepito.es")
	v.account("pepe@pepito.es")
	v.account("off@pepito.es")
	ask := func(user string) sasl.Verifier {
		t.Helper()
		id, k, err := v.Verifier(v.ctx(), user)
		v.must(err)
		if id.Account != 0 && strings.HasPrefix(user, "nobody") {
			t.Errorf("%s is %+v", user, id)
		}
		return k
	}
	real, nobody := ask("pepe"), ask("nobody")
	if len(nobody.Salt) != len(real.Salt) || nobody.Iterations != real.Iterations ||
		len(nobody.StoredKey) != len(real.StoredKey) || len(nobody.ServerKey) != len(real.ServerKey) {
		t.Errorf("nobody's keys %+v do not look like somebody's %+v", nobody, real)
	}
	for _, same := range []string{"nobody", "NoBody", "nobody@pepito.es", "nobody@PEPITO.es"} {
		if !bytes.Equal(ask(same).Salt, nobody.Salt) {
			t.Errorf("the salt of %s differs", same)
		}
	}
	if bytes.Equal(ask("nobody2").Salt, nobody.Salt) {
		t.Error("two names have one salt")
	}
	before := ask("off")
	id, shown, err := v.Verifier(v.ctx(), "off@pepito.es")
	v.must(err)
	_, err = v.SetAccount(v.ctx(), "off", directory.AccountOptions{Disabled: true})
	v.must(err)
	id, locked, err := v.Verifier(v.ctx(), "off")
	v.must(err)
	if id.Account != 0 || !bytes.Equal(locked.Salt, shown.Salt) || !bytes.Equal(locked.Salt, before.Salt) ||
		bytes.Equal(locked.StoredKey, shown.StoredKey) {
		t.Errorf("disabled: %+v, %+v; before %+v", id, locked, shown)
	}
	again, err := directory.New(v.store, fast()) // a restart
	v.must(err)
	if _, k, _ := again.Verifier(v.ctx(), "nobody"); !bytes.Equal(k.Salt, nobody.Salt) {
		t.Error("the false salt changed with a restart")
	}
	elsewhere := newVillage(t, fast(), "pepito.es")
	if _, k, _ := elsewhere.Verifier(v.ctx(), "nobody"); bytes.Equal(k.Salt, nobody.Salt) {
		t.Error("the false salt can be known from the name alone")
	}
}

// Who is not there costs as much work as who is: the memory that argon2id takes
// is the measure.
func TestEqualWork(t *testing.T) {
	o := fast()
	o.Cost.Memory = 8 << 10
	v := newVillage(t, o, "pepito.es")
	for _, address := range []string{"pepe@pepito.es", "off@pepito.es", "apop@pepito.es"} {
		v.account(address)
	}
	_, err := v.SetAccount(v.ctx(), "off", directory.AccountOptions{Disabled: true})
	v.must(err)
	v.must(v.SetAPOP(v.ctx(), "apop", "tanstaaf"))
	for _, user := range []string{"pepe", "nobody", "nobody@far.example", "@", strings.Repeat("n", 5000), "off", "apop"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := v.Password(v.ctx(), user, "wrong"); err != sasl.ErrCredentials {
			t.Errorf("%.20q: %v", user, err)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took < 8<<20 {
			t.Errorf("%.20q: %d octets were taken, less than a hash does", user, took)
		}
	}
}

func TestSecret(t *testing.T) {
	v := newVillage(t, fast(), "pepito.es")
	a := v.account("pepe@pepito.es")
	if has, err := v.HasAPOP(v.ctx()); has || err != nil {
		t.Error(has, err)
	}
	if _, _, err := v.Secret(v.ctx(), "pepe"); err != sasl.ErrCredentials {
		t.Error(err)
	}
	v.must(v.SetAPOP(v.ctx(), "pepe", "tanstaaf"))
	id, secret, err := v.Secret(v.ctx(), "Pepe")
	if err != nil || id.Account != a.ID || string(secret) != "tanstaaf" {
		t.Errorf("%+v, %q, %v", id, secret, err)
	}
	if has, err := v.HasAPOP(v.ctx()); !has || err != nil {
		t.Error(has, err)
	}
	if id, _, err := v.Verifier(v.ctx(), "pepe"); id.Account != 0 || err != nil {
		t.Errorf("an account marked for APOP may use SCRAM: %+v, %v", id, err)
	}
	_, err = v.SetAccount(v.ctx(), "pepe", directory.AccountOptions{Disabled: true})
	v.must(err)
	for _, user := range []string{"pepe", "nobody", "x@far.example"} {
		if _, _, err := v.Secret(v.ctx(), user); err != sasl.ErrCredentials {
			t.Error(user, err)
		}
	}
}

func TestStoreFails(t *testing.T) {
	v := newVillage(t, fast(), "pepito.es")
	v.account("pepe@pepito.es")
	broken := &failing{Store: v.store}
	d, err := directory.New(broken, fast())
	v.must(err)
	broken.fail = true
	if _, err := d.Resolve(v.ctx(), at("pepe@pepito.es"), mail.Address{}, mail.Login{}); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	if _, err := d.Password(v.ctx(), "pepe@pepito.es", "x"); !errors.Is(err, errDisk) || errors.Is(err, sasl.ErrCredentials) {
		t.Error(err)
	}
	if _, _, err := d.Verifier(v.ctx(), "pepe@pepito.es"); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	broken.fail = false // failures are not kept
	if r, err := d.Resolve(v.ctx(), at("pepe@pepito.es"), mail.Address{}, mail.Login{}); err != nil || r.Outcome != directory.Local {
		t.Error(r, err)
	}
}

var errDisk = errors.New("disk")

type failing struct {
	directory.Store
	fail bool
}

func (f *failing) Account(ctx context.Context, local, domain string) (directory.Account, error) {
	if f.fail {
		return directory.Account{}, errDisk
	}
	return f.Store.Account(ctx, local, domain)
}

func BenchmarkRememberedLogin(b *testing.B) {
	v := newVillage(&testing.T{}, directory.Options{}, "pepito.es")
	v.account("pepe@pepito.es")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Password(v.ctx(), "pepe", "secret of pepe@pepito.es"); err != nil {
			b.Fatal(err)
		}
	}
}
