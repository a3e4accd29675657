package sqldb

// The statements about people, in the dialect that SQLite and PostgreSQL share.
const (
	domainColumns = `id, name, alias_of, catch_all, plus, max_accounts, max_message, max_bytes, created, sender_check,
		kind, relay, callout, site, max_age, any_recipient`
	qDomains   = `SELECT ` + domainColumns + ` FROM domain ORDER BY name`
	qDomain    = `SELECT ` + domainColumns + ` FROM domain WHERE name = $1`
	qAddDomain = `INSERT INTO domain (name, alias_of, catch_all, plus, max_accounts, max_message, max_bytes, created, sender_check,
			kind, relay, callout, site, max_age, any_recipient)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING id`
	qSetDomain = `UPDATE domain SET alias_of = $1, catch_all = $2, plus = $3,
		max_accounts = $4, max_message = $5, max_bytes = $6, sender_check = $7,
		kind = $8, relay = $9, callout = $10, site = $11, max_age = $12, any_recipient = $13 WHERE id = $14`
	qDropDomain  = `DELETE FROM domain WHERE name = $1`
	qDomainInUse = `SELECT 1 WHERE EXISTS (SELECT 1 FROM account WHERE domain = $1)
		OR EXISTS (SELECT 1 FROM alias WHERE domain = $1)
		OR EXISTS (SELECT 1 FROM mailing_list WHERE domain = $1)`
	qDomainAccounts = `SELECT id FROM account WHERE domain = $1`
	qDomainAliases  = `SELECT id FROM alias WHERE domain = $1`
	qDomainLists    = `SELECT id FROM mailing_list WHERE domain = $1`

	qAddressTaken = `SELECT 1 WHERE EXISTS (SELECT 1 FROM account WHERE domain = $1 AND local_key = $2)
		OR EXISTS (SELECT 1 FROM alias WHERE domain = $1 AND local_key = $2)
		OR EXISTS (SELECT 1 FROM mailing_list WHERE domain = $1 AND local_key = $2)`

	accountColumns = `a.id, a.address, a.local, a.domain, a.name, a.quota, a.disabled, a.version, a.created,
		EXISTS (SELECT 1 FROM apop_secret s WHERE s.account_id = a.id)`
	qAllAccounts = `SELECT ` + accountColumns + ` FROM account a ORDER BY a.domain, a.local_key`
	qAccounts    = `SELECT ` + accountColumns + ` FROM account a WHERE a.domain = $1 ORDER BY a.local_key`
	qAccount     = `SELECT ` + accountColumns + ` FROM account a WHERE a.domain = $1 AND a.local_key = $2`
	qAccountByID = `SELECT ` + accountColumns + ` FROM account a WHERE a.id = $1`
	qGranted     = `SELECT count(*), coalesce(sum(quota), 0) FROM account WHERE domain = $1 AND id <> $2`
	qAddAccount  = `INSERT INTO account (domain, local_key, local, address, name, quota, disabled, version, created,
			hash, scram_salt, scram_iterations, scram_stored, scram_server)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $11, $12, $13) RETURNING id`
	qSetAccount  = `UPDATE account SET name = $1, quota = $2, disabled = $3 WHERE id = $4`
	qDropAccount = `DELETE FROM account WHERE id = $1`

	qCredentials    = `SELECT hash, scram_salt, scram_iterations, scram_stored, scram_server FROM account WHERE id = $1`
	qSetCredentials = `UPDATE account SET hash = $1, scram_salt = $2, scram_iterations = $3, scram_stored = $4,
		scram_server = $5, version = version + 1 WHERE id = $6`
	qGrowVersion = `UPDATE account SET version = version + 1 WHERE id = $1`
	qSecret      = `SELECT secret FROM apop_secret WHERE account_id = $1`
	qAnySecret   = `SELECT 1 FROM apop_secret LIMIT 1`
	qSetSecret   = `INSERT INTO apop_secret (account_id, secret) VALUES ($1, $2)
		ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret`
	qDropSecret = `DELETE FROM apop_secret WHERE account_id = $1`

	qGrants          = `SELECT address FROM send_grant WHERE account_id = $1`
	qAddGrant        = `INSERT INTO send_grant (account_id, address) VALUES ($1, $2)`
	qDropGrant       = `DELETE FROM send_grant WHERE account_id = $1 AND address = $2`
	qDropGrantsTo    = `DELETE FROM send_grant WHERE account_id = $1`
	qDropGrantsOf    = `DELETE FROM send_grant WHERE address = $1`
	qDropAliasGrants = `DELETE FROM send_grant WHERE address = (SELECT address FROM alias WHERE id = $1)`
	qDropListGrants  = `DELETE FROM send_grant WHERE address = (SELECT address FROM mailing_list WHERE id = $1)`

	qAllAliases  = `SELECT id, address FROM alias ORDER BY domain, local_key`
	qAliases     = `SELECT id, address FROM alias WHERE domain = $1 ORDER BY local_key`
	qAlias       = `SELECT id, address FROM alias WHERE domain = $1 AND local_key = $2`
	qHasAlias    = `SELECT 1 FROM alias WHERE id = $1`
	qAddAlias    = `INSERT INTO alias (domain, local_key, address) VALUES ($1, $2, $3) RETURNING id`
	qDropAlias   = `DELETE FROM alias WHERE id = $1`
	qTargets     = `SELECT address FROM alias_target WHERE alias_id = $1 ORDER BY position`
	qAddTarget   = `INSERT INTO alias_target (alias_id, position, address) VALUES ($1, $2, $3)`
	qDropTargets = `DELETE FROM alias_target WHERE alias_id = $1`

	listColumns = `id, address, kind, owner, name, members`
	qAllLists   = `SELECT ` + listColumns + ` FROM mailing_list ORDER BY domain, local_key`
	qLists      = `SELECT ` + listColumns + ` FROM mailing_list WHERE domain = $1 ORDER BY local_key`
	qListNamed  = `SELECT ` + listColumns + ` FROM mailing_list WHERE domain = $1 AND local_key = $2`
	qListByID   = `SELECT ` + listColumns + ` FROM mailing_list WHERE id = $1`
	qAddList    = `INSERT INTO mailing_list (domain, local_key, address, kind, owner, name)
		VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`
	qSetList  = `UPDATE mailing_list SET kind = $1, owner = $2, name = $3 WHERE id = $4`
	qDropList = `DELETE FROM mailing_list WHERE id = $1`

	qMembers     = `SELECT id, address FROM list_member WHERE list_id = $1 AND id > $2 ORDER BY id LIMIT $3`
	qIsMember    = `SELECT 1 FROM list_member WHERE list_id = $1 AND address = $2`
	qAddMember   = `INSERT INTO list_member (list_id, address) VALUES ($1, $2) ON CONFLICT (list_id, address) DO NOTHING`
	qDropMember  = `DELETE FROM list_member WHERE list_id = $1 AND address = $2`
	qDropMembers = `DELETE FROM list_member WHERE list_id = $1`
	qCountMember = `UPDATE mailing_list SET members = members + $1 WHERE id = $2`
	qLeaveLists  = `UPDATE mailing_list SET members = members - 1
		WHERE id IN (SELECT list_id FROM list_member WHERE address = $1)`
	qDropMemberships = `DELETE FROM list_member WHERE address = $1`

	qForward            = `SELECT keep FROM forward WHERE account_id = $1`
	qForwardTargets     = `SELECT address FROM forward_target WHERE account_id = $1 ORDER BY position`
	qAddForward         = `INSERT INTO forward (account_id, keep) VALUES ($1, $2)`
	qAddForwardTarget   = `INSERT INTO forward_target (account_id, position, address) VALUES ($1, $2, $3)`
	qDropForward        = `DELETE FROM forward WHERE account_id = $1`
	qDropForwardTargets = `DELETE FROM forward_target WHERE account_id = $1`

	qKnown        = `SELECT local_key FROM relay_recipient WHERE domain = $1 AND local_key > $2 ORDER BY local_key LIMIT $3`
	qIsKnown      = `SELECT 1 FROM relay_recipient WHERE domain = $1 AND local_key = $2`
	qAddKnown     = `INSERT INTO relay_recipient (domain, local_key) VALUES ($1, $2) ON CONFLICT (domain, local_key) DO NOTHING`
	qDropKnown    = `DELETE FROM relay_recipient WHERE domain = $1 AND local_key = $2`
	qDropAllKnown = `DELETE FROM relay_recipient WHERE domain = $1`

	routeColumns = `id, domain, hosts, tls, user_name, source, ipv, created, ca`
	qRoutes      = `SELECT ` + routeColumns + ` FROM route ORDER BY domain`
	qRoute       = `SELECT ` + routeColumns + ` FROM route WHERE domain = $1`
	qRouteSecret = `SELECT secret FROM route_secret WHERE route_id = $1`
	qAddRoute    = `INSERT INTO route (domain, hosts, tls, user_name, source, ipv, created, ca)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`
	qSetRoute       = `UPDATE route SET hosts = $1, tls = $2, user_name = $3, source = $4, ipv = $5, ca = $6 WHERE id = $7`
	qDropRoute      = `DELETE FROM route WHERE id = $1`
	qSetRouteSecret = `INSERT INTO route_secret (route_id, secret) VALUES ($1, $2)
		ON CONFLICT (route_id) DO UPDATE SET secret = excluded.secret`
	qDropRouteSecret = `DELETE FROM route_secret WHERE route_id = $1`

	qSetting    = `SELECT value FROM setting WHERE name = $1`
	qSetSetting = `INSERT INTO setting (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`
)
