package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"

	"posta/mail"
	"posta/store"
)

// expansions keeps the lists to expand later, and notes progress.
func (t *tx) expansions(f *store.Filing, blob int64) error {
	for _, e := range f.Later {
		_, err := t.exec(qInsertExpansion, e.List, e.After, blob, bytesValue(e.Prefix), e.From, e.Queue, traitFlags(e.Traits)|wayFlags(e),
			e.Orcpt, e.EnvID, int64(e.Ret))
		if err != nil {
			return err
		}
	}
	s := f.Step
	if s == nil {
		return nil
	}
	if !s.Done {
		_, err := t.exec(qStepExpansion, s.After, s.ID)
		return err
	}
	held, err := t.number(qExpansion, s.ID)
	if err != nil {
		return err
	}
	if _, err := t.exec(qTrash, appendPair(nil, pair{blob: held})); err != nil {
		return err
	}
	_, err = t.exec(qDropExpansion, s.ID)
	return err
}

// Expansions implements store.Mail.
func (db *DB) Expansions(ctx context.Context, limit int) ([]store.Expansion, error) {
	var out []store.Expansion
	err := db.read(ctx, func(c *conn) error {
		return c.query(func(row []driver.Value) error {
			out = append(out, store.Expansion{ID: asInt(row[0]), List: asInt(row[1]), After: asInt(row[2]),
				Blob: store.Blob(asInt(row[3])), Prefix: asBytes(row[4]), From: asString(row[5]),
				Queue: asString(row[6]), Traits: traitsOf(asInt(row[7])),
				Body: bodyOf(asInt(row[7])), UTF8: asInt(row[7])&flagWide != 0, Lab: asInt(row[7])&flagLab != 0,
				Notify: mail.Notify(asInt(row[7]) / flagNotify), Orcpt: asString(row[8]), EnvID: asString(row[9]), Ret: mail.Ret(asInt(row[10]))})
			return nil
		}, qExpansions, int64(limit))
	})
	if err != nil {
		return nil, fmt.Errorf("expansions: %w", err)
	}
	return out, nil
}

// wayFlags are what an expansion's members elsewhere need to be known.
func wayFlags(e store.Expansion) (n int64) {
	if e.Body == mail.Body8BitMIME {
		n |= flagEightBit
	}
	if e.UTF8 {
		n |= flagWide
	}
	if e.Lab {
		n |= flagLab
	}
	return n | int64(e.Notify)*flagNotify
}

func bodyOf(n int64) mail.Body {
	if n&flagEightBit != 0 {
		return mail.Body8BitMIME
	}
	return mail.Body7Bit
}
