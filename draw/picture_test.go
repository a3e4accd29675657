package draw

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/color"
	"image/png"
	"io"
	"math"
	"testing"
)

// The picture of the manual is what the program draws.
func TestPictureOfTheManual(t *testing.T) {
	var b bytes.Buffer
	if err := New(hear(t, lab()...), Options{Words: english(t)}).SVG(&b, Light); err != nil {
		t.Fatal(err)
	}
	golden(t, "../../docs/diagram.svg", b.Bytes())
}

// pictures are all that a diagram is drawn as.
func pictures(d *Diagram, t Theme) map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		"SVG": func(w io.Writer) error { return d.SVG(w, t) }, "PNG": func(w io.Writer) error { return d.PNG(w, t) },
		"PDF": func(w io.Writer) error { return d.PDF(w, t) }, "Mermaid": d.Mermaid,
		"text": func(w io.Writer) error { return d.Text(w, TextOptions{}) }}
}

// The same sessions are the same octets, and each picture can be read.
func TestPictures(t *testing.T) {
	for name, s := range samples() {
		for kind, draw := range pictures(New(hear(t, s...), Options{Words: english(t), Steps: 60}), Dark) {
			if (kind == "PNG" || kind == "PDF") && name != "pipelined" && name != "ciphertext" { // they take long
				continue
			}
			var one, two bytes.Buffer
			if err := errors.Join(draw(&one), pictures(New(hear(t, s...), Options{Words: english(t), Steps: 60}), Dark)[kind](&two)); err != nil {
				t.Fatalf("%s as %s: %v", name, kind, err)
			}
			if !bytes.Equal(one.Bytes(), two.Bytes()) {
				t.Errorf("%s as %s is another one each time", name, kind)
			}
			switch kind {
			case "SVG":
				for x := xml.NewDecoder(&one); ; {
					if _, err := x.Token(); err == io.EOF {
						break
					} else if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
				}
			case "PNG":
				if _, err := png.Decode(&one); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			case "PDF":
				if !bytes.HasPrefix(one.Bytes(), []byte("%PDF-")) || !bytes.Contains(one.Bytes(), []byte("%%EOF")) {
					t.Errorf("%s is no PDF", name)
				}
			}
		}
	}
}

// luminance and contrast are those of WCAG 2.2.
func luminance(c color.NRGBA) float64 {
	part := func(v uint8) float64 {
		if f := float64(v) / 255; f > 0.04045 {
			return math.Pow((f+0.055)/1.055, 2.4)
		}
		return float64(v) / 255 / 12.92
	}
	return 0.2126*part(c.R) + 0.7152*part(c.G) + 0.0722*part(c.B)
}

func TestContrast(t *testing.T) {
	for _, theme := range []Theme{Light, Dark} {
		c := theme.colours()
		check := func(on, above ink) {
			a, b := luminance(c[on])+0.05, luminance(c[above])+0.05
			if ratio := max(a, b) / min(a, b); ratio < 4.5 {
				t.Errorf("theme %d: ink %d on %d has a contrast of %.2f", theme, above, on, ratio)
			}
		}
		backs := []ink{paper, safeFill}
		for i := range inks - bandFill {
			backs = append(backs, bandFill+i)
			check(bandFill+i, bandInk+i)
		}
		for _, back := range backs {
			for _, text := range []ink{dark, middling, askInk, replyInk, badInk, lostInk, secretInk} {
				check(back, text)
			}
		}
		check(headFill, dark)
		check(headFill, middling)
		check(lostFill, lostInk)
		check(paper, safeInk)
		check(dark, onInk)
		check(badInk, onInk)
	}
}
