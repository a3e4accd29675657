// Package console is the interactive client: a person types commands, and sees
// what the server says, how long it took and what may come next. It encodes
// base64 and stuffs dots for him, and says so, because he is to learn what
// passes.
//
// It knows no flags and no folders; dialing, TLS and the explanation of what
// went wrong are given to it. Start reading at Console.
package console
