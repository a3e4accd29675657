package words

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// Every text of an attempt is known again, with what it holds, and in English it
// comes back as it was.
func TestAgain(t *testing.T) {
	w := map[string]*Words{}
	for _, lang := range Languages() {
		w[lang], _ = New(lang)
	}
	english := catalog(t, Fallback)
	for _, id := range slices.Sorted(maps.Keys(english)) {
		if !strings.HasPrefix(id, "attempt.") {
			continue
		}
		args := Args{}
		for _, name := range holes(english[id]["other"]) {
			args[name] = name + " (of 10:25)"
		}
		kept := Fail(id, args).Error()
		for lang, w := range w {
			if got, known := w.Again("attempt", kept); !known || got != w.Say(id, args) {
				t.Errorf("%s: %q became %q", lang, kept, got)
			}
		}
	}
}

func TestAgainWithin(t *testing.T) {
	w, err := New("es")
	if err != nil {
		t.Fatal(err)
	}
	kept := Fail("attempt.certificate", Args{"Reason": Fail("attempt.cert_expired", Args{"Date": "2026-01-02"})}).Error()
	for in, want := range map[string]string{
		kept:                           "El certificado del servidor no es válido: caducó el 2026-01-02",
		"No connection: what is new":   "Sin conexión: what is new",
		"550 5.1.1 The domain is gone": "550 5.1.1 The domain is gone",
		"":                             "",
		"An administrator returned it": "Un administrador lo devolvió",
	} {
		if got, _ := w.Again("attempt", in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	if _, known := w.Again("no section", "refused"); known {
		t.Error("a text of no section is known")
	}
}
