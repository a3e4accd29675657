# posta: SMTP and POP3 in one process, SQLite store. Durable as it comes: the
# message is in the mailbox and synced before the 250.
# Away from the defaults: the POP3 listener is a lab one, because USER and PASS
# without TLS must be allowed here, and bounds on connections from one address
# are off, because the whole load comes from one.
SRV_SMTP=127.0.0.1:$BENCH_PORT
SRV_POP3=127.0.0.1:$((BENCH_PORT + 1))
POSTA=${POSTA:?path of the posta binary}

srv_version() { "$POSTA" version; }

srv_init() {
  mkdir -p "$BENCH_DIR/data"
  cat >"$BENCH_DIR/posta.toml" <<EOF
hostname = "mail.$BENCH_DOMAIN"
data = "$BENCH_DIR/data"
default_domain = "$BENCH_DOMAIN"

[limits]
enabled = false

[[listener]]
name = "smtp"
service = "smtp"
addr = "$SRV_SMTP"
mode = "strict"
max_connections = 0
max_per_address = 0

[[listener]]
name = "pop3"
service = "pop3"
addr = "$SRV_POP3"
mode = "lab"
max_connections = 0
max_per_address = 0
EOF
  "$POSTA" domain add "$BENCH_DOMAIN" --data "$BENCH_DIR/data"
}

srv_user() { echo "$2" | "$POSTA" account add "$1@$BENCH_DOMAIN" --password-stdin --data "$BENCH_DIR/data"; }

srv_start() {
  bench_spawn "$POSTA" serve --config "$BENCH_DIR/posta.toml"
  bench_wait_port "$SRV_SMTP"
}
