package story

// String is the phase's name, as machines read it.
func (p Phase) String() string {
	return [...]string{"connection", "opening", "authentication", "transaction", "data", "update", "closing", "on demand"}[p]
}

// String is the kind's name, as machines read it.
func (k Kind) String() string {
	return [...]string{"", "command", "answer", "greeting", "reply", "challenge", "mail", "list", "stray", "tls", "cipher", "gap", "note",
		"fact", "turned", "over"}[k]
}
