package wire

import "time"

// stuck is the pause between two looks at a peer that has said more than can
// be held meanwhile.
const stuck = 50 * time.Millisecond

// Pause sends what waits to be sent and then lets d pass, while what the peer
// says is only held. It ends before its time when the peer closes its side, or
// at Interrupt. The line that was read last stays lent.
func (c *Conn) Pause(d time.Duration) {
	end := time.Now().Add(d)
	c.publish()
	if c.Flush() != nil {
		return
	}
	in := &c.in
	for in.err == nil && !c.down.Load() && time.Now().Before(end) {
		if in.w == len(in.buf) {
			time.Sleep(min(stuck, time.Until(end)))
			continue
		}
		n, err := c.read(in.buf[in.w:], end)
		if err != nil {
			return
		}
		in.w += n
		in.full = in.w == len(in.buf)
	}
}
