package draw

import (
	"fmt"
	"strings"
	"testing"
)

// box is where a text stands.
type box struct {
	x, y, x2, y2 float64
	text         string
}

func boxes(l *layout, p *page) (all []box) {
	for _, s := range p.shapes {
		if s.form != text {
			continue
		}
		wide, size, said := l.runs(s.text), 0.0, ""
		for _, r := range s.text {
			size, said = max(size, r.size), said+r.text
		}
		if said == "" {
			continue
		}
		x := s.at.x
		switch s.anchor {
		case atMiddle:
			x -= wide / 2
		case atEnd:
			x -= wide
		}
		all = append(all, box{x, s.at.y - 0.72*size, x + wide, s.at.y + 0.05*size, said})
	}
	return all
}

// No text stands on another, nor beyond the page, in either language, whatever
// is said.
func TestNothingOverlaps(t *testing.T) {
	all := samples()
	all["long words"] = []spoken{{client: "[2001:db8:1234:5678:9abc:def0:1234:5678]:50000", server: "[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:2525", turns: []string{
		"S 1 220 " + strings.Repeat("very-long-name.", 9) + "example " + strings.Repeat("ä", 200) + "|", "C 1 EHLO " + strings.Repeat("x", 300) + "|",
		"S 1 250-" + strings.Repeat("y", 400) + "|250 " + strings.Repeat("WORD ", 90) + "|", "C 1 漢字 漢字 \xff\xfe|", "S 90 500 5.5.2 " + strings.Repeat("no ", 200) + "|"}}}
	for name, s := range all {
		for _, lang := range []string{"en", "es"} {
			for _, high := range []float64{0, 900} {
				l, err := newLayout(New(hear(t, s...), Options{Words: speaks(t, lang), Steps: 60}))
				if err != nil {
					t.Fatal(err)
				}
				for n, p := range l.pages(high) {
					checkPage(t, fmt.Sprintf("%s in %s, page %d", name, lang, n), l, p)
				}
				l, err = New(hear(t, s...), Options{Words: speaks(t, lang), Steps: 60}).set()
				if err != nil {
					t.Fatal(err)
				}
				for n, p := range l.divided(sheets{first: 500, high: 1300, bare: true}) {
					checkPage(t, fmt.Sprintf("%s in %s among text, page %d", name, lang, n), l, p)
				}
			}
		}
	}
}

// Arrows that left together stand on one page, wherever it ends.
func TestGroupsAreNotCut(t *testing.T) {
	groups := 0
	for name, s := range samples() {
		l, err := newLayout(New(hear(t, s...), Options{Words: speaks(t, "en")}))
		if err != nil {
			t.Fatal(err)
		}
		for at := range l.blocks {
			last, n := l.group(at, len(l.blocks))
			if n < 2 {
				continue
			}
			groups++
			for room := 500.0; room < 700; room += 10 { // a page that begins two blocks before
				before := max(0, at-2)
				if end := l.cut(before, room, true); end > at && end <= last {
					t.Errorf("%s: a page of %v ends after %d of blocks %d to %d", name, room, end, at, last)
				}
				if end := l.cut(0, room, true); end > at && end <= last {
					t.Errorf("%s: a page of %v from the top ends after %d of blocks %d to %d", name, room, end, at, last)
				}
			}
		}
	}
	if groups < 5 {
		t.Errorf("%d groups in the samples", groups)
	}
}

func checkPage(t *testing.T, name string, l *layout, p *page) {
	t.Helper()
	all := boxes(l, p)
	for i, a := range all {
		if a.x < 4 || a.x2 > p.w-4 || a.y < 4 || a.y2 > p.h-4 {
			t.Errorf("%s: %q is not on the page: %v of %v × %v", name, a.text, a, p.w, p.h)
		}
		for _, b := range all[i+1:] {
			if a.x < b.x2 && b.x < a.x2 && a.y < b.y2 && b.y < a.y2 {
				t.Errorf("%s: %q stands on %q", name, a.text, b.text)
			}
		}
	}
	for _, s := range p.shapes {
		for _, q := range append(s.points, s.at) {
			if q.x < 0 || q.x > p.w || q.y < 0 || q.y > p.h {
				t.Errorf("%s: a shape reaches beyond the page: %+v", name, s)
			}
		}
	}
}

// A page may begin anywhere, also behind the time that passed between two sessions.
func TestPagesBeginAnywhere(t *testing.T) {
	behind := 0
	for name, s := range samples() {
		l, err := newLayout(New(hear(t, s...), Options{Words: speaks(t, "en")}))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range l.blocks {
			if b.step >= 0 && b.band >= 0 && l.bands[b.band].session < 0 {
				behind++
			}
		}
		for high := 300.0; high < 1400; high += 11 {
			if pages := l.pages(high); len(pages) == 0 {
				t.Errorf("%s in pages of %v: none", name, high)
			}
		}
	}
	if behind == 0 {
		t.Error("no sample pauses between sessions")
	}
}
