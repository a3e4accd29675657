// Package captures holds what posta writes and reads of captures against
// Wireshark's own programs: tshark, capinfos and editcap.
package captures
