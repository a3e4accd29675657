package sqldb

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"testing"

	"posta/store"
)

func TestPlan(t *testing.T) {
	entries := []uint32{2, 3, 5, 6, 7, 10, 11}
	for _, tt := range []struct {
		wanted []uint32
		spans  []span
	}{
		{nil, nil},
		{[]uint32{1, 4, 99}, nil},
		{[]uint32{2}, []span{{2, 2}}},
		{[]uint32{2, 3}, []span{{2, 3}}},
		{[]uint32{3, 5}, []span{{3, 5}}},
		{[]uint32{2, 5}, []span{{2, 2}, {5, 5}}},
		{[]uint32{2, 3, 5, 6, 7, 10, 11}, []span{{2, 11}}},
		{[]uint32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, []span{{2, 11}}},
		{[]uint32{2, 5, 7, 11}, []span{{2, 2}, {5, 5}, {7, 7}, {11, 11}}},
	} {
		l := listing{inboxRow: inboxRow{id: 1, next: 12, modseq: 4}}
		for _, uid := range entries {
			l.entries = append(l.entries, store.Entry{UID: uid, Size: int64(uid), Blob: store.Blob(uid)})
			l.prefixes = append(l.prefixes, int64(uid)<<chunkBits)
		}
		r := plan(l, tt.wanted)
		if !slices.Equal(r.spans, tt.spans) {
			t.Errorf("%v: ranges %v, want %v", tt.wanted, r.spans, tt.spans)
		}
		if len(r.after.entries)+len(r.pairs) != len(entries) || len(r.after.prefixes) != len(r.after.entries) ||
			r.after.modseq != 5 || int(r.messages) != len(r.pairs) {
			t.Errorf("%v: %+v", tt.wanted, r)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT 1":                       "SELECT 1",
		"a = $1 AND b = $2":              "a = ? AND b = ?",
		"$1,$2,$3,$4,$5,$6,$7,$8,$9,$10": "?,?,?,?,?,?,?,?,?,?",
		"a = $1 OR b = $1":               "a = $1 OR b = $1",
		"b = $2 AND a = $1":              "b = $2 AND a = $1",
		"a = $12":                        "a = $12",
		"a = $x":                         "a = $x",
	} {
		if got := placeholders(query); got != want {
			t.Errorf("%q became %q, want %q", query, got, want)
		}
	}
}

// Statements of every day find their rows by key.
func TestNoScans(t *testing.T) {
	db, err := Open(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	queries := []string{qBox, qSetBox, qUsage, qLinkBlob, qBlobSize, qChunks, qGivenTaken, qInbox, qList, qAhead, qPrefix,
		qDropRange, qShrinkBox, qExpansion, qBlob, qUnlink, qOrphans, qDropChunks, qLastChunk, qLeftBox, qLeftSlice,
		qDomain, qDomainInUse, qAddressTaken, qAccount, qAccountByID, qCredentials, qSecret, qAlias, qTargets,
		qOutgoing, qOutgoingHeld, qOutgoingOf, qPlace, qAnyRecipient, qDropRecipient, qWait, qSetPlace, qRecipient, qReady, qReadyIn,
		qDropAttempts, qLastAttempt, qStory, qLaneState, qDropLane, qLanes, qLane, qLanesOf, qFirstInLane, qLaterInLane, qWaitingIn,
		qListNamed, qListByID, qMembers, qIsMember, qLeaveLists, qDropMemberships, qSetting,
		qSite, qSiteSecret, qSitesOwn, qUnbindSites, qUnbindQueues,
		qForward, qForwardTargets, qKnown, qIsKnown, qConfirmed, qIsConfirmed, qUnconfirm, qConfirmedBefore, qDropConfirmed, qDropAstray, qRoute, qRouteSecret}
	err = db.read(t.Context(), func(c *conn) error {
		for _, q := range queries {
			args := make([]driver.Value, strings.Count(placeholders(q), "?"))
			for i := range max(len(args), strings.Count(q, "$")) {
				if i >= len(args) {
					args = append(args, nil)
				}
				args[i] = int64(1)
			}
			err := c.query(func(row []driver.Value) error {
				step := fmt.Sprint(row[3])
				if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "CONSTANT") && !strings.Contains(step, "blob_orphan") {
					t.Errorf("%s\nin %s", step, q)
				}
				return nil
			}, "EXPLAIN QUERY PLAN "+q, args...)
			if err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// The reader's and the writer's memory stay within what the contract says.
func TestDraftMemory(t *testing.T) {
	db, err := Open(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	d := db.Draft(0).(*draft)
	defer d.Discard()
	piece := make([]byte, 10_000)
	for range 1000 {
		if _, err := d.Write(piece); err != nil {
			t.Fatal(err)
		}
		held := 0
		for _, b := range d.bufs {
			held += cap(b)
		}
		for _, f := range d.flight {
			held += cap(f.buf)
		}
		if held > 1<<20 {
			t.Fatalf("a draft of %d octets holds %d in memory", d.size, held)
		}
	}
}

// The cache of listings stays within its bound.
func TestListings(t *testing.T) {
	var ls listings
	ls.init()
	entries := make([]store.Entry, maxListed/4)
	for box := range int64(10) {
		ls.keep(listing{inboxRow: inboxRow{id: box, next: 5, modseq: 5}, entries: entries})
		if box >= 1 {
			ls.find(1)
		}
	}
	if ls.entries > maxListed || len(ls.byBox) != 4 || ls.order.Len() != 4 {
		t.Errorf("%d entries of %d mailboxes are remembered", ls.entries, len(ls.byBox))
	}
	if _, ok := ls.find(1); !ok {
		t.Error("the mailbox used most was forgotten")
	}
	ls.keep(listing{inboxRow: inboxRow{id: 1, next: 5, modseq: 4}, entries: entries[:1]})
	if l, _ := ls.find(1); len(l.entries) == 1 {
		t.Error("an older listing took a newer one's place")
	}
	ls.keep(listing{inboxRow: inboxRow{id: 1, next: 5, modseq: 6}})
	if _, ok := ls.find(1); ok {
		t.Error("a mailbox that was emptied is remembered full")
	}
}
