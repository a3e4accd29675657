package sqldb_test

import (
	"testing"

	"posta/collect"
	"posta/collect/collecttest"
	"posta/store/sqldb"
)

func TestCollected(t *testing.T) {
	collecttest.Run(t, func(t *testing.T) collect.Store { return open(t, sqldb.Options{}).Collected() })
}
