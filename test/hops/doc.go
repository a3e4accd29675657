// Package hops tries mail that leaves: two whole postas, each a process of its
// own, on a network of their own with a name server of the test's.
//
//	go test -tags whole -v ./test/hops
package hops
