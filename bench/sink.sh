# The next hop of the relays: Postfix's smtp-sink, which stores nothing and says
# how many messages it had. It is no process of the server's. Sourced.
SINK=127.0.0.1:$((BENCH_PORT + 5))

sink_start() {
  LD_LIBRARY_PATH=$POSTFIX_LIB setsid "$BENCH_HOME/postfix/usr/sbin/smtp-sink" -c -u "$BENCH_USER" "$SINK" 1024 \
    >"$BENCH_DIR/sink.log" 2>&1 9>&- </dev/null &
  SINK_PID=$!
  local i
  for ((i = 0; i < 100; i++)); do
    (exec 3<>"/dev/tcp/${SINK%:*}/${SINK##*:}") 2>/dev/null && return 0
    sleep 0.1
  done
  cat "$BENCH_DIR/sink.log" >&2
  return 1
}

srv_count() { tail -c 200 "$BENCH_DIR/sink.log" 2>/dev/null | grep -ao 'mesg=[0-9]*' | tail -1 | grep -o '[0-9]*' || echo 0; }

srv_stop() {
  server_kill
  [[ ! ${SINK_PID:-} ]] || kill "$SINK_PID" 2>/dev/null
  SINK_PID=
}
