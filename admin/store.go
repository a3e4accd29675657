package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"posta/store"
	"posta/words"
)

// Progress is how far something long has come.
type Progress = store.Progress

// Keeper looks after a store: one that is in use, or its file.
type Keeper interface {
	Check(ctx context.Context, told func(store.Progress)) ([]store.Trouble, error)
	Repair(ctx context.Context, told func(store.Progress)) (store.Repair, error)
	Backup(ctx context.Context, target string, told func(store.Progress)) (store.Copy, error)
}

// NewKeeperTable makes the operations on a store that no server has open.
func NewKeeperTable(k Keeper) *Table { return newTable(nil, keeping(k)) }

// Trouble is one thing that is wrong with the store.
type Trouble struct {
	Kind   string       `json:"kind"`
	Way    string       `json:"way"` // as store.Way
	What   *words.Error `json:"what"`
	Repair *words.Error `json:"repair"`
}

// StoreCheck is what a reading of the whole store found.
type StoreCheck struct {
	Troubles []Trouble `json:"troubles"`
}

// StoreRepair is what a repair did.
type StoreRepair struct {
	Mended   []Trouble `json:"mended"`
	Left     []Trouble `json:"left"`
	Kept     string    `json:"kept"`
	Lost     int64     `json:"lost"`
	Messages int64     `json:"messages"`
	Bytes    int64     `json:"bytes"`
}

// BackupTo says where a copy of the store goes: a new file, or a folder. The
// process that has the store writes it.
type BackupTo struct {
	Target string `json:"target"`
}

// StoreCopy is a copy of the store.
type StoreCopy struct {
	File     string    `json:"file"`
	Size     int64     `json:"size"`
	Messages int64     `json:"messages"`
	Bytes    int64     `json:"bytes"`
	Troubles []Trouble `json:"troubles"`
}

func keeping(k Keeper) []Operation {
	return []Operation{
		op("store.check", false, func(context.Context, None) (Stream, error) {
			return followed(func(ctx context.Context, told func(store.Progress)) (any, error) {
				found, err := k.Check(ctx, told)
				return StoreCheck{each(found, showTrouble)}, err
			}), nil
		}),
		op("store.repair", true, func(context.Context, None) (Stream, error) {
			return followed(func(ctx context.Context, told func(store.Progress)) (any, error) {
				r, err := k.Repair(ctx, told)
				return StoreRepair{each(r.Mended, showTrouble), each(r.Left, showTrouble), r.Kept, r.Lost, r.Usage.Messages, r.Usage.Bytes}, err
			}), nil
		}),
		op("store.backup", true, func(_ context.Context, in BackupTo) (Stream, error) {
			return followed(func(ctx context.Context, told func(store.Progress)) (any, error) {
				c, err := k.Backup(ctx, in.Target, told)
				return StoreCopy{c.File, c.Octets, c.Usage.Messages, c.Usage.Bytes, each(c.Troubles, showTrouble)}, err
			}), nil
		}),
	}
}

func showTrouble(t store.Trouble) Trouble {
	return Trouble{t.Kind, string(t.Way), words.Carry(t.What), words.Carry(t.Repair)}
}

// followLine is a line of an answer that comes while the work goes on: how far
// it is, and in the end what came of it.
type followLine struct {
	Progress *store.Progress `json:"progress,omitempty"`
	Result   any             `json:"result,omitempty"`
}

// followed makes a Stream of lines out of long work.
func followed(work func(context.Context, func(store.Progress)) (any, error)) Stream {
	return func(ctx context.Context, w io.Writer) error {
		lines := json.NewEncoder(w)
		flusher, _ := w.(http.Flusher)
		said := store.Progress{Done: -1}
		result, err := work(ctx, func(p store.Progress) {
			if !worthSaying(said, p) || lines.Encode(followLine{Progress: &p}) != nil {
				return
			}
			said = p
			if flusher != nil {
				flusher.Flush()
			}
		})
		if err != nil {
			return err
		}
		return lines.Encode(followLine{Result: result})
	}
}

// worthSaying is every hundredth part.
func worthSaying(before, now store.Progress) bool {
	return before.Name != now.Name || now.Done == now.Of || now.Done-before.Done >= max(now.Of/100, 1)
}

// Follow runs an operation whose answer is followed, and tells how far it is.
func Follow(ctx context.Context, c Caller, name string, in any, told func(store.Progress), out any) error {
	f := &follower{told: told, out: out}
	if err := c.Call(ctx, name, in, f); err != nil {
		return err
	}
	return f.err
}

// follower reads the lines of a followed answer as they come.
type follower struct {
	told func(store.Progress)
	out  any
	rest []byte
	err  error
}

// Write implements io.Writer.
func (f *follower) Write(p []byte) (int, error) {
	f.rest = append(f.rest, p...)
	for {
		line, rest, whole := bytes.Cut(f.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		f.rest = rest
		if err := f.line(line); err != nil && f.err == nil {
			f.err = err
		}
	}
}

func (f *follower) line(text []byte) error {
	var l struct {
		Progress *store.Progress
		Result   json.RawMessage
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return err
	}
	if l.Progress != nil {
		f.told(*l.Progress)
		return nil
	}
	return json.Unmarshal(l.Result, f.out)
}
