package audit

// Rules are all of them. Their order is that of docs/findings.md.
func Rules() []Rule {
	return []Rule{
		{"password-clear", Danger, []string{"RFC 4954 §4", "RFC 2595 §9", "RFC 8314 §4.1"}, "audit.password_clear_why", passwordClear, false},
		{"password-crackable", Warning, []string{"RFC 1939 §13", "RFC 5802 §9", "RFC 4954 §9"}, "audit.password_crackable_why", passwordCrackable, false},
		{"message-readable", Warning, []string{"RFC 3207 §1", "RFC 8314 §4.1"}, "audit.message_readable_why", messageReadable, false},
		{"auth-without-tls", Warning, []string{"RFC 4954 §4", "RFC 5034 §4", "RFC 2595 §9"}, "audit.auth_without_tls_why", authWithoutTLS, false},
		{"tls-unused", Warning, []string{"RFC 3207 §4", "RFC 2595 §4", "RFC 8314 §5.2"}, "audit.tls_unused_why", tlsUnused, false},
		{"tls-not-offered", Note, []string{"RFC 3207 §3", "RFC 8314 §4.1"}, "audit.tls_not_offered_why", tlsNotOffered, false},
		{"tls-stripped", Danger, []string{"RFC 3207 §6"}, "audit.tls_stripped_why", tlsStripped, false},
		{"tls-refused", Warning, []string{"RFC 3207 §6", "RFC 2595 §4"}, "audit.tls_refused_why", tlsRefused, false},
		{"tls-weak", Warning, []string{"RFC 8314 §4.1", "RFC 3207 §6"}, "audit.tls_weak_why", tlsWeak, false},
		{"tls-prefixed", Danger, []string{"RFC 3207 §4.2", "RFC 3207 §4", "RFC 2595 §4"}, "audit.tls_prefixed_why", tlsPrefixed, false},
		{"smuggling", Danger, []string{"RFC 5321 §4.1.1.4", "RFC 5321 §2.3.8"}, "audit.smuggling_why", smuggling, false},
		{"bare-line-end", Warning, []string{"RFC 5321 §2.3.8", "RFC 1939 §3"}, "audit.bare_line_end_why", bareLineEnd, false},
		{"out-of-order", Warning, []string{"RFC 5321 §4.1.4", "RFC 4954 §4", "RFC 3207 §4.2", "RFC 1939 §4", "RFC 1939 §7", "RFC 2595 §4"}, "audit.out_of_order_why", outOfOrder, false},
		{"too-early", Warning, []string{"RFC 5321 §4.3.1"}, "audit.too_early_why", tooEarly, false},
		{"lenient", Note, []string{"RFC 5321 §4.1.1.2", "RFC 5321 §4.1.1.3", "RFC 5321 §4.1.2", "RFC 5321 §4.1.1.1", "RFC 5321 §4.1.1.6"}, "audit.lenient_why", lenient, false},
		{"syntax", Warning, []string{"RFC 5321 §4.2.4", "RFC 5321 §2.4", "RFC 1939 §3"}, "audit.syntax_why", syntax, false},
		{"long-line", Warning, []string{"RFC 5321 §4.5.3.1.4", "RFC 5321 §4.5.3.1.6", "RFC 2449 §4"}, "audit.long_line_why", longLine, false},
		{"telnet", Note, []string{"RFC 5321 §2.3.7", "RFC 5321 §4.2.4"}, "audit.telnet_why", telnet, false},
		{"other-protocol", Warning, []string{"RFC 5321 §2.4"}, "audit.other_protocol_why", otherProtocol, false},
		{"no-separation", Warning, []string{"RFC 5322 §2.1"}, "audit.no_separation_why", noSeparation, false},
		{"header-incomplete", Note, []string{"RFC 5322 §3.6"}, "audit.header_incomplete_why", headerIncomplete, false},
		{"relay", Danger, []string{"RFC 2505 §2.1", "RFC 5321 §3.6.2", "RFC 5321 §F.2"}, "audit.relay_why", relay, false},
		{"turn", Danger, []string{"RFC 5321 §F.1"}, "audit.turn_why", turn, false},
		{"login-failed", Note, []string{"RFC 4954 §6", "RFC 1939 §7"}, "audit.login_failed_why", loginFailed, false},
		{"guessing", Danger, []string{"RFC 4954 §9"}, "audit.guessing_why", guessing, false},
		{"harvesting", Warning, []string{"RFC 5321 §7.3"}, "audit.harvesting_why", harvesting, false},
		{"software", Note, []string{"RFC 5321 §7.5"}, "audit.software_why", software, false},
		{"torn", Warning, []string{"RFC 5321 §4.1.1.10", "RFC 1939 §6"}, "audit.torn_why", torn, false},
		{"silence", Note, []string{"RFC 5321 §4.5.3.2", "RFC 1939 §3"}, "audit.silence_why", silence, true},
		{"octets-lost", Note, nil, "audit.octets_lost_why", octetsLost, true},
	}
}
