#!/bin/sh
# fill-store.sh ROOT STORE ARCHIVE…: imports docker archives into the empty folder STORE with the containerd of the root
# file system ROOT, on which nothing is written. Needs a mount namespace of its own.
set -eu
root=$1 store=$2
shift 2
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
mkdir "$root/run/store"
mount --bind "$store" "$root/run/store"
chroot "$root" containerd --config /dev/null --root /run/store --log-level fatal &
containerd=$!
ctr() {
  chroot "$root" ctr --namespace k8s.io "$@"
}
until ctr version >/dev/null 2>&1; do
  kill -0 "$containerd"
  sleep 0.1
done
for archive; do
  ln "$archive" "$store/archive.tar"
  ctr images import /run/store/archive.tar
  rm "$store/archive.tar"
done
kill "$containerd"
wait "$containerd"
