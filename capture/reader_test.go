package capture

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// session is a short one, for tests of files.
func session() []Packet {
	var l line
	l.hands()
	l.c(101, 501, flagACK, "NOOP\r\n")
	l.s(501, 107, flagACK, "250 2.0.0 OK\r\n")
	for i := range l.packets {
		l.packets[i].Time = l.packets[i].Time.Add(123_456_789)
	}
	return l.packets
}

// places takes out of packets what a file says of them beside its own layout.
func places(all []Packet) []Packet {
	out := slices.Clone(all)
	for i := range out {
		out[i].At = 0
	}
	return out
}

func TestPcap(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, magic := range []uint32{pcapMicro, pcapNano} {
			want := session()
			if magic == pcapMicro {
				for i := range want {
					want[i].Time = want[i].Time.Truncate(time.Microsecond)
				}
			}
			got, r, err := readAll(t, pcapFile(order, magic, LinkEthernet, want))
			if err != io.EOF || !reflect.DeepEqual(places(got), want) {
				t.Errorf("%v %x: %v\n%+v\n%+v", order, magic, err, got, want)
			}
			if r.Info().Format != "pcap" || r.Packets() != len(want) {
				t.Errorf("%+v, %d packets", r.Info(), r.Packets())
			}
		}
	}
}

func TestPcapng(t *testing.T) {
	want := session()
	want[2].Comments = []string{"a comment", "ñ"}
	var b bytes.Buffer
	w, err := NewWriter(&b, "posta test", "about all")
	errs := []error{err}
	for _, name := range []string{"lo", "eth0"} {
		_, err := w.Interface(Adapter{name, "of a test", LinkEthernet}, "about "+name)
		errs = append(errs, err)
	}
	errs = append(errs, w.Secret(Secret{SecretTLS, []byte("CLIENT_RANDOM x y\n")}))
	for i := range want {
		want[i].Interface = i % 2
		errs = append(errs, w.Packet(&want[i]))
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	got, r, err := readAll(t, b.Bytes())
	if err != io.EOF || !reflect.DeepEqual(places(got), want) {
		t.Errorf("%v\n%+v\n%+v", err, got, want)
	}
	for i := range got {
		if at := got[i].At; !bytes.Equal(b.Bytes()[at:at+int64(len(got[i].Data))], got[i].Data) {
			t.Errorf("packet %d does not lie at %d", i+1, at)
		}
	}
	about := Info{Format: "pcapng", Interfaces: []Adapter{{"lo", "of a test", LinkEthernet}, {"eth0", "of a test", LinkEthernet}},
		Comments: []string{"about all", "about lo", "about eth0"}, Secrets: []Secret{{SecretTLS, []byte("CLIENT_RANDOM x y\n")}}}
	if !reflect.DeepEqual(*r.Info(), about) {
		t.Errorf("the capture says of itself %+v", *r.Info())
	}
}

// Stamps of every resolution and with an offset, RFC-draft §4.2.
func TestResolution(t *testing.T) {
	tests := []struct {
		resolution byte
		offset     int64
		stamp      uint64
		want       time.Time
	}{
		{6, 0, 1_700_000_000_123_456, time.Unix(1_700_000_000, 123_456_000)},
		{9, 0, 1_700_000_000_123_456_789, time.Unix(1_700_000_000, 123_456_789)},
		{0, 0, 1_700_000_000, time.Unix(1_700_000_000, 0)},
		{3, -3600, 1_700_000_000_500, time.Unix(1_699_996_400, 500_000_000)},
		{12, 1_700_000_000, 1_500_000_000_999, time.Unix(1_700_000_001, 500_000_000)},
		{19, 1_700_000_000, 5_000_000_000_000_000_000, time.Unix(1_700_000_000, 500_000_000)},
		{0x80 | 10, 0, 1_700_000_000<<10 | 512, time.Unix(1_700_000_000, 500_000_000)},
		{0x80 | 63, 1_700_000_000, 1<<63 | 1<<62, time.Unix(1_700_000_001, 500_000_000)},
		{0, 0, maxSeconds, time.Unix(maxSeconds, 0)},
		{0, -2 * maxSeconds, maxSeconds, time.Unix(-maxSeconds, 0)},
		{0, 0, maxSeconds + 1, time.Time{}}, // beyond what a moment holds
		{0, -2*maxSeconds - 1, maxSeconds, time.Time{}},
		{0, 0, 1 << 63, time.Time{}},
		{0, 1 << 62, 1 << 62, time.Time{}},
		{0, math.MaxInt64, math.MaxInt64, time.Time{}},
		{6, math.MinInt64, 0, time.Time{}},
	}
	for _, test := range tests {
		units, ok := resolution(test.resolution)
		if got := (clock{units, test.offset}).time(test.stamp); !ok || !got.Equal(test.want) {
			t.Errorf("%x: %v, not %v", test.resolution, got, test.want)
		}
	}
	for _, finest := range []byte{20, 127, 0x80 | 64} {
		if _, ok := resolution(finest); ok {
			t.Errorf("%x is taken", finest)
		}
	}
}

func TestCompressed(t *testing.T) {
	want := session()
	plain := pcapngFile(t, LinkEthernet, want)
	for name, pack := range packers() {
		packed := pack(plain)
		got, _, err := readAll(t, packed)
		if err != io.EOF || !reflect.DeepEqual(places(got), want) {
			t.Errorf("%s: %v, %d packets", name, err, len(got))
		}
		var damage *Damage
		if _, _, err := readAll(t, packed[:len(packed)-9]); !errors.As(err, &damage) || damage.Fault != CutOff {
			t.Errorf("%s, cut off: %v", name, err)
		}
		packed[len(packed)/2] ^= 0x55
		packed[len(packed)/2+1] ^= 0x55
		if _, _, err := readAll(t, packed); !errors.As(err, &damage) {
			t.Errorf("%s, damaged: %v", name, err)
		}
	}
}

func packers() map[string]func([]byte) []byte {
	return map[string]func([]byte) []byte{
		"gzip": func(b []byte) []byte {
			var out bytes.Buffer
			z := gzip.NewWriter(&out)
			_, _ = z.Write(b)
			_ = z.Close()
			return out.Bytes()
		},
		"zstd": func(b []byte) []byte {
			z, _ := zstd.NewWriter(nil)
			return z.EncodeAll(b, nil)
		},
	}
}

// A file cut anywhere gives every packet that is whole, and says where it is cut.
func TestCutAnywhere(t *testing.T) {
	want := session()
	for name, file := range map[string][]byte{
		"pcap":   pcapFile(binary.BigEndian, pcapNano, LinkEthernet, want),
		"pcapng": pcapngFile(t, LinkEthernet, want),
	} {
		whole, _, _ := readAll(t, file)
		for n := range file {
			got, r, err := readAll(t, file[:n])
			complete := 0
			for complete < len(whole) && whole[complete].At+int64(len(whole[complete].Data)) <= int64(n) {
				complete++
			}
			var damage *Damage
			if err != io.EOF && (!errors.As(err, &damage) || damage.At > int64(n)) {
				t.Errorf("%s, cut at %d: %v", name, n, err)
			}
			if r != nil && (len(got) > complete || len(got) < complete-1) || err == io.EOF && len(got) != complete {
				t.Errorf("%s, cut at %d: %d of %d packets; %v", name, n, len(got), complete, err)
			}
		}
	}
}

// Each fault is named, with its place.
func TestDamage(t *testing.T) {
	file := pcapngFile(t, LinkEthernet, session())
	first := func() int { // where the third block begins, which is the first packet
		n := binary.LittleEndian.Uint32(file[4:])
		return int(n + binary.LittleEndian.Uint32(file[n+4:]))
	}()
	change := func(at int, v uint32) []byte {
		b := slices.Clone(file)
		binary.LittleEndian.PutUint32(b[at:], v)
		return b
	}
	old := pcapFile(binary.LittleEndian, pcapMicro, LinkEthernet, session())
	long := slices.Clone(old)
	binary.LittleEndian.PutUint32(long[pcapHeader+8:], maxPacket+1)
	for name, test := range map[string]struct {
		file  []byte
		fault Fault
		at    int64
		block int
	}{
		"nothing":                    {nil, Empty, 0, 0},
		"a text":                     {[]byte("Received: by mail"), NoCapture, 0, 0},
		"two octets":                 {[]byte{0x0a, 0x0d}, NoCapture, 0, 0},
		"a pcap of another version":  {append(slices.Clone(old[:4]), bytes.Repeat([]byte{9}, 20)...), Version, 0, 0},
		"a long packet":              {long, TooLong, pcapHeader, 1},
		"no byte order":              {change(8, 7), ByteOrder, 0, 1},
		"a later version":            {change(12, 2), Version, 0, 1},
		"an impossible length":       {change(first+4, 11), Length, int64(first), 3},
		"two lengths":                {change(first+4, 60), Trailer, int64(first), 3},
		"a long block":               {change(first+4, 1<<30), TooLong, int64(first), 3},
		"an interface of nobody's":   {change(first+8, 1), Interface, int64(first), 3},
		"more octets than the block": {change(first+20, 1000), Length, int64(first), 3},
	} {
		_, _, err := readAll(t, test.file)
		var got *Damage
		if !errors.As(err, &got) || *got != (Damage{Fault: test.fault, At: test.at, Block: test.block}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An error of the machine is no damage of the file.
func TestReadError(t *testing.T) {
	file := pcapngFile(t, LinkEthernet, session())
	broken := fmt.Errorf("the disk is gone")
	r, err := NewReader(io.MultiReader(bytes.NewReader(file[:300]), failing{broken}))
	if err != nil {
		t.Fatal(err)
	}
	var p Packet
	for err == nil {
		err = r.Next(&p)
	}
	if err != broken {
		t.Errorf("%v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
