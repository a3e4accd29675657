package roster

import (
	"errors"
	"strconv"
	"strings"

	"posta/config"
	"posta/mail"
	"posta/words"
)

// mostErrors bounds what is told of one list at once.
const mostErrors = 20

// Person is an account to be created, complete.
type Person struct {
	Line     int
	Address  string // "ana.garcia@grupo-3.pepito.es"
	Name     string // "Ana García López"
	Password string
	Made     bool   // the list had no password for this one: Password was made
	Domain   string // the address's
	Quota    *int64 // octets; nil: the list says none
}

// Options say how what a list leaves open is filled.
type Options struct {
	// Domain is that of people without one. Groups whose names are no domains
	// become its subdomains. It may be "" for a list that needs none.
	Domain string
	// NewPassword makes a password.
	NewPassword func() (string, error)
	// CheckPassword says what is wrong with one that the list brings; may be nil.
	CheckPassword func(string) error
	// Taken says that an address exists already; may be nil. A made address
	// steps aside where somebody of another name has it.
	Taken func(address, name string) bool
}

// Complete makes the accounts of a list. It tells of everything that is wrong
// at once, up to twenty errors, joined, each with its line.
func Complete(list List, o Options) ([]Person, error) {
	c := completion{Options: o, byAddress: map[string]int{}}
	var people []Person
	var failures []error
	for _, row := range list.Rows {
		person, err := c.person(row)
		if err != nil {
			failures = append(failures, words.FailOf(err, "roster.line", words.Args{"Line": row.Line}))
			if len(failures) == mostErrors {
				break
			}
			continue
		}
		people = append(people, person)
	}
	if len(failures) > 0 {
		return nil, errors.Join(failures...)
	}
	return people, nil
}

// completion remembers which addresses the list has given out.
type completion struct {
	Options
	byAddress map[string]int // → line
}

func (c *completion) person(row Row) (Person, error) {
	p := Person{Line: row.Line, Name: displayName(row), Password: row.Password}
	var err error
	if p.Domain, err = c.domain(row); err != nil {
		return Person{}, err
	}
	if p.Address, err = c.address(row, &p); err != nil {
		return Person{}, err
	}
	if row.Quota != "" {
		var size config.Size
		if err := size.UnmarshalText([]byte(row.Quota)); err != nil {
			return Person{}, err
		}
		octets := int64(size)
		p.Quota = &octets
	}
	if p.Password == "" {
		p.Made = true
		p.Password, err = c.NewPassword()
		return p, err
	}
	if c.CheckPassword != nil {
		err = c.CheckPassword(p.Password)
	}
	return p, err
}

// displayName puts "García López, Ana" the right way round.
func displayName(row Row) string {
	given, family := row.Name, row.Surname
	if before, after, ok := strings.Cut(given, ","); ok && family == "" {
		given, family = after, before
	}
	return strings.TrimSpace(strings.TrimSpace(given) + " " + strings.TrimSpace(family))
}

// domain is the one of a row: in its address, its own, its group's, or everybody's.
func (c *completion) domain(row Row) (string, error) {
	if at := strings.LastIndexByte(row.Address, '@'); at >= 0 {
		return row.Address[at+1:], nil // ParseAddress looks at it
	}
	domain := strings.TrimPrefix(row.Domain, "@")
	switch {
	case domain == "" && c.Domain == "":
		return "", words.Fail("roster.no_domain", nil)
	case domain == "":
		return c.Domain, nil
	case strings.Contains(domain, ".") && mail.CheckDomain(domain) == nil:
		return domain, nil
	}
	group := label(domain)
	switch {
	case group == "":
		return "", words.Fail("roster.bad_group", words.Args{"Group": domain})
	case c.Domain == "":
		return "", words.Fail("roster.group_domain", words.Args{"Group": domain, "Label": group})
	}
	return group + "." + c.Domain, nil
}

// address is the row's own, or one made of the name.
func (c *completion) address(row Row, p *Person) (string, error) {
	local := row.Address
	made := local == ""
	if made {
		if local = localPart(row.Name, row.Surname); local == "" {
			return "", words.Fail("roster.no_name", nil)
		}
	}
	full := local
	if !strings.Contains(local, "@") {
		full = local + "@" + p.Domain
	}
	parsed, err := mail.ParseAddress(full)
	if err != nil {
		return "", err
	}
	key := strings.ToLower(parsed.String())
	if made {
		key = c.free(local, p)
	} else if before, twice := c.byAddress[key]; twice {
		return "", words.Fail("roster.twice", words.Args{"Address": key, "Before": before})
	}
	c.byAddress[key] = row.Line
	return key, nil
}

// free numbers a made address until nobody else has it: ana.garcia2.
func (c *completion) free(local string, p *Person) string {
	for n := 1; ; n++ {
		candidate := local
		if n > 1 {
			candidate += strconv.Itoa(n)
		}
		candidate = strings.ToLower(candidate + "@" + p.Domain)
		if _, twice := c.byAddress[candidate]; twice || c.Taken != nil && c.Taken(candidate, p.Name) {
			continue
		}
		return candidate
	}
}
