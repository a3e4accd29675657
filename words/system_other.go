//go:build !windows

package words

// System gives the user's language where it is kept outside the environment:
// nowhere but on Windows.
func System() string { return "" }
