# Postfix as a relay: what comes for the domain goes on to a next hop, smtp-sink,
# and is durable in between. At the sink it is counted.
# Away from the defaults, beside what postfix.sh says: 64 connections to the next
# hop at a time.
. "$MAILBENCH/servers/postfix.sh"
. "$RELAYBENCH/sink.sh"
POSTFIX_EXTRA="default_destination_concurrency_limit = 64
virtual_mailbox_domains =
relay_domains = $BENCH_DOMAIN
relay_recipient_maps = static:ok
relay_transport = relay:[${SINK%:*}]:${SINK##*:}"
eval "postfix_start() $(declare -f srv_start | tail -n +2)"

srv_version() { echo "Postfix $(dpkg-deb -f "$BENCH_HOME"/debs/postfix_*.deb Version), relaying"; }

srv_user() { :; }

srv_start() {
  sink_start
  postfix_start
}
