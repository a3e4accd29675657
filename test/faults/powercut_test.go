//go:build whole && linux

package faults

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"posta/test/notes"
)

// cutter is a disk whose power can be cut.
type cutter interface {
	name() string
	setting() setting
	cut(h *house, begins func()) error // the child is gone afterwards; begins is called when the power goes
	proved(h *house) error             // after the next start: something unsynced was really lost
}

// The power goes while letters come in: none of 10,000 acknowledged is lost.
// A real file system is shut down where the machine allows it; the layer below
// SQLite forgets what was not synced everywhere.
// rfc: 5321-6.1-1
func TestPowerCut(t *testing.T) {
	letters, cuts := 10_000, 4
	if soak() {
		letters, cuts = 50_000, 40
	}
	if os.Geteuid() == 0 {
		need(t, "mkfs.ext4", "e2fsprogs")
	}
	e, err := newExt4(t.TempDir())
	if err != nil {
		notes.Add(t, "this machine mounts no ext4 for us (%v): the layer below SQLite stands for it", err)
	} else {
		t.Run("ext4", func(t *testing.T) { powerCuts(t, e, letters, cuts) })
		letters /= 3
	}
	for _, keeps := range []string{keepsNone, keepsSome} {
		t.Run("layer-"+keeps, func(t *testing.T) {
			d := &layer{data: filepath.Join(t.TempDir(), "data"), keeps: keeps, seed: seed(t)}
			powerCuts(t, d, letters, cuts)
		})
	}
}

func powerCuts(t *testing.T, c cutter, letters, cuts int) {
	random := rand.New(rand.NewPCG(seed(t), 2))
	l := newLedger()
	h := start(t, c.setting())
	for i := range cuts {
		wait := load(t, h, l, random.Uint64(), 16)
		l.await(h, letters*(i+1)/cuts)
		if err := c.cut(h, l.darken); err != nil {
			t.Fatal(err)
		}
		wait()
		h = start(t, c.setting())
		if err := c.proved(h); err != nil {
			t.Error(err)
		}
		l.check(t, h, people)
		if t.Failed() {
			t.Fatalf("cut %d, FAULTS_SEED=%d", i+1, seed(t))
		}
	}
	h.stop(t)
	notes.Add(t, "%s: %d letters acknowledged, %d cuts, 0 lost", c.name(), l.acked, cuts)
}

// layer is the file layer in the child itself.
type layer struct {
	data, keeps string
	seed        uint64
	last        *house
}

func (d *layer) name() string { return "a file layer that forgets (" + d.keeps + " kept)" }

func (d *layer) setting() setting {
	d.seed++
	return setting{Data: d.data, Accounts: accounts(people), Cut: d.keeps, Seed: d.seed}
}

func (d *layer) cut(h *house, _ func()) error { // the child ends with it, and says nothing behind it
	d.last = h
	if err := h.tell("cut", nil); err != nil {
		return err
	}
	select {
	case <-h.ended:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("the cut does not end: %s", h.errors)
	}
}

func (d *layer) proved(*house) error {
	if said := d.last.errors.String(); !strings.Contains(said, "posta.db-wal: ") {
		return fmt.Errorf("no log was open at the cut: %s", said)
	}
	return nil
}

// ext4 is a file system in a file, mounted for the child alone.
type ext4 struct{ image, point string }

// canary is a file that is overwritten, and not synced, before each cut.
const canary = "canary"

var sung = sync.OnceValue(func() []byte { return bytes.Repeat([]byte("sung"), 64<<10) })

func newExt4(dir string) (*ext4, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("it needs root")
	}
	e := &ext4{filepath.Join(dir, "image"), filepath.Join(dir, "mnt")}
	if err := os.Mkdir(e.point, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(e.image, nil, 0o600); err != nil {
		return nil, err
	}
	if err := os.Truncate(e.image, 1<<30); err != nil {
		return nil, err
	}
	if out, err := run("mkfs.ext4", "-q", "-F", e.image); err != nil {
		return nil, fmt.Errorf("mkfs.ext4: %w: %s", err, out)
	}
	h, err := tryStart(e.setting()) // a trial: may it be mounted, and shut down?
	if err != nil {
		return nil, err
	}
	defer h.kill()
	return e, e.cut(h, func() {})
}

func (e *ext4) name() string { return "ext4 on a loop device, shut down by ioctl" }

func (e *ext4) setting() setting {
	return setting{
		Data: filepath.Join(e.point, "data"), Accounts: accounts(people),
		Mount: []string{"-t", "ext4", "-o", "loop", e.image, e.point},
	}
}

// cut shuts the file system down without its log: what no sync covered never
// was (EXT4_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH).
func (e *ext4) cut(h *house, begins func()) error {
	f, err := os.OpenFile(filepath.Join(h.inside(e.point), canary), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() == 0 {
		if _, err := f.Write(make([]byte, len(sung()))); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
	}
	if _, err := f.WriteAt(sung(), 0); err != nil {
		return err
	}
	const shutdown, noLogFlush = 0x8004587d, uint32(2)
	how := noLogFlush
	begins()
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), shutdown, uintptr(unsafe.Pointer(&how))); errno != 0 {
		return fmt.Errorf("shut ext4 down: %w", errno)
	}
	f.Close()
	return e.release(h)
}

// release waits until posta found out, or kills it, and the file system is
// unmounted with it.
func (e *ext4) release(h *house) error {
	select {
	case <-h.ended:
	case <-time.After(2 * time.Second): // nobody writes any more
		h.kill()
	}
	for end := time.Now().Add(patience); ; {
		used, err := loopUses(e.image)
		if err != nil || !used {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s stays mounted", e.image)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// loopUses says whether a loop device stands on a file.
func loopUses(image string) (bool, error) {
	names, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	for _, name := range names {
		if at, err := os.ReadFile(name); err == nil && strings.TrimSpace(string(at)) == image {
			return true, nil
		}
	}
	return false, err
}

func (e *ext4) proved(h *house) error {
	now, err := os.ReadFile(filepath.Join(h.inside(e.point), canary))
	if err != nil {
		return err
	}
	if bytes.Equal(now, sung()) {
		return fmt.Errorf("the cut threw nothing away: an octet that was never synced is there")
	}
	return nil
}
