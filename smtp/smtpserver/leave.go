package smtpserver

// leaves are the parts of a Leave.
type leaves struct{ tls, login bool }

// noteClear tells, once, that something passes in clear text only because of
// the peer's network.
func (s *session) noteClear() {
	if s.leave.TLS && !s.encrypted() && !s.noted.tls {
		s.noted.tls = true
		s.note("in clear text: the network " + s.leave.Network + " need not use TLS")
	}
}

// noteNobody tells, once, that mail comes without a log-in only because of the
// peer's network.
func (s *session) noteNobody() {
	if s.leave.Login && !s.from.Login.Known() && !s.noted.login {
		s.noted.login = true
		s.note("nobody is logged in: the network " + s.leave.Network + " need not log in")
	}
}
