package wire

// ID is the connection's number, Options.ID: what mail.Origin.Session holds.
func (c *Conn) ID() uint64 { return c.o.ID }
