// Package hops tries mail that leaves: whole postas, each a process of its own, on a
// network of their own with a name server of the test's. Two send to each other; one
// sends to next hops that misbehave in every way, in whose place the test counts.
//
//	go test -tags whole -v ./test/hops
//	SOAK=1 go test -tags whole -v ./test/hops -run TestBroken    # 10,000 messages a case
package hops
