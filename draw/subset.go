package draw

import (
	"encoding/binary"
	"slices"
)

// subset gives a TrueType font with the outlines of some characters only, so
// that a picture can carry it. Glyphs keep their numbers; those that are not
// used are empty. It is for the fonts of this package, which are well-formed.
func (f *fonts) subset(which face, used map[rune]bool) []byte {
	tables := tablesOf(f.octets[which])
	long := binary.BigEndian.Uint16(tables["head"][50:]) != 0
	loca, glyf := tables["loca"], tables["glyf"]
	place := func(glyph int) (from, to uint32) {
		if long {
			return binary.BigEndian.Uint32(loca[4*glyph:]), binary.BigEndian.Uint32(loca[4*glyph+4:])
		}
		return 2 * uint32(binary.BigEndian.Uint16(loca[2*glyph:])), 2 * uint32(binary.BigEndian.Uint16(loca[2*glyph+2:]))
	}
	keep := map[int]bool{0: true}
	for r := range used {
		if glyph, err := f.all[which].GlyphIndex(&f.buf, r); err == nil {
			keep[int(glyph)] = true
		}
	}
	for _, glyph := range sortedKeys(keep) {
		from, to := place(glyph)
		keepParts(glyf, from, to, keep, place)
	}
	var outlines, places []byte
	n := int(binary.BigEndian.Uint16(tables["maxp"][4:]))
	for glyph := range n {
		places = binary.BigEndian.AppendUint32(places, uint32(len(outlines)))
		if from, to := place(glyph); keep[glyph] {
			outlines = append(outlines, glyf[from:to]...)
			for len(outlines)%4 != 0 {
				outlines = append(outlines, 0)
			}
		}
	}
	places = binary.BigEndian.AppendUint32(places, uint32(len(outlines)))
	head := slices.Clone(tables["head"])
	binary.BigEndian.PutUint16(head[50:], 1)
	post := make([]byte, 32)
	copy(post, tables["post"][:32])
	binary.BigEndian.PutUint32(post, 0x00030000) // without names
	return fontOf(map[string][]byte{"cmap": tables["cmap"], "glyf": outlines, "head": head, "hhea": tables["hhea"], "hmtx": tables["hmtx"],
		"loca": places, "maxp": tables["maxp"], "name": tables["name"], "OS/2": tables["OS/2"], "post": post})
}

// keepParts adds the glyphs that a glyph is put together from.
func keepParts(glyf []byte, from, to uint32, keep map[int]bool, place func(int) (uint32, uint32)) {
	const words, scale, more, xyScale, matrix = 1, 8, 32, 64, 128
	if to-from < 10 || int16(binary.BigEndian.Uint16(glyf[from:])) >= 0 {
		return
	}
	for at := from + 10; at+4 <= to; {
		flags, part := binary.BigEndian.Uint16(glyf[at:]), int(binary.BigEndian.Uint16(glyf[at+2:]))
		if !keep[part] {
			keep[part] = true
			begin, end := place(part)
			keepParts(glyf, begin, end, keep, place)
		}
		at += 6
		if flags&words != 0 {
			at += 2
		}
		switch {
		case flags&scale != 0:
			at += 2
		case flags&xyScale != 0:
			at += 4
		case flags&matrix != 0:
			at += 8
		}
		if flags&more == 0 {
			return
		}
	}
}

func tablesOf(font []byte) map[string][]byte {
	tables := map[string][]byte{}
	for i := range int(binary.BigEndian.Uint16(font[4:])) {
		entry := font[12+16*i:]
		from, n := binary.BigEndian.Uint32(entry[8:]), binary.BigEndian.Uint32(entry[12:])
		tables[string(entry[:4])] = font[from : from+n]
	}
	return tables
}

// fontOf puts tables together (OpenType, "Organization of an OpenType font").
func fontOf(tables map[string][]byte) []byte {
	names := sortedKeys(tables)
	n, log := len(names), 0
	for 2<<log <= n {
		log++
	}
	out := binary.BigEndian.AppendUint32(nil, 0x00010000)
	for _, v := range []int{n, 16 << log, log, 16*n - 16<<log} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	at := uint32(12 + 16*n)
	for _, name := range names {
		out = append(out, name...)
		for _, v := range []uint32{checksum(tables[name]), at, uint32(len(tables[name]))} {
			out = binary.BigEndian.AppendUint32(out, v)
		}
		at += uint32(len(tables[name])+3) &^ 3
	}
	for _, name := range names {
		out = append(out, tables[name]...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	return out
}

func checksum(table []byte) (sum uint32) {
	for len(table) >= 4 {
		sum += binary.BigEndian.Uint32(table)
		table = table[4:]
	}
	var last [4]byte
	copy(last[:], table)
	return sum + binary.BigEndian.Uint32(last[:])
}

func sortedKeys[K int | string, V any](m map[K]V) []K {
	var keys []K
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
