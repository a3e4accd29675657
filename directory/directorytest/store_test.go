package directorytest_test

import (
	"testing"

	"posta/directory"
	"posta/directory/directorytest"
)

func TestStore(t *testing.T) {
	directorytest.Run(t, func(*testing.T) directory.Store { return directorytest.New() })
}
