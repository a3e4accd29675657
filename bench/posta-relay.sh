# posta as a relay: what comes for the domain goes on to a next hop, smtp-sink,
# and is durable in between. At the sink it is counted.
# Away from the defaults: as many connections to the next hop as Postfix gets in
# postfix-relay.sh, and bounds on connections from one address are off.
. "$RELAYBENCH/posta.sh"
. "$RELAYBENCH/sink.sh"

srv_init() {
  mkdir -p "$BENCH_DIR/data"
  cat >"$BENCH_DIR/posta.toml" <<EOF
hostname = "mail.$BENCH_DOMAIN"
data = "$BENCH_DIR/data"

[limits]
enabled = false

[outgoing]
max_per_destination = 64

[[listener]]
name = "smtp"
service = "smtp"
addr = "$SRV_SMTP"
mode = "strict"
max_connections = 0
max_per_address = 0
EOF
  "$POSTA" domain add "$BENCH_DOMAIN" --relay "$SINK" --data "$BENCH_DIR/data"
}

srv_user() { "$POSTA" domain recipients "$BENCH_DOMAIN" --add "$1" --data "$BENCH_DIR/data"; }

srv_start() {
  sink_start
  bench_spawn "$POSTA" serve --config "$BENCH_DIR/posta.toml"
  bench_wait_port "$SRV_SMTP"
}
