//go:build whole

package tshark_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"posta/capture/capturetest"
	"posta/field"
)

// captureFile is a capture and what tshark must be told to read it.
type captureFile struct {
	path, name string
	decode     []string
}

// captureFiles finds the captures that tshark's answers lie beside.
func captureFiles(t *testing.T) (files []captureFile) {
	t.Helper()
	shared := capturetest.Dir(t)
	index, err := os.ReadFile(filepath.Join(shared, "INDEX.md"))
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(shared, func(p string, d fs.DirEntry, err error) error {
		path, ok := strings.CutSuffix(p, ".tshark.jsonl")
		if err != nil || !ok {
			return err
		}
		name, err := filepath.Rel(shared, path)
		f := captureFile{path: path, name: filepath.ToSlash(name)}
		told := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(f.name) + ` .*decode-as .-d ([^ ]+)` + "`")
		if m := told.FindSubmatch(index); m != nil {
			f.decode = []string{"-d", string(m[1])}
		}
		files = append(files, f)
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d captures: %v", len(files), err)
	}
	return files
}

func (f captureFile) tshark(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("tshark", append(append([]string{"-n", "-r", f.path}, f.decode...), args...)...)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	out, err := cmd.Output()
	// A damaged capture makes an exit status, but is read as far as it goes.
	if exit, ok := err.(*exec.ExitError); err != nil && (!ok || len(out) == 0) {
		t.Fatalf("%s: tshark: %v %s", f.name, err, exit)
	}
	return out
}

// trees makes a Tree of each frame of tshark's own dissection.
func (f captureFile) trees(t *testing.T) []*field.Tree {
	t.Helper()
	var packets []struct {
		Source struct {
			Layers json.RawMessage `json:"layers"`
		} `json:"_source"`
	}
	if err := json.Unmarshal(f.tshark(t, "-T", "json", "-x", "--no-duplicate-keys"), &packets); err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	var trees []*field.Tree
	for _, p := range packets {
		b := &builder{t: t, tree: &field.Tree{}}
		b.object(p.Source.Layers)
		trees = append(trees, b.tree)
	}
	return trees
}

// builder fills a Tree of tshark's JSON.
type builder struct {
	t     *testing.T
	tree  *field.Tree
	frame []byte // the whole frame
	end   int    // where its IP packet ends in it, or 0
}

// members are the keys and values of a JSON object in the order they stand in.
func members(t *testing.T, raw json.RawMessage) (keys []string, values map[string]json.RawMessage) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	values = map[string]json.RawMessage{}
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return nil, nil
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key.(string))
		values[key.(string)] = v
	}
	return keys, values
}

// list gives the elements of an array, or of one value.
func list(raw json.RawMessage) []json.RawMessage {
	var many []json.RawMessage
	if json.Unmarshal(raw, &many) == nil {
		return many
	}
	return []json.RawMessage{raw}
}

func (b *builder) object(raw json.RawMessage) {
	keys, values := members(b.t, raw)
	for _, key := range keys {
		if strings.HasSuffix(key, "_raw") {
			continue
		}
		d := field.ByName(key)
		octets := rawOctets(values[key+"_raw"])
		for i, v := range list(values[key]) {
			if d != nil {
				b.add(d, v, octets, i)
			}
			if len(v) > 0 && v[0] == '{' {
				b.object(v)
			}
		}
	}
}

// run is a run of octets as tshark tells it: what, and where.
type run struct {
	oct []byte
	pos int
}

// rawOctets reads ["hex", pos, len, mask, type] or a list of such.
func rawOctets(raw json.RawMessage) (runs []run) {
	if raw == nil {
		return nil
	}
	for _, one := range list(raw) {
		if len(one) > 0 && one[0] != '[' {
			return rawOctets(json.RawMessage("[" + string(raw) + "]"))
		}
		var parts []any
		if json.Unmarshal(one, &parts) != nil || len(parts) < 3 {
			return nil
		}
		oct, _ := hex.DecodeString(fmt.Sprint(parts[0]))
		pos, _ := parts[1].(float64)
		runs = append(runs, run{oct, int(pos)})
	}
	return runs
}

func (b *builder) add(d *field.Def, raw json.RawMessage, octets []run, i int) {
	var text string
	if json.Unmarshal(raw, &text) != nil && d.Type != field.Protocol && d.Type != field.None {
		b.t.Fatalf("%s is %s", d.Name, raw)
	}
	var oct run
	if i < len(octets) {
		oct = octets[i]
	}
	n := field.Node{Def: d}
	switch {
	case d.Type == field.Protocol:
		n.Val = b.unit(d, oct)
	case d.Type == field.String:
		n.Val = field.Octets([]byte(text))
	case d.Type == field.Bytes:
		n.Val = field.Octets(oct.oct)
	case d.Type == field.Addr4, d.Type == field.Addr6:
		a, err := netip.ParseAddr(text)
		b.must(d, err)
		n.Val = field.Octets(a.AsSlice())
	case d.Type == field.Ether:
		a, err := net.ParseMAC(text)
		b.must(d, err)
		n.Val = field.Octets(a)
	case d.Type == field.Duration:
		n.Val = field.Int(nanoseconds(b.t, text))
	case d.Type == field.Bool:
		n.Val = field.Truth(text == "1" || text == "True")
	case d.ID == field.FrameTime:
		return // follows from the epoch
	case d.Type == field.Time:
		when, err := time.Parse("Jan _2, 2006 15:04:05.000000000 UTC", text)
		b.must(d, err)
		n.Val = field.Moment(when)
	case d.Type != field.None:
		v, err := strconv.ParseInt(text, 0, 64)
		b.must(d, err)
		n.Val = field.Int(v)
	}
	b.tree.Add(n)
	switch d.ID {
	case field.FrameTimeEpoch:
		b.tree.Add(field.Node{Def: field.Of(field.FrameTime), Val: n.Val})
	case field.IPLen:
		b.end = b.start(field.IP) + int(n.Val.Uint())
	case field.IPv6Plen:
		b.end = b.start(field.IPv6) + 40 + int(n.Val.Uint())
	}
}

func (b *builder) must(d *field.Def, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%s: %v", d.Name, err)
	}
}

// unit is a protocol's value: what a header carries belongs to it.
func (b *builder) unit(d *field.Def, oct run) field.Value {
	own := len(oct.oct)
	switch d.ID {
	case field.Frame:
		b.frame = oct.oct
	case field.Eth, field.IP, field.IPv6:
		if oct.pos+own <= len(b.frame) {
			oct.oct = b.frame[oct.pos:]
		}
	case field.TCP: // the stream's octets are its own
		end := len(b.frame)
		if b.end > oct.pos && b.end < end {
			end = b.end
		}
		if oct.pos+own <= end {
			oct.oct, own = b.frame[oct.pos:end], end-oct.pos
		}
	}
	return field.Unit(oct.oct, own)
}

// start is where a protocol begins in the frame.
func (b *builder) start(id field.ID) int {
	at := math.MaxInt32
	for _, n := range b.tree.Nodes {
		if n.Def.ID == id {
			at = len(b.frame) - len(n.Val.Octets())
		}
	}
	return at
}

func nanoseconds(t *testing.T, text string) int64 {
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	s, err := strconv.ParseInt(whole, 10, 64)
	ns, err2 := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if err != nil || err2 != nil {
		t.Fatalf("time %q", text)
	}
	n := s*1e9 + ns
	if strings.HasPrefix(text, "-") {
		return -n
	}
	return n
}
