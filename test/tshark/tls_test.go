//go:build whole

package tshark_test

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"posta/capture"
	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/tlsview"
)

// frameFields are what a frame has of each field, by the field's name. Of what
// has no value there is one empty text for each time that it stands there.
type frameFields map[string][]string

// tsharksOf are tshark's answers of a capture, by the frames' numbers.
func tsharksOf(t *testing.T, f captureFile, ids []field.ID, more ...string) map[int]frameFields {
	t.Helper()
	args := append(slices.Clone(more), "-T", "json", "-e", "frame.number")
	for _, id := range ids {
		args = append(args, "-e", field.Of(id).Name)
	}
	var packets []struct {
		Source struct {
			Layers frameFields `json:"layers"`
		} `json:"_source"`
	}
	if err := json.Unmarshal(f.tshark(t, args...), &packets); err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	frames := map[int]frameFields{}
	for _, p := range packets {
		number, err := strconv.Atoi(p.Source.Layers["frame.number"][0])
		if err != nil {
			t.Fatal(err)
		}
		delete(p.Source.Layers, "frame.number")
		for name, all := range p.Source.Layers {
			if typ := field.ByName(name).Type; typ == field.None || typ == field.Protocol {
				clear(all)
			}
		}
		frames[number] = p.Source.Layers
	}
	return frames
}

// oursOf is the same of posta's.
func oursOf(t *testing.T, path string, ids []field.ID, keys *tlsview.KeyLog) map[int]frameFields {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := capture.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var want field.Set
	want.Add(ids...)
	frames := map[int]frameFields{}
	d := dissect.New(want, func(f *dissect.Frame) {
		said := frames[int(f.Packet)]
		if said == nil {
			said = frameFields{}
			frames[int(f.Packet)] = said
		}
		for _, n := range f.Tree.Nodes {
			text := string(n.Def.AppendShown(nil, n.Val, time.UTC))
			if n.Def.Type == field.None || n.Def.Type == field.Protocol {
				text = ""
			}
			said[n.Def.Name] = append(said[n.Def.Name], text)
		}
	})
	d.Secrets(keys)
	secrets := 0
	sink := sinkOf(func(e *event.Event) {
		for ; secrets < len(r.Info().Secrets); secrets++ {
			keys.Add(r.Info().Secrets[secrets].Data)
		}
		d.Feed(e)
	})
	if err := capture.Read(t.Context(), r, sink, capture.Limits{}); err != nil {
		t.Logf("%s: %v", path, err)
	}
	return frames
}

type sinkOf func(e *event.Event)

func (s sinkOf) Emit(e *event.Event)                      { s(e) }
func (sinkOf) Wants(uint64, event.Layer, event.Part) bool { return true }

// tlsFields are all that posta tells of TLS.
func tlsFields() (ids []field.ID) {
	have := dissect.Fields()
	for id := range have.All() {
		if name := field.Of(id).Name; name == "tls" || strings.HasPrefix(name, "tls.") {
			ids = append(ids, id)
		}
	}
	return ids
}

// compare holds the frames of a capture against each other, and counts the
// values.
func compare(t *testing.T, name string, ids []field.ID, theirs, ours map[int]frameFields, excused func(frame int, name string) bool) (values int) {
	t.Helper()
	for number := range max(len(theirs), len(ours)) {
		number++
		for _, id := range ids {
			field := field.Of(id).Name
			want, got := theirs[number][field], ours[number][field]
			values += len(want)
			if !slices.Equal(want, got) && !excused(number, field) {
				t.Errorf("%s, frame %d: %s: tshark %.200q, posta %.200q", name, number, field, want, got)
			}
		}
	}
	return values
}

// TLS in the shared captures is told of as tshark tells of it.
func TestTLSOfCaptures(t *testing.T) {
	ids := tlsFields()
	values := 0
	for _, f := range captureFiles(t) {
		f.decode = nil // told that a port is SMTP's, tshark sees no TLS there
		values += compare(t, f.name, ids, tsharksOf(t, f, ids), oursOf(t, f.path, ids, tlsview.NewKeyLog()), func(int, string) bool { return false })
	}
	t.Logf("%d values", values)
}
