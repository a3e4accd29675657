package capture

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"posta/capture/capturetest"
	"posta/event"
)

func sharedCaptures(t *testing.T, suffixes ...string) []string {
	var found []string
	err := filepath.WalkDir(capturetest.Dir(t), func(p string, d fs.DirEntry, err error) error {
		for _, suffix := range suffixes {
			if err == nil && strings.HasSuffix(p, suffix) {
				found = append(found, p)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// readFile reads a file to its end.
func readFile(t *testing.T, name string, w *watcher) *Reader {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer r.Close()
	if err := Read(t.Context(), r, w, Limits{}); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return r
}

// trueStream is a line of *.streams.jsonl.
type trueStream struct {
	Stream       uint32
	Node0, Node1 string
	There        trueHalf `json:"node0_to_1"`
	Back         trueHalf `json:"node1_to_0"`
	Gap          bool
}

type trueHalf struct {
	Bytes  int64
	SHA256 string
}

func TestStreamsAsTsharkSeesThem(t *testing.T) {
	streams := 0
	for _, answers := range sharedCaptures(t, ".streams.jsonl") {
		name := strings.TrimSuffix(answers, ".streams.jsonl")
		w := newWatcher(t, false)
		readFile(t, name, w)
		for want := range jsonLines[trueStream](t, answers) {
			streams++
			got := w.streams[uint64(want.Stream)+1]
			if got == nil {
				t.Errorf("%s: there is no stream %d", name, want.Stream)
				continue
			}
			compareStream(t, name, got, want)
		}
	}
	if streams < 50 {
		t.Errorf("only %d streams were compared", streams)
	}
}

func compareStream(t *testing.T, name string, got *tale, want trueStream) {
	first, second := event.FromDialer, event.FromListener
	nodes := [2]string{got.opened.Remote.String(), got.opened.Local.String()}
	if got.opened.First == event.FromListener {
		first, second = second, first
	}
	if nodes[first] != want.Node0 || nodes[second] != want.Node1 {
		t.Errorf("%s: stream %d is %s to %s, not %s to %s", name, want.Stream, nodes[first], nodes[second], want.Node0, want.Node1)
	}
	for i, half := range []trueHalf{want.There, want.Back} {
		d := [2]event.Dir{first, second}[i]
		if got.said[d] != half.Bytes {
			t.Errorf("%s: stream %d, direction %d: %d octets, not %d", name, want.Stream, i, got.said[d], half.Bytes)
		}
		if sum := hex.EncodeToString(got.sum[d].Sum(nil)); sum != half.SHA256 && got.lost[d] == 0 {
			t.Errorf("%s: stream %d, direction %d: the octets differ", name, want.Stream, i)
		}
	}
	if gap := got.lost[0]+got.lost[1] > 0; gap != want.Gap {
		t.Errorf("%s: stream %d: a gap is %v, not %v", name, want.Stream, gap, want.Gap)
	}
}

// Every mail frame that tshark answered for has the same number, stream,
// sequence number, length, ends and time.
func TestFramesAsTsharkSeesThem(t *testing.T) {
	frames := 0
	for _, answers := range sharedCaptures(t, ".tshark.jsonl") {
		name := strings.TrimSuffix(answers, ".tshark.jsonl")
		w := newWatcher(t, false)
		readFile(t, name, w)
		for want := range jsonLines[map[string]any](t, answers) {
			number, err := strconv.ParseUint(want["frame.number"].(string), 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			frames++
			compareFrame(t, name, w, w.frames[uint32(number)], want)
		}
	}
	if frames < 1000 {
		t.Errorf("only %d frames were compared", frames)
	}
}

func compareFrame(t *testing.T, name string, w *watcher, got seen, want map[string]any) {
	if got.conn == 0 {
		t.Errorf("%s: frame %v is of no stream", name, want["frame.number"])
		return
	}
	ends := w.streams[got.conn].opened.Endpoints
	src, dst := ends.Remote, ends.Local
	if got.Dir == event.FromListener {
		src, dst = dst, src
	}
	has := map[string]string{
		"frame.time_epoch": fmt.Sprintf("%d.%09d", got.Time.Unix(), got.Time.Nanosecond()),
		"tcp.stream":       strconv.FormatUint(got.conn-1, 10),
		"tcp.seq":          strconv.FormatUint(uint64(got.Segment.Seq), 10),
		"tcp.len":          strconv.Itoa(int(got.Segment.Len)),
		"tcp.srcport":      strconv.Itoa(int(src.Port())), "tcp.dstport": strconv.Itoa(int(dst.Port())),
		"ip.src": src.Addr().String(), "ip.dst": dst.Addr().String(),
		"ipv6.src": src.Addr().String(), "ipv6.dst": dst.Addr().String(),
	}
	for field, value := range has {
		text, given := want[field].(string) // of an ICMP error tshark has several addresses and no length
		if given && text != value {
			t.Errorf("%s: frame %v: %s is %s, not %s", name, want["frame.number"], field, value, text)
		}
	}
}

// The packets of the reader test's files are as many as capinfos counts.
func TestPcapngGenerator(t *testing.T) {
	files := 0
	for _, answers := range sharedCaptures(t, "/expected.jsonl") {
		for want := range jsonLines[struct{ File, Packets string }](t, answers) {
			files++
			name := filepath.Join(filepath.Dir(answers), filepath.FromSlash(want.File))
			r := readFile(t, name, newWatcher(t, false))
			if got := strconv.Itoa(r.Packets()); got != want.Packets {
				t.Errorf("%s: %s packets, not %s", name, got, want.Packets)
			}
		}
	}
	if files < 20 {
		t.Errorf("only %d files were read", files)
	}
}

// jsonLines reads a file of JSON objects, a line each.
func jsonLines[T any](t *testing.T, name string) func(func(T) bool) {
	return func(yield func(T) bool) {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var one T
			if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !yield(one) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
}
