package smtp

import "strings"

// parseEtrn reads ETRN (RFC 1985 §5): a node, "@node" or "#queue". Word is all
// of it. Without one the whole command is the fault, as §7 shows.
func parseEtrn(c *Command) *Fault {
	if c.Arg == "" {
		return &Fault{Code: 500, Status: statusBadSyntax(), Text: "Say which queue: " + c.Verb.Syntax(), Span: c.NameSpan}
	}
	c.Word, c.WordSpan = c.Arg, c.ArgSpan
	if name, ok := strings.CutPrefix(c.Word, "#"); ok {
		if !isQueueName(name) {
			return badArg(c.WordSpan, "Malformed name of a queue: "+c.Verb.Syntax())
		}
		return nil
	}
	if !isNode(strings.TrimPrefix(c.Word, "@")) {
		return badArg(c.WordSpan, "A fully qualified domain name is needed: "+c.Verb.Syntax())
	}
	return nil
}

// parseAtrn reads ATRN (RFC 2645 §5.2.1): domains with nothing but commas
// between them, or none.
func parseAtrn(c *Command) *Fault {
	if c.Arg == "" {
		return nil
	}
	off := c.ArgSpan.Off
	for one := range strings.SplitSeq(c.Arg, ",") {
		if !isNode(one) {
			return badArg(Span{off, len(one)}, "Domain names with commas between them are needed: "+c.Verb.Syntax())
		}
		c.Domains = append(c.Domains, one)
		off += len(one) + 1
	}
	return nil
}

// isNode says that s is a domain of RFC 2645 §5.2.1, of two labels at least.
func isNode(s string) bool {
	labels := 0
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if !isAlnum(label[i]) && label[i] != '-' {
				return false
			}
		}
		labels++
	}
	return labels > 1 && len(s) <= 253
}

// isQueueName is the syntax that RFC 1985 §5.3 leaves to the server.
func isQueueName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
