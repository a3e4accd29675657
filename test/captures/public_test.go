//go:build whole

package captures

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"posta/capture"
	"posta/capture/capturetest"
)

// Every TCP segment of the public captures has the stream, sequence number and
// length that tshark gives it, and there are as many streams.
func TestPublicCapturesAsTshark(t *testing.T) {
	captures := capturetest.Dir(t)
	files, segments := 0, 0
	err := filepath.WalkDir(captures, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !slices.Contains([]string{".pcap", ".pcapng", ".gz"}, filepath.Ext(name)) {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		r, err := capture.NewReader(f)
		if err != nil {
			return err
		}
		defer r.Close()
		seen := &teller{}
		if err := capture.Read(t.Context(), r, seen, capture.Limits{}); err != nil {
			return err
		}
		frames := fields(t, name, "tcp && !icmp && !icmpv6", "frame.number", "tcp.stream", "tcp.seq", "tcp.len")
		if frames[0] == "" {
			frames = nil
		}
		if !slices.Equal(frames, seen.frames) {
			t.Errorf("%s: tshark sees\n%s\nposta\n%s", name, strings.Join(frames, " "), strings.Join(seen.frames, " "))
		}
		files++
		segments += len(frames)
		return nil
	})
	if err != nil || files < 70 || segments < 2000 {
		t.Errorf("%d files, %d segments: %v", files, segments, err)
	}
}
