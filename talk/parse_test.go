package talk

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

const sample = `# What every part of the format looks like.
# rfc: 5321-3.1-1, 1939-3-3
engine: server
mode: lab
ways: lines keys paste
domain: pepito.es plus=off
account: pepe@pepito.es secret quota=1000 name=Pepe_Pérez apop
alias: ventas@pepito.es pepe@pepito.es
list: todos@pepito.es public owner=pepe@pepito.es pepe@pepito.es
mail: pepe@pepito.es Subject: x\r\n\r\nHello\r\n
limit: recipients 3

connect smtp
S: 220 $host ESMTP*
S| more
# rfc: 5321-4.1.1.1-4
C: \xff\xfbEHLO x\
C| \r\nNOOP
C2~ AUTH PLAIN $plain(pepe,$base64(a\,b))
S2* 250 SIZE *
S2* ...
S2! 250 BINARYMIME
S: /250 (?<id>[0-9]+)/
S: {code 5yz|421 5.7.1}
S: {err IN-USE}
S: *1000
C: *
C: *20
closed 2
wait 5m
mailbox pepe@pepito.es 1
M: Subject: x
M~
M: Hello
M! Bye
M: {end}
`

func TestFormat(t *testing.T) {
	f, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(Format(f)); got != sample {
		t.Errorf("Format gives\n%s", got)
	}
	want := []string{"5321-3.1-1", "1939-3-3", "5321-4.1.1.1-4"}
	if got := f.Requirements(); !reflect.DeepEqual(got, want) {
		t.Errorf("Requirements() = %q", got)
	}
	fx, err := f.Fixture(nil)
	if err != nil {
		t.Fatal(err)
	}
	a := Account{Address: "pepe@pepito.es", Password: "secret", Name: "Pepe Pérez", Quota: 1000, APOP: true}
	if fx.Mode != "lab" || !reflect.DeepEqual(fx.Accounts, []Account{a}) || fx.Limits["recipients"] != "3" ||
		string(fx.Mail[0].Content) != "Subject: x\r\n\r\nHello\r\n" {
		t.Errorf("Fixture() = %+v", fx)
	}
}

func TestParseRefuses(t *testing.T) {
	const top = "engine: server\n\n"
	bad := map[string]string{
		"":                             "engine",
		"engine: client\n":             "engine",
		"engine: server\nmode: wild\n": "strict, lab or sink",
		"engine: server\nfoo: bar\n":   "unknown header",
		"engine: server\naccount: x\n": "at least 2",
		"engine: server\nways: hop\n":  "unknown way",
		top + "C:x":                    "blank behind",
		top + "C: x ":                  "cannot be seen",
		top + "C: \x01":                "control",
		top + "C: \\q":                 "escape",
		top + "C: \\xg0":               "hexadecimal",
		top + "C: $nope(x)":            "unknown function",
		top + "C: $plain(x":            "parenthesis",
		top + "C| x":                   "goes on",
		top + "S: {code 2}":            "reply code",
		top + "S: {what}":              "none of",
		top + "S: /(/":                 "missing",
		top + "C: @../x":               "no path",
		top + "C: *0":                  "octets",
		top + "M2: x":                  "blank behind",
		top + "jump":                   "unknown action",
		top + "wait long":              "takes a time",
		top + "connect ftp":            "unknown listener",
		top + "mailbox x":              "takes an address",
	}
	for src, want := range bad {
		if _, err := Parse([]byte(src)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %v, want %q", src, err, want)
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, line string
		want          bool
	}{
		{"250 OK", "250 OK", true},
		{"250 OK", "250 OK ", false},
		{"250 *", "250 OK", true},
		{"*a*b", "xxaxxb", true},
		{"*a*b", "xxaxx", false},
		{"$x $x", "ab ab", true},
		{"$x $x", "ab ac", false},
		{"$x!", "ab!", true},
		{"$x", "", false},
		{"$y", "known", true},
		{"$y", "other", false},
		{`\*$base64(a)`, "*YQ==", true},
		{`\xff\0`, "\xff\x00", true},
	} {
		p, err := parseText(c.pattern, true)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.fits([]byte(c.line), nil, vars{"y": []byte("known")})
		if err != nil || got != c.want {
			t.Errorf("%q on %q = %v, %v", c.pattern, c.line, got, err)
		}
		if got, _ := p.mutant().fits([]byte(c.line), nil, vars{"y": []byte("known")}); got && c.want {
			t.Errorf("the mutant of %q fits %q too", c.pattern, c.line)
		}
	}
}

func TestOctets(t *testing.T) {
	for n := int64(1); n < 400; n++ {
		b := Octets(n)
		if int64(len(b)) != n || (n > 1 && !bytes.HasSuffix(b, []byte("\r\n"))) {
			t.Fatalf("Octets(%d) = %q", n, b)
		}
		rest := strings.ReplaceAll(string(b), "\r\n", "")
		if strings.ContainsAny(rest, "\r\n") || strings.Contains(string(b), "\n.") {
			t.Fatalf("Octets(%d) has a bare end or a leading dot: %q", n, b)
		}
	}
}

// What is printed reads back as the same transcript.
func FuzzTalk(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("engine: server\n\nS{\n"))
	f.Add([]byte("engine: server\n\nC: $plain($x,\\,)\\\n#\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := Parse(src)
		if err != nil {
			return
		}
		out := Format(file)
		again, err := Parse(out)
		if err != nil {
			t.Fatalf("%q prints as %q, which does not parse: %v", src, out, err)
		}
		if twice := Format(again); !bytes.Equal(out, twice) {
			t.Fatalf("%q prints as %q and then as %q", src, out, twice)
		}
	})
}
