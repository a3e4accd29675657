package directorytest

import (
	"testing"

	"posta/directory"
)

func testGrants(t *testing.T, b *bench) {
	b.domain("pepito.es")
	b.domain("b.es")
	luis, ana, info := b.account("luis", "pepito.es"), b.account("ana", "pepito.es"), b.account("info", "b.es")
	alias, err := b.AddAlias(b.ctx(), directory.Alias{Address: "ventas@pepito.es", Targets: []string{"ana@pepito.es"}})
	b.must(err)
	list, err := b.AddList(b.ctx(), directory.List{Address: "clase@pepito.es", Kind: directory.Public})
	b.must(err)
	grants := func(a directory.Account, want ...string) {
		t.Helper()
		got, err := b.Grants(b.ctx(), a.ID)
		b.must(err)
		b.same(append([]string{}, got...), append([]string{}, want...))
	}
	grants(luis)
	before := b.Generation()
	for _, address := range []string{"ventas@pepito.es", "info@b.es", "clase@pepito.es"} {
		b.must(b.AddGrant(b.ctx(), luis.ID, address))
		b.must(b.AddGrant(b.ctx(), ana.ID, address))
	}
	if b.Generation() == before {
		t.Error("a grant left the generation as it was")
	}
	grants(luis, "info@b.es", "clase@pepito.es", "ventas@pepito.es")
	b.want(b.AddGrant(b.ctx(), luis.ID, "info@b.es"), directory.ErrExists)
	b.want(b.AddGrant(b.ctx(), luis.ID, "nadie@b.es"), directory.ErrNotFound)
	b.want(b.AddGrant(b.ctx(), 1<<40, "info@b.es"), directory.ErrNotFound)

	b.must(b.RemoveGrant(b.ctx(), luis.ID, "ventas@pepito.es"))
	b.want(b.RemoveGrant(b.ctx(), luis.ID, "ventas@pepito.es"), directory.ErrNotFound)
	grants(luis, "info@b.es", "clase@pepito.es")
	grants(ana, "info@b.es", "clase@pepito.es", "ventas@pepito.es")

	// Whoever has the address next starts without them.
	b.must(b.RemoveAlias(b.ctx(), alias.ID))
	b.must(b.RemoveList(b.ctx(), list.ID))
	grants(ana, "info@b.es")
	b.must(b.RemoveAccount(b.ctx(), info.ID))
	grants(ana)
	grants(luis)
	b.account("ventas", "pepito.es")
	b.must(b.AddGrant(b.ctx(), luis.ID, "ventas@pepito.es"))
	b.must(b.AddGrant(b.ctx(), luis.ID, "ana@pepito.es"))
	b.must(b.RemoveAccount(b.ctx(), luis.ID))
	grants(luis)
	b.must(b.RemoveDomain(b.ctx(), "pepito.es", true))
	grants(ana)
}
