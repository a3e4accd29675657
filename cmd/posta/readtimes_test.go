package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"

	"posta/capture"
)

// stamped is the laboratory's capture as pcapng, in microseconds, with times of
// the year 586,524 from the given packet on.
func stamped(t *testing.T, from int) []byte {
	t.Helper()
	le := binary.LittleEndian
	block := func(file []byte, kind uint32, body []byte) []byte {
		body = append(body, make([]byte, -len(body)&3)...)
		n := uint32(len(body) + 12)
		return le.AppendUint32(append(le.AppendUint32(le.AppendUint32(file, kind), n), body...), n)
	}
	file := block(nil, 0x0a0d0d0a, append(le.AppendUint32(nil, 0x1a2b3c4d), 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255))
	r, err := capture.NewReader(bytes.NewReader(labCapture))
	if err != nil {
		t.Fatal(err)
	}
	var p capture.Packet
	err = r.Next(&p)
	file = block(file, 1, []byte{byte(p.Link), byte(p.Link >> 8), 0, 0, 0, 0, 0, 0})
	for ; err == nil; err = r.Next(&p) {
		stamp := uint64(p.Time.UnixMicro())
		if int(p.Number) >= from {
			stamp |= 0xffffffff << 32
		}
		body := le.AppendUint32(le.AppendUint32(make([]byte, 4), uint32(stamp>>32)), uint32(stamp))
		body = le.AppendUint32(le.AppendUint32(body, uint32(len(p.Data))), uint32(p.Wire))
		file = block(file, 6, append(body, p.Data...))
	}
	return file
}

// Times that no calendar has break neither form: those packets have none.
func TestReadAbsurdTimes(t *testing.T) {
	for _, from := range []int{1, 2, 20} {
		file := stamped(t, from)
		for _, args := range [][]string{nil, {"--conversations"}, {"--streams"}, {"--filter", "tcp"}, {"--fields", "frame.number,frame.time,frame.time_epoch"}} {
			status, out, errs := readCapture(t, file, append(args, "--json")...)
			if status != exitDone || errs != "" || out == "" {
				t.Errorf("from %d, %q: %d %s", from, args, status, errs)
			}
			for line := range strings.Lines(out) {
				if !json.Valid([]byte(line)) && !json.Valid([]byte(out)) {
					t.Errorf("from %d, %q: no JSON: %s", from, args, line)
				}
			}
			status, out, errs = readCapture(t, file, args...)
			if status != exitDone || errs != "" || strings.Contains(out, "9223372036") {
				t.Errorf("from %d, %q: %d %s%s", from, args, status, out, errs)
			}
		}
	}
	_, out, _ := readCapture(t, stamped(t, 20), "--filter", "frame.time", "--fields", "frame.number")
	if lines := strings.Fields(out); lines[len(lines)-1] != "19" {
		t.Errorf("the last packet with a time is %s", lines[len(lines)-1])
	}
}
