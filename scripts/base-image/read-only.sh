#!/bin/sh
# read-only.sh FOLDER COMMAND…: runs a command that may write to FOLDER, but not to this machine's /etc, /usr and /var. Needs root and a mount
# namespace of its own.
set -eu
folder=$1
shift
for each in / /etc /usr /var; do
  ! mountpoint -q "$each" || mount -o remount,bind,ro "$each"
done
mount --bind "$folder" "$folder"
mount -o remount,bind,rw "$folder"
exec "$@"
