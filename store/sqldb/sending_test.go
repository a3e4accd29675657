package sqldb_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"posta/check"
	"posta/directory"
	"posta/store/sqldb"
)

func TestSending(t *testing.T) {
	db := open(t, sqldb.Options{})
	if _, err := db.Directory().AddDomain(t.Context(), directory.NewDomain("a.example")); err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for _, name := range []string{"ana", "luis"} {
		a, err := db.Directory().AddAccount(t.Context(), directory.Account{Address: name + "@a.example", Local: name, Domain: "a.example"}, directory.Credentials{})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, a.ID)
	}
	counts := []check.SentCount{{Account: ids[0], Hour: 7, Recipients: 3}, {Account: ids[0], Hour: 9, Recipients: 4}, {Account: ids[1], Hour: 9, Recipients: 5}}
	if err := db.SetSentCounts(t.Context(), append(counts, check.SentCount{Account: 99, Hour: 9, Recipients: 1}), 0); err != nil {
		t.Fatal(err)
	}
	if got, err := db.SentCounts(t.Context(), 0); err != nil || !slices.Equal(got, counts) {
		t.Errorf("%v, %v", got, err)
	}
	counts[1].Recipients = 40
	if err := db.SetSentCounts(t.Context(), counts[1:2], 8); err != nil {
		t.Fatal(err)
	}
	if got, err := db.SentCounts(t.Context(), 0); err != nil || !slices.Equal(got, counts[1:]) {
		t.Errorf("after an hour was forgotten: %v, %v", got, err)
	}
	ten, none := 10, -1
	for account, limit := range map[int64]*int{ids[0]: &ten, ids[1]: &none} {
		if err := db.SetSendingLimit(t.Context(), account, limit); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.SetSendingLimit(t.Context(), 99, &ten); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("nobody's limit: %v", err)
	}
	if err := db.SetSendingLimit(t.Context(), ids[0], nil); err != nil {
		t.Fatal(err)
	}
	if got, err := db.SendingLimits(t.Context()); err != nil || !maps.Equal(got, map[int64]int{ids[1]: -1}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, id := range ids {
		if err := db.Directory().RemoveAccount(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	left, err := db.SentCounts(t.Context(), 0)
	limits, err2 := db.SendingLimits(t.Context())
	if len(left)+len(limits) > 0 || err != nil || err2 != nil {
		t.Errorf("of removed accounts: %v %v, %v %v", left, limits, err, err2)
	}
}
