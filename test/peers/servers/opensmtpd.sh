# OpenSMTPD as Debian builds it, delivering to a Maildir. OPENSMTPD_EXTRA are more
# lines of its configuration, OPENSMTPD_TLS is what its listener says of TLS.
SRV_SMTP=127.0.0.1:$BENCH_PORT

srv_init() {
  local d
  mkdir -p "$BENCH_DIR/spool" "$BENCH_DIR/mail"
  chmod 711 "$BENCH_DIR/spool"
  chown "$BENCH_USER:" "$BENCH_DIR/mail"
  for d in queue corrupt purge temporary incoming; do install -d -o opensmtpq -m 700 "$BENCH_DIR/spool/$d"; done
  install -d -g opensmtpq -m 770 "$BENCH_DIR/spool/offline"
  for d in /run /var/spool /var/lib; do mount -t tmpfs tmpfs "$d"; done # its paths are compiled in
  mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty
  mount --bind "$BENCH_DIR/spool" /var/spool/smtpd
  if [[ ${CERT:-} ]]; then
    OPENSMTPD_EXTRA="pki mail.$BENCH_DOMAIN cert \"$CERT\"
pki mail.$BENCH_DOMAIN key \"$CERT\"
${OPENSMTPD_EXTRA:-}"
  fi
  cat >"$BENCH_DIR/smtpd.conf" <<EOF
table users file:$BENCH_DIR/users
mta limit conn-delay-relay 0 reconn-delay-route 0 # else five seconds and three
${OPENSMTPD_EXTRA:-}
listen on 127.0.0.1 port $BENCH_PORT hostname mail.$BENCH_DOMAIN ${OPENSMTPD_TLS:-}
action "keep" maildir "$BENCH_DIR/mail/%{user.username}" userbase <users>
match from any for domain "$BENCH_DOMAIN" action "keep"
EOF
}

srv_user() { echo "$1 $(id -u "$BENCH_USER"):$(id -g "$BENCH_USER"):$BENCH_DIR/mail" >>"$BENCH_DIR/users"; }

srv_start() {
  bench_spawn /usr/sbin/smtpd -d -f "$BENCH_DIR/smtpd.conf"
  bench_wait_port "$SRV_SMTP"
}
