package sqldb

// The statements about sites, in the dialect that SQLite and PostgreSQL share.
const (
	siteColumns  = `id, name, networks, helo, created, seen`
	qSites       = `SELECT ` + siteColumns + ` FROM site ORDER BY name`
	qSite        = `SELECT ` + siteColumns + ` FROM site WHERE name = $1`
	qSiteSecret  = `SELECT secret FROM site_secret WHERE site_id = $1`
	qSiteDomains = `SELECT site_id, domain FROM site_domain ORDER BY site_id, domain`
	qSitesOwn    = `SELECT site_id, domain FROM site_domain WHERE site_id = $1 ORDER BY domain`

	qAddSite       = `INSERT INTO site (name, networks, helo, created, seen) VALUES ($1, $2, $3, $4, $5) RETURNING id`
	qSetSite       = `UPDATE site SET networks = $1, helo = $2 WHERE id = $3`
	qHasSite       = `SELECT 1 FROM site WHERE id = $1`
	qSiteSeen      = `UPDATE site SET seen = $1 WHERE id = $2`
	qSetSiteSecret = `INSERT INTO site_secret (site_id, secret) VALUES ($1, $2)
		ON CONFLICT (site_id) DO UPDATE SET secret = excluded.secret`
	qAddSiteDomain   = `INSERT INTO site_domain (site_id, domain) VALUES ($1, $2)`
	qDropSiteDomains = `DELETE FROM site_domain WHERE site_id = $1`
	qDropSiteSecret  = `DELETE FROM site_secret WHERE site_id = $1`
	qDropSite        = `DELETE FROM site WHERE id = $1`
	qUnbindSites     = `DELETE FROM site_domain WHERE domain = $1`

	qNamedQueues    = `SELECT name, domain FROM named_queue ORDER BY name, domain`
	qAddNamedQueue  = `INSERT INTO named_queue (name, domain) VALUES ($1, $2)`
	qDropNamedQueue = `DELETE FROM named_queue WHERE name = $1`
	qUnbindQueues   = `DELETE FROM named_queue WHERE domain = $1`
)
