package smtpclient

// State tells the watchers of a step; fact is one of event's. So it stands in
// the session's story where it happened.
func (c *Client) State(fact any) { c.conn.State(fact) }
