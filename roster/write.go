package roster

import (
	"encoding/csv"
	"io"
	"strings"
)

// Write writes a table as the list was written: UTF-8 with the byte order mark
// that Excel needs, the list's separator, CR LF.
func Write(w io.Writer, separator rune, rows [][]string) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.Comma, c.UseCRLF = separator, true
	if err := c.WriteAll(safe(rows)); err != nil {
		return err
	}
	return c.Error()
}

// safe keeps spreadsheets from running a cell as a formula; Read takes the
// apostrophe off again.
func safe(rows [][]string) [][]string {
	out := make([][]string, len(rows))
	for i, row := range rows {
		for _, cell := range row {
			if isFormula(cell) || strings.HasPrefix(cell, "'") {
				cell = "'" + cell
			}
			out[i] = append(out[i], cell)
		}
	}
	return out
}

func unsafed(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && (isFormula(rest) || strings.HasPrefix(rest, "'")) {
		return rest
	}
	return cell
}

func isFormula(cell string) bool { return cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) }
