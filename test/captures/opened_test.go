//go:build whole

package captures

import (
	"os"
	"strings"
	"testing"

	"posta/admin"
	"posta/capture"
	"posta/config"
	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/tlsview"
)

// opening is a Sink over a Dissector that takes the keys which the capture brings.
type opening struct {
	d    *dissect.Dissector
	keys *tlsview.KeyLog
	info *capture.Info
	n    int
}

func (o *opening) Emit(e *event.Event) {
	for ; o.n < len(o.info.Secrets); o.n++ {
		o.keys.Add(o.info.Secrets[o.n].Data)
	}
	o.d.Feed(e)
}

func (*opening) Wants(uint64, event.Layer, event.Part) bool { return true }

// posta reads inside of TLS what tshark reads there: of what a lab recorded, all
// commands, replies and letters, with the keys that the file itself holds.
func TestLabExportIsOpened(t *testing.T) {
	name, _ := exportedOf(t, config.Lab(), false, admin.SessionExport{StandardPorts: true})
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := capture.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	asked := []string{"frame.number", "smtp.req.command", "smtp.response.code", "pop.request.command", "pop.response.indicator", "imf.subject"}
	var want field.Set
	for _, one := range asked {
		want.Add(field.ByName(one).ID)
	}
	var ours []string
	letters := 0
	o := &opening{keys: tlsview.NewKeyLog(), info: r.Info()}
	o.d = dissect.New(want, func(f *dissect.Frame) {
		var cells []string
		for _, one := range asked {
			var all []string
			for _, n := range f.Tree.Nodes {
				if n.Def.Name == one {
					all = append(all, strings.Replace(string(n.Def.Type.Append(nil, n.Val)), "STARTTLS", "STAR", 1))
				}
			}
			cells = append(cells, strings.Join(all, ","))
		}
		if cells[5] != "" {
			letters++
		}
		if cells[4] != "" {
			cells[5] = "" // tshark sees no message where its first line is the response's
		}
		if strings.Trim(strings.Join(cells[1:], ""), ",") != "" {
			ours = append(ours, strings.Join(cells, "|"))
		}
	})
	o.d.Secrets(o.keys)
	if err := capture.Read(t.Context(), r, o, capture.Limits{}); err != nil {
		t.Fatal(err)
	}
	theirs := fields(t, name, "smtp.req.command || smtp.response.code || pop.request.command || pop.response.indicator || imf.subject", asked...)
	if got, want := strings.Join(ours, "\n"), strings.Join(theirs, "\n"); got != want || len(ours) < 50 {
		t.Errorf("posta reads %d frames:\n%s\ntshark:\n%s", len(ours), got, want)
	}
	if letters != 4 {
		t.Errorf("posta reads %d letters", letters)
	}
}
