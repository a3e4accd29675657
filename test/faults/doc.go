// Package faults holds posta to its word when the machine fails: the process
// is killed, the power goes, the disk is full or lies, a letter is huge.
//
// All of it is tests, behind the build tag whole, because they start posta as
// a process of its own and take seconds. Start reading at house_test.go, which
// starts one, and ledger_test.go, which knows what may have become of a letter.
package faults
