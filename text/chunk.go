package text

// Chunk counts the octets of a BDAT chunk (RFC 3030 §2).
type Chunk struct{ Left int64 }

// Scan takes what of src belongs to the chunk.
func (c *Chunk) Scan(src []byte) (n int, done bool) {
	n = int(min(int64(len(src)), max(c.Left, 0)))
	c.Left -= int64(n)
	return n, c.Left <= 0
}
