# Exim as Debian builds it (exim4-daemon-light), delivering to a Maildir. What the
# tests hand in EXIM_MAIN, EXIM_ACL, EXIM_ROUTERS and EXIM_TRANSPORTS stands before the
# rest of its part. Of its 20 connections posta alone may take all: hence more.
SRV_SMTP=127.0.0.1:$BENCH_PORT

srv_init() {
  install -d -o Debian-exim -g Debian-exim "$BENCH_DIR/spool" "$BENCH_DIR/log.d"
  install -d -o "$BENCH_USER" -g "$BENCH_USER" "$BENCH_DIR/mail"
  [[ ! ${CERT:-} ]] || chown Debian-exim "$CERT"
  mount -t tmpfs tmpfs /etc/exim4 # where it looks for its configuration
  cat >/etc/exim4/exim4.conf <<EOF
primary_hostname = mail.$BENCH_DOMAIN
spool_directory = $BENCH_DIR/spool
log_file_path = $BENCH_DIR/log.d/%s
log_selector = +smtp_confirmation
pid_file_path = $BENCH_DIR/exim.pid
local_interfaces = 127.0.0.1.$BENCH_PORT
host_lookup =
rfc1413_hosts =
tls_verify_certificates =
smtp_accept_max = 50
smtp_accept_queue_per_connection = 0
remote_max_parallel = 1
dsn_advertise_hosts = *
acl_smtp_rcpt = rcpt
${EXIM_MAIN:-}
begin acl
${EXIM_ACL:-}
rcpt:
  deny   domains = $BENCH_DOMAIN
         ! verify = recipient
         message = No such user here
  accept domains = $BENCH_DOMAIN
  accept hosts = 127.0.0.1
  deny   message = relay not permitted
begin routers
${EXIM_ROUTERS:-}
here:
  driver = accept
  domains = $BENCH_DOMAIN
  local_parts = lsearch;$BENCH_DIR/users
  transport = maildir
begin transports
${EXIM_TRANSPORTS:-}
maildir:
  driver = appendfile
  maildir_format
  directory = $BENCH_DIR/mail/\$local_part_data
  user = $BENCH_USER
  delivery_date_add
  envelope_to_add
  return_path_add
begin retry
* * F,1h,1s
EOF
}

srv_user() { echo "$1: $1" >>"$BENCH_DIR/users"; }

srv_start() {
  bench_spawn /usr/sbin/exim4 -bdf ${EXIM_RUNS--q1s}
  bench_wait_port "$SRV_SMTP"
}
