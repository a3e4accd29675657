// Package admin walks through what an administrator sets up around posta, with
// the programs that he has: fail2ban over the log.
//
// All of it is tests behind the build tag whole. Start reading at fail2ban_test.go.
package admin
