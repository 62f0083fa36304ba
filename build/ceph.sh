#!/usr/bin/env bash
# A Ceph cluster of one monitor and one OSD with its S3 gateway, on free ports of 127.0.0.1, everything in one folder.
#   build/ceph.sh start FOLDER   prints shell assignments of MEDIA_TEST_S3_ENDPOINT, MEDIA_TEST_S3_KEY and MEDIA_TEST_S3_SECRET
#   build/ceph.sh stop FOLDER
# Needs ceph-mon, ceph-osd, radosgw and ceph-common; on Debian: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

usage() { sed -n '2,5p' "${BASH_SOURCE[0]}" >&2; exit 2; }

# until_true SECONDS COMMAND…
until_true() {
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.25
  done
}

free_ports() {
  node -e '
    const { createServer } = require("node:net");
    const servers = Array.from({ length: 3 }, () => createServer().listen(0, "127.0.0.1"));
    Promise.all(servers.map((server) => new Promise((done) => server.on("listening", done)))).then(() => {
      console.log(servers.map((server) => server.address().port).join(" "));
      servers.forEach((server) => server.close());
    });'
}

answers() { node -e 'fetch(process.argv[1]).then((answer) => process.exit(answer.status < 500 ? 0 : 1), () => process.exit(1))' "$1"; }

osd_is_up() { timeout 10 ceph -c "$CEPH_CONF" osd stat 2>/dev/null | grep -q '1 up'; }

write_configuration() {
  cat >"$CEPH_CONF" <<C
[global]
fsid = $1
mon host = [v2:127.0.0.1:$2,v1:127.0.0.1:$3]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
# One machine, one user: nothing to keep apart. The gateway's monitor client has to be told, it defaults to encryption.
auth cluster required = none
auth service required = none
auth client required = none
auth allow insecure global id reclaim = true
ms mon client mode = crc
# One copy of everything, and a manager is not needed to serve.
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
setuser match path =
keyring = $folder/keyring
run dir = $folder
admin socket = $folder/\$cluster-\$name.asok
pid file = $folder/\$name.pid
log file = $folder/\$name.log
mon cluster log file = $folder/cluster.log
crash dir = $folder
[mon]
mon data = $folder/mon
mon data avail warn = 1
mon data avail crit = 0
[osd]
osd data = $folder/osd
osd objectstore = bluestore
osd memory target = 1073741824
bluestore block create = true
# A file with holes. Where it is full, requests wait for ever: bytes of deleted objects are given back late.
bluestore block size = 68719476736
bluestore block db size = 0
bluestore block wal size = 0
osd op num shards = 2
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$4
rgw data = $folder/rgw
rgw crypt require ssl = false
rgw enable usage log = false
rgw gc obj min wait = 60
rgw gc processor period = 30
C
}

# Errors end it step by step: whoever calls it in a condition switches 'set -e' off.
boot() {
  local fsid=$1 osd=$2 mon2=$3 mon1=$4 port=$5 key=$6 secret=$7
  ceph-authtool --create-keyring "$folder/keyring" --gen-key -n mon. --cap mon 'allow *' &&
  ceph-authtool "$folder/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' &&
  monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon2,v1:127.0.0.1:$mon1]" "$folder/monmap" &&
  ceph-mon -c "$CEPH_CONF" --mkfs -i a --monmap "$folder/monmap" --keyring "$folder/keyring" &&
  ceph-mon -c "$CEPH_CONF" -i a &&
  until_true 60 timeout 10 ceph -c "$CEPH_CONF" -s &&
  ceph -c "$CEPH_CONF" osd new "$osd" &&
  ceph-osd -c "$CEPH_CONF" -i 0 --mkfs --osd-uuid "$osd" &&
  ceph-osd -c "$CEPH_CONF" -i 0 &&
  until_true 60 osd_is_up &&
  radosgw -c "$CEPH_CONF" -n client.rgw --cluster ceph &&
  until_true 120 answers "http://127.0.0.1:$port/" &&
  radosgw-admin -c "$CEPH_CONF" user create --uid=media --display-name=media --access-key="$key" --secret-key="$secret"
}

start() {
  local program
  for program in ceph ceph-mon ceph-osd ceph-authtool monmaptool radosgw radosgw-admin; do
    command -v "$program" >/dev/null || { say "$program is missing. On Debian: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common"; return 1; }
  done
  mkdir -p "$folder/mon" "$folder/osd" "$folder/rgw"
  local fsid osd mon2 mon1 port key secret
  fsid=$(cat /proc/sys/kernel/random/uuid) osd=$(cat /proc/sys/kernel/random/uuid)
  key=media secret=$(od -An -tx1 -N16 /dev/urandom | tr -d ' \n')
  read -r mon2 mon1 port <<<"$(free_ports)"
  write_configuration "$fsid" "$mon2" "$mon1" "$port"
  boot "$fsid" "$osd" "$mon2" "$mon1" "$port" "$key" "$secret" >"$folder/start.log" 2>&1 </dev/null || { tail -20 "$folder/start.log" >&2; return 1; }
  printf 'MEDIA_TEST_S3_ENDPOINT=http://127.0.0.1:%s MEDIA_TEST_S3_KEY=%s MEDIA_TEST_S3_SECRET=%s\n' "$port" "$key" "$secret"
}

stop() {
  local name id
  for name in client.rgw osd.0 mon.a; do
    [ -s "$folder/$name.pid" ] || continue
    id=$(cat "$folder/$name.pid")
    kill "$id" 2>/dev/null || continue
    until_true 3 is_gone "$id" || kill -9 "$id" 2>/dev/null || true
    until_true 5 is_gone "$id" || true
  done
}

is_gone() { ! kill -0 "$1" 2>/dev/null; }

[ $# = 2 ] && [ -d "$2" ] || usage
folder=$(cd "$2" && pwd)
export CEPH_CONF=$folder/ceph.conf
case $1 in
  start) start ;;
  stop) stop ;;
  *) usage ;;
esac
