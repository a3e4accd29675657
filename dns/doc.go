// Package dns asks for what mail needs to know of names: where a domain's mail
// goes, which addresses a host has, which texts a name holds. It is a stub
// resolver: it asks recursive servers, those of the configuration or the
// system's, and remembers what they say for as long as they allow.
//
// It knows no search list and no hosts file: a mail domain is a whole name, and
// what a hosts file says of it is no business of the Internet's mail. For the
// same reason it does not go through net.Resolver, which looks at both, knows
// no TTL and cannot tell a name that does not exist from one without records.
//
// Where the system's servers come from: /etc/resolv.conf on Unix and macOS
// (there it is what the first network service uses; servers that a VPN sets for
// some domains only are not in it), the network adapters that are up on Windows.
// Both are looked at again every half minute. Where neither names a server it is
// port 53 of this machine, as the C library has it.
//
// Start reading at Resolver.
package dns
