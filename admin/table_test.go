package admin

import (
	"encoding/json"
	"strings"
	"testing"
)

// The log tells which sessions were exported, and nothing else of a request.
func TestAbout(t *testing.T) {
	many := make([]uint64, 300)
	for i := range many {
		many[i] = uint64(i) * 2
	}
	for _, c := range []struct {
		request any
		want    string
	}{
		{SessionExport{}, ""},
		{SessionExport{IDs: []uint64{7}}, "7"},
		{SessionExport{IDs: []uint64{3, 900}}, "3,900"},
		{SessionExport{IDs: []uint64{900, 3, 3, 900}}, "3,900"},
		{SessionExport{IDs: []uint64{9, 1, 8, 2, 7, 5}}, "1-2,5,7-9"},
		{SessionExport{IDs: []uint64{1<<64 - 1, 0}}, "0,18446744073709551615"},
		{SessionExport{IDs: append(many, many...)}, "300 sessions"},
		{map[string]string{"address": "pepe@pepito.es", "password": "secret"}, "pepe@pepito.es"},
		{map[string]string{"password": "secret"}, ""},
	} {
		raw, err := json.Marshal(c.request)
		if err != nil {
			t.Fatal(err)
		}
		if got := about(raw); got != c.want {
			t.Errorf("%.60s: %q, not %q", raw, got, c.want)
		}
	}
	for i := range many {
		many[i] += 1000 // four digits and a comma each
	}
	if got := ranges(many[:40]); len(got) != 199 || !strings.HasSuffix(got, ",1078") {
		t.Errorf("%q", got)
	}
	if got := ranges(many[:41]); got != "41 sessions" {
		t.Errorf("%q", got)
	}
}
