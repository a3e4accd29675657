package draw

import "codeberg.org/go-pdf/fpdf"

// Face names a font of the pictures, for documents that carry a diagram and
// look like it.
type Face uint8

const (
	Sans Face = iota
	SansBold
	Mono
	MonoBold
)

// Fonts are the pictures' fonts in a document. They belong to one goroutine.
type Fonts struct{ f *fonts }

// AddFonts puts them into it.
func AddFonts(doc *fpdf.Fpdf) (*Fonts, error) {
	f, err := newFonts()
	if err != nil {
		return nil, err
	}
	for which := range faces {
		family, style := which.pdf()
		doc.AddUTF8FontFromBytes(family, style, append([]byte(nil), f.octets[which]...))
	}
	return &Fonts{f}, doc.Error()
}

// Use makes the document write in a face from now on; size is in points.
func (f *Fonts) Use(doc *fpdf.Fpdf, which Face, size float64) {
	family, style := face(which).pdf()
	doc.SetFont(family, style, size)
}

// Width is how wide a text is, in points.
func (f *Fonts) Width(which Face, size float64, text string) float64 {
	return f.f.width(face(which), size, text)
}

// Printable replaces what a face does not have by an empty box.
func (f *Fonts) Printable(which Face, text string) string { return f.f.printable(face(which), text) }
