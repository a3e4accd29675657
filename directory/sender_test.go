package directory_test

import (
	"testing"

	"posta/directory"
	"posta/mail"
)

func (v *village) maySend(who mail.Login, address string, may bool, check directory.SenderCheck) {
	v.Helper()
	gotMay, gotCheck, err := v.MaySend(v.ctx(), who, at(address))
	v.must(err)
	if gotMay != may || !may && gotCheck != check {
		v.Errorf("%q as %q: %v %s, want %v %s", who.Address, address, gotMay, gotCheck, may, check)
	}
}

func (v *village) check(domain string, check directory.SenderCheck) {
	v.Helper()
	d, err := v.Domain(v.ctx(), domain)
	v.must(err)
	d.SenderCheck = check
	_, err = v.SetDomain(v.ctx(), d)
	v.must(err)
}

func TestGrants(t *testing.T) {
	v := newVillage(t, fast(), "a.es", "b.es")
	v.domain(directory.Domain{Name: "c.es", AliasOf: "a.es"})
	for _, address := range []string{"luis@a.es", "ana@a.es", "info@b.es", "info+own@b.es"} {
		v.account(address)
	}
	v.alias("sales@a.es", "ana@a.es", "luis@a.es")
	v.list(directory.List{Address: "all@a.es", Kind: directory.Public}, "ana@a.es")
	luis := v.login("luis@a.es")
	addresses := []string{"info@b.es", "INFO+x@b.es", "sales@c.es", "sales+x@a.es", "all@a.es"}
	for _, address := range addresses {
		v.maySend(luis, address, false, directory.Enforce)
	}
	for _, address := range []string{"info@b.es", "Sales@c.es", "all@A.es"} {
		_, err := v.Grant(v.ctx(), address, "luis")
		v.must(err)
	}
	for _, address := range addresses {
		v.maySend(luis, address, true, "")
		v.maySend(v.login("ana@a.es"), address, false, directory.Enforce)
	}
	// A plus leads to the address it was granted for, and to nobody else's.
	for _, address := range []string{"info+own@b.es", "all+x@a.es", "ana@a.es", "info@a.es", "", "x@far.example"} {
		v.maySend(luis, address, false, directory.Enforce)
	}
	got, err := v.Grants(v.ctx(), luis.Account)
	v.must(err)
	if len(got) != 3 || got[0] != "all@a.es" || got[1] != "sales@a.es" || got[2] != "info@b.es" {
		t.Errorf("grants %q", got)
	}
	_, err = v.Revoke(v.ctx(), "sales@a.es", "luis@a.es")
	v.must(err)
	v.maySend(luis, "sales@a.es", false, directory.Enforce)
	v.must(v.RemoveAlias(v.ctx(), "sales@a.es"))

	for _, tt := range []struct {
		address, account string
		kind             error
	}{
		{"nobody@a.es", "luis@a.es", directory.ErrNotFound},
		{"info@far.example", "luis@a.es", directory.ErrNotFound},
		{"info@b.es", "nobody@a.es", directory.ErrNotFound},
		{"info@b.es", "luis@a.es", directory.ErrExists},
		{"luis+x@a.es", "luis@a.es", directory.ErrNotFound},
		{"luis@a.es", "luis@a.es", directory.ErrUnfit},
		{"a b@", "luis@a.es", directory.ErrInvalid},
	} {
		if _, err := v.Grant(v.ctx(), tt.address, tt.account); kind(err) != tt.kind {
			t.Errorf("granting %s to %s: %v", tt.address, tt.account, err)
		}
	}
	if _, err := v.Revoke(v.ctx(), "ana@a.es", "luis@a.es"); kind(err) != directory.ErrNotFound {
		t.Errorf("revoking what was not granted: %v", err)
	}
}

// The stricter of both domains counts, so that a lax one cannot be used to
// write under the addresses of another.
func TestSenderCheck(t *testing.T) {
	v := newVillage(t, fast(), "a.es", "b.es")
	v.account("luis@a.es")
	v.account("ana@b.es")
	luis, nobody := v.login("luis@a.es"), mail.Login{}
	v.maySend(luis, "x@far.example", false, directory.Enforce)
	v.check("a.es", directory.LogOnly)
	v.maySend(luis, "x@far.example", false, directory.LogOnly)
	v.maySend(luis, "x@a.es", false, directory.LogOnly)
	v.maySend(luis, "ana@b.es", false, directory.Enforce)
	v.check("b.es", directory.Off)
	v.maySend(luis, "ana@b.es", false, directory.LogOnly)
	v.check("a.es", directory.Off)
	v.maySend(luis, "ana@b.es", false, directory.Off)
	v.maySend(luis, "", false, directory.Off)
	v.maySend(v.login("ana@b.es"), "x@far.example", false, directory.Off)

	// Where nobody logged in, somebody here must have the address.
	v.check("b.es", directory.LogOnly)
	v.maySend(nobody, "ana@b.es", true, "")
	v.maySend(nobody, "ana+x@B.es", true, "")
	v.maySend(nobody, "x@a.es", false, directory.Off)
	v.maySend(nobody, "x@b.es", false, directory.LogOnly)
	v.maySend(nobody, "x@far.example", false, directory.Enforce)
	v.maySend(nobody, "", false, directory.Enforce)

	d, err := v.Domain(v.ctx(), "a.es")
	v.must(err)
	d.SenderCheck = "maybe"
	if _, err := v.SetDomain(v.ctx(), d); kind(err) != directory.ErrInvalid {
		t.Errorf("an unknown check: %v", err)
	}
	d.SenderCheck = ""
	if d, err = v.SetDomain(v.ctx(), d); err != nil || d.SenderCheck != directory.Enforce {
		t.Errorf("no check: %q %v", d.SenderCheck, err)
	}
}
