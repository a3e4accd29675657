package roster

import (
	"slices"
	"strings"

	"posta/words"
)

// column is what a cell of a list goes into.
type column int

const (
	ignored column = iota
	address
	name
	surname
	surname2 // where the two have a column each, as Spanish schools' programs write it
	password
	domain
	quota
)

// headings are what the columns are called, folded as fold does it.
func headings() map[column][]string {
	return map[column][]string{
		address: {"address", "e-mail address", "email address", "email", "e-mail", "mail", "account", "user", "username", "login",
			"direccion", "direccion de correo", "direccion de correo electronico", "correo", "correo electronico",
			"correo institucional", "cuenta", "usuario", "nombre de usuario"},
		name: {"name", "full name", "first name", "given name", "student", "display name",
			"nombre", "nombre completo", "nombre y apellidos", "apellidos y nombre", "apellidos, nombre",
			"alumno", "alumna", "alumno/a", "alumnado", "estudiante"},
		surname: {"surname", "surnames", "last name", "family name", "apellido", "apellidos", "apellido(s)",
			"primer apellido", "apellido 1", "apellido1", "1er apellido", "1º apellido"},
		surname2: {"second surname", "segundo apellido", "apellido 2", "apellido2", "2º apellido"},
		password: {"password", "pass", "contrasena", "clave"},
		domain:   {"domain", "group", "groups", "class", "team", "dominio", "grupo", "grupos", "equipo", "clase"},
		quota:    {"quota", "quota size", "cuota", "espacio"},
	}
}

// columnNames is what errors suggest.
const columnNames = "address, name, surname, password, domain, quota / correo, nombre, apellidos, contraseña, grupo, cuota"

// header makes the columns out of the first line. Without a heading in it the
// list is one of addresses or of names, one a line.
func header(cells []string, line int) (columns []column, named bool, err error) {
	known := headings()
	columns = make([]column, len(cells))
	for i, cell := range cells {
		for c, names := range known {
			if !slices.Contains(names, fold(cell)) {
				continue
			}
			if slices.Contains(columns, c) {
				return nil, false, words.Fail("roster.column_twice", words.Args{"Line": line, "Column": cell})
			}
			columns[i], named = c, true
		}
	}
	switch {
	case named && !slices.Contains(columns, address) && !slices.Contains(columns, name):
		return nil, false, words.Fail("roster.no_people", words.Args{"Line": line, "Columns": columnNames})
	case named:
		return columns, true, nil
	case len(cells) == 1 && strings.Contains(cells[0], "@"):
		return []column{address}, false, nil
	case len(cells) == 1:
		return []column{name}, false, nil
	}
	return nil, false, noHeader(line)
}

func noHeader(line int) error {
	return words.Fail("roster.no_header", words.Args{"Line": line, "Columns": columnNames})
}

// fill puts the cells of a line where they belong.
func fill(columns []column, cells []string, line int) (Row, error) {
	row, second := Row{Line: line}, ""
	for i, cell := range cells {
		if i >= len(columns) {
			if cell != "" {
				return Row{}, words.Fail("roster.too_many_cells", words.Args{"Line": line, "Cells": len(cells), "Count": len(columns)})
			}
			continue
		}
		if len(cell) > maxCell {
			return Row{}, words.Fail("roster.long_cell", words.Args{"Line": line, "Most": maxCell})
		}
		if columns[i] != password {
			cell = strings.Join(strings.Fields(cell), " ") // a line end in a cell (Alt-Enter) is a space
		}
		switch columns[i] {
		case address:
			row.Address = cell
		case name:
			row.Name = cell
		case surname:
			row.Surname = cell
		case surname2:
			second = cell
		case password:
			row.Password = cell
		case domain:
			row.Domain = cell
		case quota:
			row.Quota = cell
		}
	}
	row.Surname = strings.TrimSpace(row.Surname + " " + second)
	return row, nil
}
