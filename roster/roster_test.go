package roster

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func TestRead(t *testing.T) {
	const class = "Apellidos;Nombre;Grupo;Contraseña;Cuota\r\nGarcía López;Ana;Grupo 1;;50MB\r\n\r\n\"Núñez; hijo\";Íñigo;grupo2.es;clave;\r\n"
	want := []Row{
		{Line: 2, Surname: "García López", Name: "Ana", Domain: "Grupo 1", Quota: "50MB"},
		{Line: 4, Surname: "Núñez; hijo", Name: "Íñigo", Domain: "grupo2.es", Password: "clave"},
	}
	encode := func(e interface{ Bytes([]byte) ([]byte, error) }, s string) []byte {
		out, err := e.Bytes([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	mac := strings.ReplaceAll(class, "\r\n", "\r")
	tabs := strings.ReplaceAll(strings.ReplaceAll(class, ";", "\t"), "Núñez\t hijo", "Núñez; hijo")
	commas := strings.ReplaceAll(strings.ReplaceAll(class, ";", ","), "Núñez, hijo", "Núñez; hijo")
	for name, file := range map[string][]byte{
		"UTF-8":             []byte(class),
		"CSV UTF-8":         []byte("\ufeff" + class),
		"CSV, Windows-1252": encode(charmap.Windows1252.NewEncoder(), class),
		"Unicode text":      encode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder(), tabs),
		"UTF-16 BE":         encode(unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder(), tabs),
		"UTF-16 without":    encode(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder(), tabs),
		"UTF-16 BE without": encode(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder(), tabs),
		"CSV (Macintosh)":   encode(charmap.Macintosh.NewEncoder(), mac),
		"CR, UTF-8":         []byte(mac),
		"commas":            []byte(commas),
		"Unix line ends":    []byte(strings.ReplaceAll(class, "\r\n", "\n")),
	} {
		if list, err := Read(file); err != nil || !reflect.DeepEqual(list.Rows, want) {
			t.Errorf("%s: %+v, %v", name, list.Rows, err)
		}
	}
	list, err := Read([]byte("sep=|\r\nname|address\r\nAna, la alta|ana\r\n"))
	if err != nil || list.Comma != '|' || len(list.Rows) != 1 || list.Rows[0].Name != "Ana, la alta" || list.Rows[0].Line != 3 {
		t.Errorf("sep=: %+v, %v", list, err)
	}
	for in, want := range map[string]Row{
		"Ana García":                                                     {Line: 1, Name: "Ana García"},
		"ana@pepito.es":                                                  {Line: 1, Address: "ana@pepito.es"},
		"\"García, Ana\"\n":                                              {}, // a comma: what the columns are must be said
		"nombre\n'=1+1":                                                  {Line: 2, Name: "=1+1"},
		"Nombre;Grupo\n\"Ana\r\nGarcía \";1":                             {Line: 2, Name: "Ana García", Domain: "1"}, // Alt-Enter in a cell
		"Nombre;Clave\rAna;\"dos  blancos\"\r\r":                         {Line: 2, Name: "Ana", Password: "dos  blancos"},
		"Nombre;Clave\r\"Ana\nPaz\";x\r":                                 {Line: 2, Name: "Ana Paz", Password: "x"},
		"Primer apellido;Segundo apellido;Nombre\nPaz;Gil;Ana":           {Line: 2, Name: "Ana", Surname: "Paz Gil"},
		"Apellido2;Apellido1;Nombre\nGil;Paz;Ana":                        {Line: 2, Name: "Ana", Surname: "Paz Gil"},
		"Nombre;Apellido(s);Correo institucional;Grupos\nAna;Paz;a@b;G1": {Line: 2, Name: "Ana", Surname: "Paz", Address: "a@b", Domain: "G1"},
		"Clase 1A;;\n;;\nCurso;;\nNombre;Apellidos;Grupo\nAna;Paz;1":     {Line: 5, Name: "Ana", Surname: "Paz", Domain: "1"},
		"e-mail,x\nana@a.es,yy":                                          {Line: 2, Address: "ana@a.es"},
	} {
		list, err := Read([]byte(in))
		if want == (Row{}) {
			continue
		}
		if err != nil || len(list.Rows) != 1 || list.Rows[0] != want {
			t.Errorf("%q: %+v, %v", in, list.Rows, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                                     "the list is empty",
		"\n  \n;;\n":                           "the list is empty",
		"nombre;grupo\n":                       "the list is empty",
		"PK\x03\x04 and so on":                 "save the sheet as CSV",
		"a\x01\x00b":                           "this is no text",
		"ana;uno\n":                            "line 1 must say what the columns are",
		"ana;;\nluis;;\n":                      "line 1 must say what the columns are",
		"\nana;\nuno;x\n":                      "line 2 must say what the columns are",
		strings.Repeat("ana;\n", 9):            "line 1 must say what the columns are",
		"grupo;clave\nuno;x\n":                 "line 1 names no column of addresses or names",
		"nombre;name\nuno;x\n":                 "a second column for what \"name\" means",
		"nombre;grupo\nuno;x;y\n":              "line 2 has 3 cells, and there are 2 columns",
		"nombre\nuno;x\n":                      "line 2 has 2 cells, and there is 1 column",
		"nombre\n" + strings.Repeat("x", 1025): "line 2 has a cell of more than 1024 octets",
		"nombre\n" + strings.Repeat("x\n", MaxRows+1): "more than 10000 people",
		strings.Repeat("x", MaxFile+1):                "larger than 4 MiB",
	} {
		if _, err := Read([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %q", in, err, want)
		}
	}
}

func TestLocalPart(t *testing.T) {
	for _, c := range []struct{ given, family, want string }{
		{"Ana", "", "ana"},
		{"Ana García", "", "ana.garcia"},
		{"Ana García López", "", "ana.garcia"},
		{"María José García López", "", "maria.garcia"},
		{"García López, Ana", "", "ana.garcia"},
		{"Íñigo", "Núñez de la Rosa", "inigo.nunez"},
		{"Juan de la Cruz", "", "juan.cruz"},
		{"Jürgen Groß", "", "jurgen.gross"},
		{"O'Neill, Conan", "", "conan.oneill"},
		{"Núria d’Ors", "", "nuria.dors"},
		{"De la", "", "de.la"},
		{"王", "", ""},
		{"王 Ana", "", "ana"},
	} {
		if got := localPart(c.given, c.family); got != c.want {
			t.Errorf("%q %q: %q, want %q", c.given, c.family, got, c.want)
		}
	}
}

func TestComplete(t *testing.T) {
	fifty := int64(50_000_000)
	list := List{Rows: []Row{
		{Line: 2, Name: "García López, Ana", Domain: "Grupo 1 (tarde)", Quota: "50MB"},
		{Line: 3, Name: "Ana", Surname: "García", Domain: "grupo 1, tarde"},
		{Line: 4, Address: "Luis@Otro.es", Password: "clave"},
		{Line: 5, Address: "eva"},
		{Line: 6, Name: "Pepe", Domain: "@pepe.org"},
		{Line: 7, Name: "Tomás"},
		{Line: 8, Name: "Sol", Domain: " 12 "},
	}}
	made := 0
	people, err := Complete(list, Options{
		Domain:      "pepito.es",
		NewPassword: func() (string, error) { made++; return fmt.Sprint("made-", made), nil },
		Taken:       func(address, name string) bool { return address == "tomas@pepito.es" && name != "Tomás Otro" },
	})
	want := []Person{
		{2, "ana.garcia@grupo-1-tarde.pepito.es", "Ana García López", "made-1", true, "grupo-1-tarde.pepito.es", &fifty},
		{3, "ana.garcia2@grupo-1-tarde.pepito.es", "Ana García", "made-2", true, "grupo-1-tarde.pepito.es", nil},
		{4, "luis@otro.es", "", "clave", false, "Otro.es", nil},
		{5, "eva@pepito.es", "", "made-3", true, "pepito.es", nil},
		{6, "pepe@pepe.org", "Pepe", "made-4", true, "pepe.org", nil},
		{7, "tomas2@pepito.es", "Tomás", "made-5", true, "pepito.es", nil},
		{8, "sol@g12.pepito.es", "Sol", "made-6", true, "g12.pepito.es", nil},
	}
	if err != nil || !reflect.DeepEqual(people, want) {
		t.Errorf("%+v\n%v", people, err)
	}
}

func TestCompleteTellsEverything(t *testing.T) {
	list := List{Rows: []Row{
		{Line: 2, Name: "Ana"},
		{Line: 3, Name: "Ana", Domain: "grupo 1"},
		{Line: 4, Name: "王", Domain: "a.es"},
		{Line: 5, Name: "Ana", Domain: "!!"},
		{Line: 6, Address: "a b@a.es"},
		{Line: 7, Address: "luis@a.es", Password: "bad"},
		{Line: 8, Address: "eva@a.es", Quota: "mucho"},
		{Line: 9, Address: "eli@a.es"},
		{Line: 10, Address: "ELI@a.es"},
	}}
	_, err := Complete(list, Options{
		NewPassword:   func() (string, error) { return "x", nil },
		CheckPassword: func(string) error { return errors.New("too bad") },
	})
	for _, want := range []string{
		"line 2: this person has no domain", "line 3: the group \"grupo 1\" becomes grupo-1", "line 4: there is neither",
		"line 5: no domain can be made", "line 6: address", "line 7: too bad", "line 8: ", "line 10: eli@a.es stands in line 9 already",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	var many []Row
	for n := range 100 {
		many = append(many, Row{Line: n})
	}
	_, err = Complete(List{Rows: many}, Options{Domain: "a.es"})
	if n := strings.Count(fmt.Sprint(err), "\n") + 1; n != mostErrors {
		t.Errorf("%d errors", n)
	}
}

// What is written is read again as it was.
func FuzzRoster(f *testing.F) {
	f.Add("ana@pepito.es", "Ana \"la\" García", "=clave;,\t", byte(0))
	f.Add("'@x", "-", "+1", byte(1))
	f.Add("0", "0\f0", "0", byte(0))
	f.Fuzz(func(t *testing.T, address, name, password string, separator byte) {
		_, _ = Read([]byte(name)) // anything at all must be refused or read, and not break
		row := []string{address, name, password}
		for _, c := range row {
			if len(c) > maxCell || strings.ContainsAny(c, "\r\x00") || strings.TrimSpace(c) != c || strings.ToValidUTF8(c, "") != c ||
				strings.HasPrefix(c, "\ufeff") {
				return
			}
		}
		if address == "" {
			return
		}
		var b bytes.Buffer
		comma := []rune{';', ',', '\t'}[separator%3]
		if err := Write(&b, comma, [][]string{{"address", "name", "password"}, row}); err != nil {
			t.Fatal(err)
		}
		list, err := Read(b.Bytes())
		oneSpace := func(s string) string { return strings.Join(strings.Fields(s), " ") } // but in passwords, which are kept
		want := Row{Line: 2, Address: oneSpace(address), Name: oneSpace(name), Password: password}
		if err != nil || len(list.Rows) != 1 || list.Rows[0] != want || list.Comma != comma {
			t.Fatalf("%q → %+v, %v", b.String(), list, err)
		}
	})
}
