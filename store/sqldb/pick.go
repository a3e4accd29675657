package sqldb

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"unicode/utf8"

	"posta/store"
)

// nearby is how many items are looked at one by one before an index is asked.
const nearby = 20_000

// choice is a store.Pick as conditions on rows of recipient.
type choice struct {
	where string
	args  []driver.Value
}

func (c choice) and(condition string, args ...driver.Value) choice {
	return choice{c.where + ` AND ` + condition, append(c.args[:len(c.args):len(c.args)], args...)}
}

// conditions are all of a pick's but those on ids. A plus keeps the engine from
// going by the index where the order of ids is meant.
func conditions(p store.Pick) choice {
	c := choice{where: `1`}
	if domain, subs := strings.CutPrefix(p.Domain, "@"); subs {
		c = c.and(`(+domain = ? OR substr(domain, ?) = ?)`, domain, -int64(len(domain)+1), "."+domain)
	} else if domain := oneDomain(p); domain != "" {
		c = c.and(`+domain = ?`, domain)
	}
	const reverse = `(SELECT reverse FROM outgoing o WHERE o.id = recipient.id / 100000)`
	switch {
	case p.Sender == "<>":
		c = c.and(reverse + ` = ''`)
	case strings.HasPrefix(p.Sender, "@"):
		end := -int64(utf8.RuneCountInString(p.Sender))
		c = c.and(`(substr(sender, ?) = ? COLLATE NOCASE OR substr(`+reverse+`, ?) = ? COLLATE NOCASE)`, end, p.Sender, end, p.Sender)
	case bySender(p):
		c = c.and(`(sender = ? OR `+reverse+` = ? COLLATE NOCASE)`, p.Sender, p.Sender)
	case p.Sender != "":
		c = c.and(`sender = ?`, p.Sender)
	}
	if p.To != "" {
		c = c.and(`address = ? COLLATE NOCASE`, p.To)
	}
	if p.Held != nil {
		c = c.and(`held = ?`, boolValue(*p.Held))
	}
	return c
}

// bySender says that a pick names an address, or what of one, which the envelope may
// have.
func bySender(p store.Pick) bool { return p.Sender == "<>" || strings.Contains(p.Sender, "@") }

// chosen gives the ids of a pick, in order.
func chosen(c *conn, p store.Pick) ([]int64, error) {
	all := conditions(p)
	switch {
	case p.Item != 0:
		if p.Queue != "" {
			all = all.and(`(SELECT queue FROM outgoing o WHERE o.id = recipient.id / 100000) = ?`, p.Queue)
		}
		return ids(c, all.and(`id = ? AND id > ?`, p.Item, p.After), p.Limit)
	case p.Queue != "":
		return byQueue(c, p, all)
	case p.Domain != "" || p.Sender != "" || p.To != "":
		return bySearch(c, p, all)
	case p.Held != nil && *p.Held:
		return ids(c, all.and(`held = 1 AND id > ?`, p.After), p.Limit)
	}
	return ids(c, all.and(`id > ?`, p.After), p.Limit)
}

// bySearch finds what many items fit soon in the order of ids, and what few
// fit by an index: neither looks at the whole queue. Only what is in an envelope has
// no index, for a rare question: that goes on in the order of ids, once through.
func bySearch(c *conn, p store.Pick, all choice) ([]int64, error) {
	upTo, err := c.number(`SELECT id FROM recipient WHERE id > ? ORDER BY id LIMIT 1 OFFSET `+fmt.Sprint(nearby), p.After)
	if err != nil {
		return nil, err
	}
	if upTo == 0 {
		return ids(c, all.and(`id > ?`, p.After), p.Limit)
	}
	if bySender(p) && p.Domain+p.To == "" {
		return ids(c, all.and(`id > ?`, p.After), p.Limit)
	}
	found, err := ids(c, all.and(`id > ? AND id <= ?`, p.After, upTo), p.Limit)
	if err != nil || len(found) == p.Limit {
		return found, err
	}
	more, err := byDomain(c, p, all, upTo, p.Limit-len(found))
	return append(found, more...), err
}

// ids reads at most so many that fit.
func ids(c *conn, all choice, limit int) (out []int64, err error) {
	err = c.query(func(row []driver.Value) error {
		out = append(out, asInt(row[0]))
		return nil
	}, `SELECT id FROM recipient WHERE `+all.where+` ORDER BY id LIMIT ?`, append(all.args, int64(limit))...)
	return out, err
}

// byQueue gives the ids of the messages with a queue id.
func byQueue(c *conn, p store.Pick, all choice) (out []int64, err error) {
	var messages []int64
	err = c.query(func(row []driver.Value) error {
		messages = append(messages, asInt(row[0]))
		return nil
	}, qOutgoingOf, p.Queue)
	for _, id := range messages {
		if err != nil || len(out) == p.Limit {
			break
		}
		var some []int64
		some, err = ids(c, all.and(`id BETWEEN ? AND ?`, max(firstOf(id), p.After+1), lastOf(id)), p.Limit-len(out))
		out = append(out, some...)
	}
	return out, err
}

// oneDomain is the domain that all items of a pick have; "" if it says none.
func oneDomain(p store.Pick) string {
	if p.Domain == "" {
		return domainOf(p.To)
	}
	if p.Domain[0] == '@' {
		return ""
	}
	return p.Domain
}

// byDomain reads what fits by the index that leads with the domain.
func byDomain(c *conn, p store.Pick, all choice, after int64, limit int) (out []int64, err error) {
	query, args := `SELECT id FROM recipient WHERE domain = ? AND `, []driver.Value{oneDomain(p)}
	if args[0] == "" {
		args = nil
		query = `WITH RECURSIVE d (name) AS (SELECT min(domain) FROM recipient UNION ALL
			SELECT (SELECT min(domain) FROM recipient r WHERE r.domain > d.name) FROM d WHERE d.name IS NOT NULL)
			SELECT id FROM d CROSS JOIN recipient ON domain = d.name WHERE `
		if domain, subs := strings.CutPrefix(p.Domain, "@"); subs {
			query += `(d.name = ? OR substr(d.name, ?) = ?) AND `
			args = append(args, domain, -int64(len(domain)+1), "."+domain)
		}
	}
	all = all.and(`+id > ?`, after)
	err = c.query(func(row []driver.Value) error {
		out = append(out, asInt(row[0]))
		return nil
	}, query+all.where+` ORDER BY +id LIMIT ?`, append(append(args, all.args...), int64(limit))...)
	return out, err
}

// domainOf is the domain of an address as it is looked up, or "" where more
// than lower case would be needed to know it.
func domainOf(address string) string {
	at := strings.LastIndexByte(address, '@')
	domain := strings.ToLower(address[at+1:])
	if at < 0 || strings.HasPrefix(domain, "[") || strings.ContainsFunc(domain, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return ""
	}
	return domain
}
