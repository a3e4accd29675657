// Package queue sends the mail that leaves the house: when again, which way,
// when to give up. It takes items out of the store under leases, finds the way
// to each destination, hands messages over with smtp/smtpclient, judges what was
// answered, and settles: gone, later, or given up with a report to the sender.
//
// It knows no accounts and no SQL. Reports go in by a Door that it declares,
// together with what they settle, so that both become true or neither does.
//
// Start reading at Queue, then schedule.go (who is next), carrier.go (one
// connection), pace.go (who is slow), route.go (the way), verdict.go (what an answer means) and
// settle.go (what becomes of an item).
package queue
