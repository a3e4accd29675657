package field

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"time"
)

// Each constant stands for the Def in its place, and is named as the field is.
func TestTable(t *testing.T) {
	id := ID(1)
	for _, file := range []string{"link.go", "stream.go", "mail.go"} {
		for _, constant := range constants(t, file) {
			d := Of(id)
			bare := strings.NewReplacer(".", "", "_", "", "-", "").Replace(d.Name)
			if d.ID != id || !strings.EqualFold(constant, bare) {
				t.Errorf("%s: %s is the constant %d, whose Def is %d %q", file, constant, id, d.ID, d.Name)
			}
			if ByName(d.Name) != d {
				t.Errorf("%s is there twice", d.Name)
			}
			if p := d.Protocol(); p == nil || p.Type != Protocol {
				t.Errorf("%s belongs to no protocol", d.Name)
			}
			id++
		}
	}
	if id != end {
		t.Errorf("%d constants, %d Defs", id, end)
	}
	if d := Of(end); d.Name != "" || d.ID != 0 {
		t.Errorf("Of(end) = %v", d)
	}
	if ByName("smtp.nothing") != nil {
		t.Error("there is a field smtp.nothing")
	}
}

// constants gives the fields' constants of a file, in order.
func constants(t *testing.T, file string) (names []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range f.Decls[0].(*ast.GenDecl).Specs {
		for _, name := range spec.(*ast.ValueSpec).Names {
			if name.IsExported() {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

func TestNearest(t *testing.T) {
	for written, want := range map[string]string{
		"smtp.req.comand":        "smtp.req.command",
		"smtp.req.commnad":       "smtp.req.command",
		"smtp.command":           "smtp.req.command",
		"SMTP":                   "smtp",
		"subject":                "imf.subject",
		"ssl.handshake.type":     "tls.handshake.type",
		"tcp.ports":              "tcp.port",
		"frame.nubmer":           "frame.number",
		"pop.command":            "pop.request.command",
		"whatever.is.this":       "",
		"iamp":                   "imap",
		"smpt.req":               "smtp.req",
		"":                       "",
		strings.Repeat("x", 500): "",
	} {
		if got := Nearest(written); got != want {
			t.Errorf("Nearest(%.30q) = %q, want %q", written, got, want)
		}
	}
}

func TestSet(t *testing.T) {
	var a Set
	a.Add(FrameNumber, Data)
	a.Add(SMTPReqCommand)
	if !a.Has(FrameNumber) || !a.Has(Data) || !a.Has(SMTPReqCommand) || a.Has(SMTP) {
		t.Errorf("%v", a)
	}
	last, n := ID(0), 0
	for id := range a.All() {
		if id <= last || !a.Has(id) {
			t.Errorf("All gave %d after %d", id, last)
		}
		last, n = id, n+1
	}
	if n != 3 {
		t.Errorf("All gave %d", n)
	}
}

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		typ  Type
		val  Value
		want string
	}{
		{Uint32, Uint(250), "250"},
		{Int32, Int(-2), "-2"},
		{FrameNum, Uint(7), "7"},
		{Bool, Truth(true), "true"},
		{String, Octets([]byte("RCPT")), "RCPT"},
		{Bytes, Octets([]byte{1, 0xab}), "01ab"},
		{Addr4, Octets([]byte{10, 0, 0, 5}), "10.0.0.5"},
		{Addr6, Octets([]byte{0xfe, 0x80, 15: 1}), "fe80::1"},
		{Ether, Octets([]byte{0, 1, 2, 3, 0xa, 0xff}), "00:01:02:03:0a:ff"},
		{Duration, Span(1500 * time.Millisecond), "1.500000000"},
		{Duration, Span(-time.Nanosecond), "-0.000000001"},
		{Time, Moment(time.Date(2024, 1, 1, 0, 0, 0, 5e8, time.UTC)), "2024-01-01T00:00:00.5Z"},
		{None, Value{}, ""},
		{Addr4, Octets([]byte{1, 2}), "0102"},
	} {
		if got := string(c.typ.Append(nil, c.val)); got != c.want {
			t.Errorf("Append of type %d = %q, want %q", c.typ, got, c.want)
		}
	}
}

// A Tree is filled again and again without memory.
func TestTreeAllocatesNothing(t *testing.T) {
	var tree Tree
	packet := []byte("QUIT\r\n")
	fill := func() {
		tree.Reset()
		src := tree.Source(packet)
		tree.Add(Node{Def: Of(SMTP), Val: Unit(packet, 6), Src: src, Len: 6})
		tree.Add(Node{Def: Of(SMTPReqCommand), Val: Octets(packet[:4]), Src: src, Len: 4, Depth: 1})
	}
	fill()
	if n := testing.AllocsPerRun(100, fill); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if !tree.Has(SMTPReqCommand) || tree.Has(SMTPEOM) || len(tree.Nodes) != 2 {
		t.Errorf("%v", tree)
	}
	tree.Reset()
	if tree.Has(SMTPReqCommand) {
		t.Error("a field stayed")
	}
}
