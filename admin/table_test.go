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
		{QueuePick{Held: new(true)}, "held"},
		{QueuePick{Held: new(false), Domain: "far.example"}, "far.example; not held"},
		{CollectWish{Way: "atrn", Host: "isp.example", User: "north", Password: "secret"}, "isp.example"},
		{CollectWish{Way: "pop3", Host: "isp.example", Account: "ana@x.example", Password: "secret"}, "isp.example; account ana@x.example"},
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
	if got := ranges(many[:40], "sessions"); len(got) != 199 || !strings.HasSuffix(got, ",1078") {
		t.Errorf("%q", got)
	}
	if got := ranges(many[:41], "sessions"); got != "41 sessions" {
		t.Errorf("%q", got)
	}
}

// A request cannot choose what the log says of it.
func TestAudited(t *testing.T) {
	var last Audit
	table := NewTable(House{}, func(a Audit) { last = a })
	for _, c := range []struct{ operation, request, want string }{
		{"session.export", `{"ids":[7],"name":"lunch","address":"a@x.example","to":["b"],"target":{}}`, "7"},
		{"session.export", `{"ids":[7],"IDS":[8]}`, "8"}, // as the operation reads it
		{"session.watch", `{"ids":[9,7,8],"listener":"lab"}`, "7-9; listener lab"},
		{"session.watch", `{"listener":"lab; 7"}`, `"lab; 7"`},
		{"session.watch", `{"listener":"` + strings.Repeat("x", 300) + `"}`, strings.Repeat("x", 200) + "…"},
		{"session.watch", `{"listener":7}`, ""},
	} {
		last = Audit{}
		_, err := table.run(t.Context(), call{actor: "test", name: c.operation, raw: json.RawMessage(c.request)})
		if err == nil || last.Operation != c.operation || last.About != c.want {
			t.Errorf("%s %.100s: %+v (%v)", c.operation, c.request, last, err)
		}
	}
	for _, c := range []struct {
		about         func(json.RawMessage) string
		request, want string
	}{
		{aboutOf[Grant], `{"address":"info@x.example","account":"pepe@x.example"}`, "info@x.example; account pepe@x.example"},
		{aboutOf[MessagesOf], `{"address":"pepe@x.example","uids":[4,3,9],"ids":[1]}`, "pepe@x.example; messages 3-4,9"},
		{aboutOf[MessagesOf], `{"to":"pepe@x.example","all":true}`, "pepe@x.example; all messages"},
		{aboutOf[AccountChange], `{"address":"pepe@x.example","name":"Pepe","password":"secret"}`, "pepe@x.example"},
		{aboutOf[DomainName], `{"name":"x.example","ids":[1]}`, "x.example"},
		{aboutOf[FaultID], `{"id":3}`, "3"},
	} {
		if got := c.about(json.RawMessage(c.request)); got != c.want {
			t.Errorf("%s: %q, not %q", c.request, got, c.want)
		}
	}
}
