package sqldb

// Forget drops what is remembered of mailboxes.
func (db *DB) Forget() {
	db.listings.mu.Lock()
	defer db.listings.mu.Unlock()
	db.listings.init()
	db.listings.entries = 0
}
