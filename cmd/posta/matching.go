package main

import (
	"time"

	"posta/field"
	"posta/filter"
)

// matching understands a display filter, and tells which of its fields no frame
// has. Of "" there is no Matcher.
func (a *app) matching(text string) (m *filter.Matcher, needs field.Set, err error) {
	if text == "" {
		return nil, needs, nil
	}
	parsed, err := filter.Parse(text, time.Local)
	if err != nil {
		return nil, needs, usage(filterFailure(text, err))
	}
	needs = parsed.Needs()
	return parsed.Matcher(), needs, a.tellUnread(&needs)
}
