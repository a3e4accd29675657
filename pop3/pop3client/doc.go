// Package pop3client asks: it is the client of a POP3 connection, for whoever
// fetches mail. It logs in by the strongest way that both sides have, and reads
// listings and messages within bounds.
//
// It knows no files and remembers nothing between connections. Start reading at
// Client.
package pop3client
