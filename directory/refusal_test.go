package directory_test

import (
	"errors"
	"testing"

	"posta/directory"
	"posta/words"
)

// Each kind of Refusal is said whole in both languages.
func TestRefusalInEachLanguage(t *testing.T) {
	v := newVillage(t, fast(), "pepito.es")
	v.account("pepe@pepito.es")
	broken := &failing{Store: v.store}
	d, err := directory.New(broken, fast())
	v.must(err)
	broken.fail = true
	es, err := words.New("es")
	v.must(err)
	for _, tt := range []struct {
		err    error
		kind   error
		en, es string
	}{
		{second(v.Account(v.ctx(), "nadie")), directory.ErrNotFound,
			"there is no account nadie@pepito.es", "no hay ninguna cuenta nadie@pepito.es"},
		{second(v.AccountByID(v.ctx(), 77)), directory.ErrNotFound,
			"there is no account of the number 77", "no hay ninguna cuenta con el número 77"},
		{second(v.ListByID(v.ctx(), 78)), directory.ErrNotFound,
			"there is no mailing list of the number 78", "no hay ninguna lista de correo con el número 78"},
		{second(v.AddAlias(v.ctx(), "pepe", []string{"x@y.z"})), directory.ErrExists,
			"alias pepe@pepito.es exists already, or its address is taken by an account, an alias or a list",
			"el alias pepe@pepito.es ya existe, o su dirección la ocupa una cuenta, un alias o una lista"},
		{second(v.AddAlias(v.ctx(), "info", []string{"a\x1bb@c.d"})), directory.ErrInvalid,
			`"a\x1bb@c.d" is no address: address "a\x1bb@c.d" has "\x1b", which a local part may not hold unquoted`,
			`«a\x1bb@c.d» no es una dirección: la dirección «a\x1bb@c.d» tiene «\x1b», que sin comillas no puede ir delante de la @`},
		{second(v.AddDomain(v.ctx(), directory.NewDomain(""))), directory.ErrInvalid,
			"the domain is missing; write name@example.net", "falta el dominio; escriba nombre@example.net"},
		{second(v.AddDomain(v.ctx(), directory.NewDomain("pepito.es"))), directory.ErrExists,
			"domain pepito.es exists already", "el dominio pepito.es ya existe"},
		{second(v.Verify(v.ctx(), "")), directory.ErrInvalid,
			"name whom you look for: a user name, an address or part of a full name",
			"diga a quién busca: un nombre de usuario, una dirección o parte de un nombre completo"},
		{second(v.Verify(v.ctx(), "nadie@pepito.es")), directory.ErrNotFound,
			"nobody here has the address nadie@pepito.es", "aquí nadie tiene la dirección nadie@pepito.es"},
		{second(v.Verify(v.ctx(), "nadie")), directory.ErrNotFound,
			`nobody here is called "nadie"`, "aquí nadie se llama «nadie»"},
		{second(d.Account(v.ctx(), "pepe")), errDisk,
			"posta could not read or change pepe@pepito.es: disk", "posta no pudo leer o cambiar pepe@pepito.es: disk"},
	} {
		if !errors.Is(tt.err, tt.kind) || tt.err.Error() != tt.en {
			t.Errorf("%v, want %v: %s", tt.err, tt.kind, tt.en)
		}
		if got := es.Error(tt.err); got != tt.es {
			t.Errorf("%s, want %s", got, tt.es)
		}
	}
}
