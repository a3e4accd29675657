package pop3

import (
	"bytes"
	"slices"
	"testing"
)

// rfc: 1939-3-3
func TestParseResponse(t *testing.T) {
	tests := []struct {
		line       string
		status     Status
		code, text string
	}{
		{"+OK", OK, "", ""},
		{"+OK ", OK, "", ""},
		{"+OK 2 320", OK, "", "2 320"},
		{"-ERR", Err, "", ""},
		{"-ERR [IN-USE] Do you have another POP session running?", Err, "IN-USE", "Do you have another POP session running?"},
		{"-ERR [SYS/TEMP]", Err, "SYS/TEMP", ""},
		{"-ERR [] x", Err, "", "[] x"},
		{"-ERR [/a] x", Err, "", "[/a] x"},
		{"-ERR [a/] x", Err, "", "[a/] x"},
		{"-ERR [a//b] x", Err, "", "[a//b] x"},
		{"-ERR [a b] x", Err, "", "[a b] x"},
		{"-ERR [a", Err, "", "[a"},
		{"+ ", Continue, "", ""},
		{"+", Continue, "", ""},
		{"+ [x] dGVzdA==", Continue, "", "[x] dGVzdA=="},
	}
	for _, tt := range tests {
		r, f := ParseResponse([]byte(tt.line))
		if f != nil || r.Status != tt.status || string(r.Code.Of(r.Line)) != tt.code || string(r.Text.Of(r.Line)) != tt.text {
			t.Errorf("%q: %v code %q text %q, %v", tt.line, r.Status, r.Code.Of(r.Line), r.Text.Of(r.Line), f)
		}
	}
	for _, line := range []string{"", "OK", "+ok", "-err", "+OKAY", "-ERROR", "250 OK", "++", " +OK"} {
		if r, f := ParseResponse([]byte(line)); f == nil {
			t.Errorf("%q: %+v, want a fault", line, r)
		}
	}
}

func TestHasCode(t *testing.T) {
	r, _ := ParseResponse([]byte("-ERR [sys/temp/disk] x"))
	for code, want := range map[string]bool{"SYS": true, "SYS/TEMP": true, "SYS/PERM": false, "SYS/TE": false, "AUTH": false} {
		if r.HasCode(code) != want {
			t.Errorf("HasCode(%q) is %v", code, !want)
		}
	}
}

// What is written reads back the same.
func FuzzResponse(f *testing.F) {
	for _, s := range []string{"+OK x", "-ERR [a/b] c", "+ abc", "-ERR [a]  b", "+OK  [a]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, fault := ParseResponse(line)
		if fault != nil {
			return
		}
		code, text := string(r.Code.Of(line)), string(r.Text.Of(line))
		out := AppendResponse(nil, r.Status, code, text)
		again, fault := ParseResponse(out)
		if fault != nil || again.Status != r.Status || string(again.Code.Of(out)) != code || string(again.Text.Of(out)) != text {
			t.Fatalf("%q → %q → %+v, %v", line, out, again, fault)
		}
	})
}

// rfc: 1939-5.STAT-2 1939-5.LIST-3 1939-7.UIDL-3
func TestListings(t *testing.T) {
	if d, f := ParseDrop([]byte("2 320")); f != nil || d != (Drop{2, 320}) {
		t.Errorf("drop: %+v, %v", d, f)
	}
	if d, f := ParseDrop([]byte("2 320 and more")); f != nil || d != (Drop{2, 320}) {
		t.Errorf("drop with more: %+v, %v", d, f)
	}
	if s, f := ParseScan([]byte("1 120")); f != nil || s != (Scan{1, 120}) {
		t.Errorf("scan: %+v, %v", s, f)
	}
	if u, f := ParseUnique([]byte("1 QhdPYR:00WBw1Ph7x7")); f != nil || u != (Unique{1, "QhdPYR:00WBw1Ph7x7"}) {
		t.Errorf("unique: %+v, %v", u, f)
	}
	for _, s := range []string{"", "1", "1 ", " 1", "x 1", "1 x", "+1 1", "0 1", "1  1"} {
		if got, f := ParseScan([]byte(s)); f == nil {
			t.Errorf("scan %q: %+v", s, got)
		}
	}
	for _, s := range []string{"", "1", "1 ", "1 a b", "1 a ", "0 a", "1 ñ", "1 " + string(bytes.Repeat([]byte("x"), 71))} {
		if got, f := ParseUnique([]byte(s)); f == nil {
			t.Errorf("unique %q: %+v", s, got)
		}
	}
}

// Listings, capabilities and challenges that are read are written the same.
func FuzzLines(f *testing.F) {
	for _, s := range []string{"2 320", "1 abc", "SASL PLAIN LOGIN", "dGVzdA==", "=", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if d, fault := ParseDrop(line); fault == nil {
			if again, fault := ParseDrop(d.Append(nil)); fault != nil || again != d {
				t.Fatalf("drop %q → %+v → %+v", line, d, again)
			}
		}
		if s, fault := ParseScan(line); fault == nil {
			if again, fault := ParseScan(s.Append(nil)); fault != nil || again != s {
				t.Fatalf("scan %q → %+v → %+v", line, s, again)
			}
		}
		if u, fault := ParseUnique(line); fault == nil {
			if again, fault := ParseUnique(u.Append(nil)); fault != nil || again != u {
				t.Fatalf("unique %q → %+v → %+v", line, u, again)
			}
		}
		if c, fault := ParseCapability(line); fault == nil && !bytes.Equal(c.Append(nil), line) {
			t.Fatalf("capability %q → %q", line, c.Append(nil))
		}
		if b, ok := DecodeSASL(line); ok {
			if out := AppendChallenge(nil, b); !bytes.Equal(out[2:], line) {
				t.Fatalf("base64 %q → %q", line, out)
			}
		}
	})
}

func TestCapabilities(t *testing.T) {
	c, f := ParseCapability([]byte("SASL PLAIN SCRAM-SHA-256"))
	if f != nil || c.Tag != "SASL" || !slices.Equal(c.Params, []string{"PLAIN", "SCRAM-SHA-256"}) {
		t.Errorf("%+v, %v", c, f)
	}
	if got, ok := (Capabilities{{Tag: "TOP"}, c}).Find("sasl"); !ok || len(got.Params) != 2 {
		t.Errorf("Find: %+v, %v", got, ok)
	}
	if _, ok := (Capabilities{c}).Find("TOP"); ok {
		t.Error("found TOP")
	}
	for _, s := range []string{"", " TOP", "TOP ", "SASL  PLAIN", "T.P", "SASL \x01", "."} {
		if c, f := ParseCapability([]byte(s)); f == nil {
			t.Errorf("%q: %+v", s, c)
		}
	}
}

// rfc: 5034-4-12
func TestBase64(t *testing.T) {
	for in, want := range map[string]string{"": "", "dGVzdA==": "test", "AAAA": "\x00\x00\x00"} {
		if got, ok := DecodeSASL([]byte(in)); !ok || got == nil || string(got) != want {
			t.Errorf("%q: %q, %v", in, got, ok)
		}
	}
	for _, in := range []string{"=", "=AAA", "AAA=BBB", "dGVzdA", "dGVzdA=", "dGVz\rdA==", "dGVz\ndA==", "dGVzdB==", "dGVz dA==", "*", "dGVzdA==\x00"} {
		if got, ok := DecodeSASL([]byte(in)); ok {
			t.Errorf("%q: %q", in, got)
		}
	}
	if got, ok := DecodeInitial([]byte("=")); !ok || got == nil || len(got) != 0 {
		t.Errorf("=: %q, %v", got, ok)
	}
	if got := string(AppendChallenge(nil, nil)); got != "+ " {
		t.Errorf("empty challenge %q", got)
	}
}

// RFC 1939 §7's own example.
func TestAPOP(t *testing.T) {
	stamp := Timestamp([]byte("+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>"))
	if got := Digest(string(stamp), []byte("tanstaaf")); got != "c4c9334bac560ecc979e58001b3e22fb" {
		t.Errorf("digest %s of %q", got, stamp)
	}
	for _, s := range []string{"", "+OK", "+OK <", "+OK <>", "+OK <a>", "+OK <@a>", "+OK <a@>", "+OK <a b@c>", "+OK <a<b@c>", "+OK > <a"} {
		if got := Timestamp([]byte(s)); got != nil {
			t.Errorf("%q: timestamp %q", s, got)
		}
	}
}
