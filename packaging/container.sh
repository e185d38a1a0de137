#!/usr/bin/env bash
# Builds the image of the Containerfile and tries it: one pass, then the daemon, with a read-only root, as
# its user. No engine is needed: as root, with Debian's buildah, debootstrap and systemd-container. BASE
# names an image to build on; without it, one is made of Debian's packages. Nothing of it stays.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d /var/tmp/staging-sampler-container-XXXXXX)
buildah() { command buildah --storage-driver vfs --root "$scratch/images" --runroot "$scratch/run" "$@"; }
container='' pid=''
finish() {
    [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
    [ -z "$container" ] || buildah umount "$container" >/dev/null || true
    rm -rf --one-file-system "$scratch"
}
trap finish EXIT

if [ -z "${BASE:-}" ]; then
    echo 'a base of Debian packages' >&2
    debootstrap --variant=minbase bookworm "$scratch/debian" >"$scratch/log"
    # Whom this machine trusts: a mirror may have a certificate of its own.
    cp -r /usr/local/share/ca-certificates "$scratch/debian/usr/local/share/"
    base=$(buildah from scratch)
    buildah add -q "$base" "$scratch/debian" / >/dev/null
    BASE=localhost/debian
    buildah commit -q "$base" "$BASE" >/dev/null
    buildah rm "$base" >/dev/null
fi
echo "an image on $BASE" >&2
buildah build --isolation chroot --format docker --build-arg "BASE=$BASE" -t staging-sampler -f Containerfile .

lake=$scratch/lake/acme/orders/v1 state=$scratch/state
mkdir -p "$lake/bronze" "$lake/manifests" "$lake/samples" "$state"
printf 'id,name\n1,x\n' >"$lake/bronze/a.csv"
cp fixtures/parquet/all-types-v2.parquet "$lake/bronze/b.parquet"
for name in a.csv b.parquet; do
    echo "{\"raw\":\"raw/$name\",\"bronze\":\"bronze/$name\",\"mtime\":1}" >>"$lake/manifests/processed.jsonl"
done
chown -R 10001:10001 "$lake/samples" "$state"

container=$(buildah from staging-sampler)
root=$(buildah mount "$container")
mkdir -p "$root/data" # as an engine makes it for what it mounts
# As an engine would: everything of the image is read-only but for its volumes and /tmp.
inside() {
    systemd-nspawn --quiet --console=pipe --register=no --keep-unit --read-only --directory "$root" \
        --bind "$scratch/lake:/data" --bind "$state:/var/lib/staging-sampler" --tmpfs /tmp:mode=1777 \
        -- env -u NOTIFY_SOCKET setpriv --reuid 10001 --regid 10001 --clear-groups --bounding-set=-all --no-new-privs "$@"
}

echo 'one pass' >&2
inside /usr/bin/tini -- /usr/bin/staging-sampler run --once --json | jq -e '.sampled == 2 and .failed == 0'
ls -ln "$lake/samples" >&2

echo 'the daemon' >&2
inside /usr/bin/tini -- /usr/bin/staging-sampler run &
pid=$!
mapfile -t check < <(buildah inspect --type image staging-sampler | jq -r '.Docker.config.Healthcheck.Test[1:][]')
for _ in $(seq 60); do
    if "$root${check[0]}" "${check[@]:1}"; then break; fi
    sleep 1
done
"$root${check[0]}" "${check[@]:1}"
curl --silent --show-error --fail http://127.0.0.1:9464/readyz
printf 'id,name\n2,y\n' >"$lake/bronze/c.csv"
echo '{"raw":"raw/c.csv","bronze":"bronze/c.csv","mtime":1}' >>"$lake/manifests/processed.jsonl"
until [ -e "$lake/samples/c_sample.csv" ]; do sleep 0.2; done

# The signal of the image, to the process that an engine would send it to.
init=$(pgrep --oldest --full '^/usr/bin/tini -- /usr/bin/staging-sampler run$')
kill -TERM "$init"
wait "$pid"
pid=''
echo 'the image works: one pass, and the daemon from its start to SIGTERM' >&2
