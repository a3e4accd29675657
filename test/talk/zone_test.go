package talk_test

import (
	"os"
	"testing"
	"time"
)

// TestMain plays everything in a time zone that no machine of ours has: local
// time that is UT by chance would hide where one stands for the other.
func TestMain(m *testing.M) {
	time.Local = time.FixedZone("", (5*60+30)*60)
	os.Exit(m.Run())
}
