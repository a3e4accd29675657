//go:build whole

package tshark_test

import (
	"slices"
	"strings"
	"testing"

	"posta/field"
)

// IMAP's lines are tshark's, but for what docs/dissection.md tells.
func TestIMAPIsTsharks(t *testing.T) {
	ids := []field.ID{
		field.IMAP, field.IMAPIsrequest, field.IMAPLine, field.IMAPRequest, field.IMAPRequestTag, field.IMAPRequestCommand, field.IMAPRequestCommandUID,
		field.IMAPRequestFolder, field.IMAPRequestUsername, field.IMAPResponse, field.IMAPResponseTag, field.IMAPResponseStatus,
		field.IMAPResponseCommand, field.IMAPResponseTo, field.IMAPTime, field.IMAPTag, field.IMAPCommand,
	}
	compared := 0
	for _, c := range captureFiles(t) {
		if !strings.Contains(c.name, "imap") {
			continue
		}
		ours := fieldsOf(t, c.path, ids)
		for i, theirs := range c.said(t, ids) {
			literal := slices.Contains(ours[i]["imap.line"], ")\r\n") || len(theirs["imap.line"]) != len(ours[i]["imap.line"])
			for _, id := range ids {
				name := field.Of(id).Name
				if literal || id == field.IMAP && len(ours[i]["imap.line"]) == 0 {
					continue
				}
				compared++
				if id == field.IMAPRequestUsername && len(theirs[name]) == 1 {
					theirs[name][0] = strings.Trim(theirs[name][0], `"`)
				}
				if !slices.Equal(ours[i][name], theirs[name]) {
					t.Errorf("%s, packet %d: %s: tshark %q, posta %q", c.name, i+1, name, theirs[name], ours[i][name])
				}
			}
		}
	}
	if compared < 1500 {
		t.Errorf("only %d fields were compared", compared)
	}
}
