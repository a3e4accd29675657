package words

import (
	"encoding/json"
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Minute: "1 min", 10 * time.Minute: "10 min", time.Hour + 30*time.Minute: "1 h 30 min", 90 * time.Second: "1 min 30 s",
		400 * time.Millisecond: "400 ms", 1500 * time.Millisecond: "1 s 500 ms", 26 * time.Hour: "1 d 2 h", 0: "0s", 3 * time.Microsecond: "3µs",
	} {
		if got := Span(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// A time among the arguments is said plainly, also at the other end of a socket.
func TestSpanIsSaid(t *testing.T) {
	w, err := New("es")
	if err != nil {
		t.Fatal(err)
	}
	said := Fail("collect.often", Args{"Value": 30 * time.Second, "Least": time.Minute})
	const want = "30 s es demasiado a menudo: como mucho, una vez cada 1 min"
	if got := w.Error(said); got != want {
		t.Errorf("%q", got)
	}
	raw, err := json.Marshal(said)
	if err != nil {
		t.Fatal(err)
	}
	var there Error
	if err := json.Unmarshal(raw, &there); err != nil {
		t.Fatal(err)
	}
	if got := w.Error(&there); got != want {
		t.Errorf("%q", got)
	}
}
