package pop3server

import (
	"context"

	"posta/pop3"
)

// phase is a state of the session (RFC 1939 §3); a row of the table names
// those in which its command may be given.
type phase uint8

const (
	authorization phase = 1 << iota
	transaction
	update
)

// verb is a command that is served.
type verb struct {
	name    pop3.Verb
	phases  phase
	offered func(*session) bool // nil: always
	run     func(*session, context.Context, pop3.Command)
}

// verbs is all that is served; what is not here is an unknown command.
func verbs() []verb {
	const both = authorization | transaction
	return []verb{
		{pop3.USER, authorization, nil, (*session).user},
		{pop3.PASS, authorization, nil, (*session).pass},
		{pop3.APOP, authorization, (*session).hasAPOP, (*session).apop},
		{pop3.AUTH, authorization, nil, (*session).auth},
		{pop3.STLS, authorization, (*session).hasSTLS, (*session).stls},
		{pop3.UTF8, authorization, nil, (*session).utf8},
		{pop3.CAPA, both, nil, (*session).capa},
		{pop3.STAT, transaction, nil, (*session).stat},
		{pop3.LIST, transaction, nil, (*session).list},
		{pop3.UIDL, transaction, nil, (*session).uidl},
		{pop3.RETR, transaction, nil, (*session).retr},
		{pop3.TOP, transaction, nil, (*session).top},
		{pop3.DELE, transaction, nil, (*session).dele},
		{pop3.RSET, transaction, nil, (*session).rset},
		{pop3.NOOP, transaction, nil, (*session).noop},
		{pop3.QUIT, both, nil, (*session).quit},
	}
}
