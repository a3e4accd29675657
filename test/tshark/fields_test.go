//go:build whole

// Package tshark_test holds posta's analyser against Wireshark's: names and
// types of fields, and what display filters find.
package tshark_test

import (
	"bufio"
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"posta/field"
)

// need asks for tshark, which test/setup installs.
func need(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Fatal("tshark is not installed; test/setup does it")
	}
}

// types are Wireshark's names for our types.
func types(typ field.Type) []string {
	switch typ {
	case field.None:
		return []string{"FT_NONE"}
	case field.Protocol:
		return []string{"FT_PROTOCOL"}
	case field.Bool:
		return []string{"FT_BOOLEAN"}
	case field.Uint8:
		return []string{"FT_UINT8"}
	case field.Uint16:
		return []string{"FT_UINT16"}
	case field.Uint24:
		return []string{"FT_UINT24"}
	case field.Uint32:
		return []string{"FT_UINT32"}
	case field.Uint64:
		return []string{"FT_UINT64"}
	case field.Int16:
		return []string{"FT_INT16"}
	case field.Int32:
		return []string{"FT_INT32"}
	case field.FrameNum:
		return []string{"FT_FRAMENUM"}
	case field.String:
		return []string{"FT_STRING", "FT_STRINGZ"}
	case field.Bytes:
		return []string{"FT_BYTES"}
	case field.Addr4:
		return []string{"FT_IPv4"}
	case field.Addr6:
		return []string{"FT_IPv6"}
	case field.Ether:
		return []string{"FT_ETHER"}
	case field.Time:
		return []string{"FT_ABSOLUTE_TIME"}
	case field.Duration:
		return []string{"FT_RELATIVE_TIME"}
	}
	return nil
}

// Our fields are tshark's, by name and type, and none of SMTP's, POP's and a
// message's is missing.
func TestFieldsAreTsharks(t *testing.T) {
	need(t)
	out, err := exec.Command("tshark", "-G", "fields").Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		switch c := strings.Split(lines.Text(), "\t"); {
		case c[0] == "P" && len(c) > 2:
			theirs[c[2]] = "FT_PROTOCOL"
		case c[0] == "F" && len(c) > 4:
			theirs[c[2]] = c[3]
			if p := c[4]; (p == "smtp" || p == "pop" || p == "imf") && field.ByName(c[2]) == nil {
				t.Errorf("%s is missing", c[2])
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	ours := 0
	for id := field.ID(1); field.Of(id).ID != 0; id++ {
		d := field.Of(id)
		ours++
		if !strings.Contains(strings.Join(types(d.Type), " ")+" ", theirs[d.Name]+" ") || theirs[d.Name] == "" {
			t.Errorf("%s is %v here and %q for tshark", d.Name, types(d.Type), theirs[d.Name])
		}
	}
	t.Logf("%d fields of ours, %d of tshark's", ours, len(theirs))
}
