// Package wine runs posta.exe on Linux, under Debian's wine64: quickstart, the
// dialogues of the lab, kill and restart, Ctrl-C.
//
// It knows Windows only through wine, so it proves that the program starts,
// locks, listens, syncs and ends there, not what a Windows machine's disk does.
// All of it is tests behind the build tag whole. Start reading at prefix_test.go.
package wine
