# run.sh UNPACKED BENCH FOLDER PORT ADAPTER: a mail server of somebody else's, in
# namespaces of its own (unshare -m -p --fork): what test/setup unpacked is laid over
# the system, and all its processes end with this shell. It stops and starts as
# standard input says, and answers "ready".
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mount --make-rprivate /
mount -t proc proc /proc
mount -t overlay overlay -o "lowerdir=$1/etc:/etc" /etc
mount -t overlay overlay -o "lowerdir=$1/root/usr:/usr" /usr
mount -t tmpfs tmpfs /mnt
mkdir /mnt/postfix
mount --bind "$1/postfix" /mnt/postfix # it has few paths compiled in, and libraries of its own
cd "$2"
BENCH_HOME=/mnt
. ./lib.sh
BENCH_DIR=$3 BENCH_PORT=$4
if [[ -e $here/$5.sh ]]; then . "$here/$5.sh"; else . "servers/$5.sh"; fi

# stop ends everything but this shell, as an init system does.
stop() {
  local i
  for ((i = 0; i < 200; i++)); do
    ((i % 20)) || kill -TERM -- -1 2>/dev/null || break
    kill -0 -- -1 2>/dev/null || break
    sleep 0.05
  done
  kill -KILL -- -1 2>/dev/null || true
  BENCH_PIDS=()
}

if [[ ${CERT:-} ]]; then
  CERT=$BENCH_DIR/cert.pem
  openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=mail.$BENCH_DOMAIN" -days 30 -keyout "$CERT" 2>/dev/null >"$CERT.part"
  cat "$CERT.part" >>"$CERT"
fi
srv_init
srv_user pepe
eval "${MORE:-}"
srv_start
echo ready
while read -r order; do
  case $order in
  stop) stop ;;
  start) srv_start ;;
  esac
  echo ready
done
