// Package wiretest is a network in memory for tests: buffered connections with
// deadlines, half-close and reset, and a listener that can be dialed. All its
// waiting is on channels and timers, so that it works inside testing/synctest.
//
// Unlike net.Pipe it buffers, so that pipelined groups do not deadlock, and a
// Read returns octets of one Write only, so that a test decides how its octets
// arrive.
//
// It knows nothing of the house. Start reading at Pipe.
package wiretest
