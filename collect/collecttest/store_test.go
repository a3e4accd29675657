package collecttest_test

import (
	"testing"

	"posta/collect"
	"posta/collect/collecttest"
)

func TestStore(t *testing.T) {
	collecttest.Run(t, func(*testing.T) collect.Store { return collecttest.New() })
}
