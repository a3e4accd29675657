package draw

import (
	_ "embed"
	"fmt"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// The fonts of the pictures; font/OFL.txt is their licence.
var (
	//go:embed font/Inter-Regular.ttf
	interRegular []byte
	//go:embed font/Inter-SemiBold.ttf
	interSemiBold []byte
	//go:embed font/JetBrainsMono-Regular.ttf
	monoRegular []byte
	//go:embed font/JetBrainsMono-Bold.ttf
	monoBold []byte
)

// face names one of the fonts.
type face uint8

const (
	sans face = iota
	sansBold
	mono
	bold // of mono
	faces
)

// fonts measure texts. They belong to one goroutine.
type fonts struct {
	all    [faces]*sfnt.Font
	octets [faces][]byte
	wide   [faces]map[rune]float64 // advances, in parts of the font's size; a missing one is below 0
	buf    sfnt.Buffer
}

func newFonts() (*fonts, error) {
	f := &fonts{octets: [faces][]byte{interRegular, interSemiBold, monoRegular, monoBold}}
	for i, octets := range f.octets {
		var err error
		if f.all[i], err = sfnt.Parse(octets); err != nil {
			return nil, fmt.Errorf("draw: font %d: %w", i, err)
		}
		f.wide[i] = map[rune]float64{}
	}
	return f, nil
}

// missingWidth is what a character takes that a font does not have.
const missingWidth = 1

// advance is a character's width in parts of the font's size.
func (f *fonts) advance(which face, r rune) float64 {
	wide, ok := f.wide[which][r]
	if !ok {
		wide = -1
		one := f.all[which]
		if glyph, err := one.GlyphIndex(&f.buf, r); err == nil && glyph != 0 {
			units := fixed.Int26_6(one.UnitsPerEm())
			if advance, err := one.GlyphAdvance(&f.buf, glyph, units, font.HintingNone); err == nil {
				wide = float64(advance) / float64(units)
			}
		}
		f.wide[which][r] = wide
	}
	return wide
}

// has says whether a font has a character.
func (f *fonts) has(which face, r rune) bool { return f.advance(which, r) >= 0 }

// width is a text's.
func (f *fonts) width(which face, size float64, text string) (wide float64) {
	for _, r := range text {
		if one := f.advance(which, r); one >= 0 {
			wide += one * size
		} else {
			wide += missingWidth * size
		}
	}
	return wide
}

// instead stands for a character that a font does not have.
func (f *fonts) instead(which face) rune {
	for _, r := range "▯□" {
		if f.has(which, r) {
			return r
		}
	}
	return '?'
}

// printable replaces what a font does not have.
func (f *fonts) printable(which face, text string) string {
	out := []rune(text)
	for i, r := range out {
		if !f.has(which, r) {
			out[i] = f.instead(which)
		}
	}
	return string(out)
}
