package capture

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// RingOptions bound the files of a Ring.
type RingOptions struct {
	Path  string        // "x.pcapng": the files are x_00001_20261126211138.pcapng and so on, as dumpcap names them
	Files int           // how many there may be, those of earlier runs too
	Size  int64         // octets of one; 0: no bound
	Every time.Duration // how long one is written; 0: no bound
}

// Ring is a Writer of pcapng's blocks into files that follow one another; the
// oldest make room. Each is complete by itself: it begins with the section, its
// interfaces, and the secrets that its packets may need.
type Ring struct {
	o       RingOptions
	now     func() time.Time
	remove  func(name string) error
	names   []string // of the files that are there, oldest first
	stay    []string // of older ones that could not be removed
	count   int
	file    *os.File
	size    int64
	packets int
	opened  time.Time
	head    []byte   // the section and its interfaces
	secrets [][]byte // blocks
	octets  int      // of them
}

// maxRingSecrets bounds what each file may begin with.
const maxRingSecrets = 1 << 20

// NewRing begins with the first file. Files of earlier runs belong to the ring.
func NewRing(o RingOptions) (*Ring, error) { return newRing(o, time.Now) }

func newRing(o RingOptions, now func() time.Time) (*Ring, error) {
	r := &Ring{o: o, now: now, remove: os.Remove}
	if err := r.find(); err != nil {
		return nil, err
	}
	return r, r.turn()
}

// find takes the files of earlier runs into the ring, by their times and numbers.
func (r *Ring) find() error {
	folder, stem, end := r.parts()
	all, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	name := regexp.MustCompile("^" + regexp.QuoteMeta(stem) + `_(\d{5})_(\d{14})` + regexp.QuoteMeta(end) + "$")
	type file struct{ name, number, at string }
	var found []file
	for _, one := range all {
		if m := name.FindStringSubmatch(one.Name()); m != nil && one.Type().IsRegular() {
			found = append(found, file{filepath.Join(folder, one.Name()), m[1], m[2]})
		}
	}
	slices.SortFunc(found, func(a, b file) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.number, b.number)) })
	for _, one := range found {
		r.names = append(r.names, one.name)
		r.count, _ = strconv.Atoi(one.number)
	}
	return nil
}

// parts are the folder of the files, and how their names begin and end.
func (r *Ring) parts() (folder, stem, end string) {
	folder, name := filepath.Split(r.o.Path)
	end = filepath.Ext(name)
	return cmp.Or(folder, "."), strings.TrimSuffix(name, end), end
}

// turn goes on in a new file.
func (r *Ring) turn() error {
	if err := r.Close(); err != nil {
		return err
	}
	if err := r.makeRoom(); err != nil {
		return err
	}
	r.count = r.count%99999 + 1
	r.opened, r.size, r.packets = r.now(), 0, 0
	folder, stem, end := r.parts()
	name := filepath.Join(folder, fmt.Sprintf("%s_%05d_%s%s", stem, r.count, r.opened.Format("20060102150405"), end))
	var err error
	if r.file, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return err
	}
	r.names = append(r.names, name)
	return r.put(append([][]byte{r.head}, r.secrets...)...)
}

// makeRoom removes the oldest files. One that cannot be removed, as on Windows one
// that another program has open, is tried again for the next file; so many of them
// end the ring, or nothing would bound the disk.
func (r *Ring) makeRoom() error {
	over := max(0, len(r.names)-r.o.Files+1)
	old := append(r.stay, r.names[:over]...)
	r.names, r.stay = r.names[over:], nil
	var last error
	for _, name := range old {
		if err := r.remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.stay, last = append(r.stay, name), err
		}
	}
	if len(r.stay) > r.o.Files {
		return last
	}
	return nil
}

func (r *Ring) put(blocks ...[]byte) error {
	for _, block := range blocks {
		n, err := r.file.Write(block)
		if r.size += int64(n); err != nil {
			return err
		}
	}
	return nil
}

// Write implements io.Writer: it takes a whole block.
func (r *Ring) Write(block []byte) (int, error) {
	if len(block) < 12 {
		return 0, fs.ErrInvalid
	}
	switch binary.LittleEndian.Uint32(block) {
	case blockSection:
		r.head = slices.Clone(block)
	case blockInterface:
		r.head = append(r.head, block...)
	case blockSecrets:
		r.keep(block)
	default:
		if r.full(len(block)) {
			if err := r.turn(); err != nil {
				return 0, err
			}
		}
		r.packets++
	}
	if err := r.put(block); err != nil {
		return 0, err
	}
	return len(block), nil
}

// full says that the next packet belongs into the next file.
func (r *Ring) full(next int) bool {
	return r.packets > 0 && (r.o.Size > 0 && r.size+int64(next) > r.o.Size || r.o.Every > 0 && r.now().Sub(r.opened) >= r.o.Every)
}

func (r *Ring) keep(block []byte) {
	r.secrets, r.octets = append(r.secrets, slices.Clone(block)), r.octets+len(block)
	for r.octets > maxRingSecrets {
		r.octets -= len(r.secrets[0])
		r.secrets = r.secrets[1:]
	}
}

// Forget says that no packet will need a secret any longer.
func (r *Ring) Forget(data []byte) {
	r.secrets = slices.DeleteFunc(r.secrets, func(block []byte) bool {
		its := bytes.Contains(block, data)
		if its {
			r.octets -= len(block)
		}
		return its
	})
}

// Close ends the file at hand.
func (r *Ring) Close() error {
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}
