// Package roster reads a class list as a spreadsheet saves it, and makes of it
// the accounts to be created: addresses out of names, domains out of groups.
//
// It refuses to know how accounts are kept: what it makes are plain rows, and
// who calls it creates them. Start reading at Read, then Complete.
package roster
