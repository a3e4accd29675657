// Package peers lets the programs that people use speak to a whole posta:
// telnet and plink with keys typed at a terminal, curl, swaks, msmtp, mpop,
// fetchmail and openssl s_client. What they handed in must be kept octet by
// octet, and what they fetch must be what was kept. Where root runs them (tag others),
// Postfix, Exim, OpenSMTPD and Dovecot are the other side: servers/run.sh starts them.
//
// It looks at posta from outside only; the fine print of the protocols is
// tested in test/talk. The tests carry the build tag whole, because they need
// programs of Debian that test/setup installs. Start reading at TestDialogues.
package peers
