package filter

import (
	"errors"
	"regexp"
	"regexp/syntax"
)

// pattern compiles what stands after "matches": case does not matter, as in
// Wireshark, and $ also holds before a line feed at the end, as in PCRE.
func pattern(expr string) (*regexp.Regexp, error) {
	tree, err := syntax.Parse(expr, syntax.Perl|syntax.FoldCase)
	if err == nil {
		var re *regexp.Regexp
		if re, err = regexp.Compile(dollars(tree).String()); err == nil {
			return re, nil
		}
	}
	why := err.Error()
	var bad *syntax.Error
	if errors.As(err, &bad) {
		why = string(bad.Code)
		if bad.Expr != expr {
			why += ": " + bad.Expr
		}
	}
	return nil, malformed("filter.pattern", `this is no regular expression that posta knows: {{.Why}}`, map[string]any{"Why": why})
}

// dollars puts what PCRE means by $ in its place.
func dollars(re *syntax.Regexp) *syntax.Regexp {
	if re.Op == syntax.OpEndText && re.Flags&syntax.WasDollar != 0 {
		feed := &syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune{'\n'}}
		maybe := &syntax.Regexp{Op: syntax.OpQuest, Sub: []*syntax.Regexp{feed}}
		return &syntax.Regexp{Op: syntax.OpConcat, Sub: []*syntax.Regexp{maybe, {Op: syntax.OpEndText}}}
	}
	for i, sub := range re.Sub {
		re.Sub[i] = dollars(sub)
	}
	return re
}
