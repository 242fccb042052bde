#!/bin/sh
# label.sh ROOT FOLDER: gives everything in FOLDER the SELinux context that the policy of the root file system ROOT has for its
# path; does nothing where ROOT has no policy. Needs a mount namespace of its own.
set -eu
root=$1 folder=$2
contexts=/etc/selinux/default/contexts/files/file_contexts
[ -e "$root$contexts" ] || exit 0
mount --bind "$folder" "$root/mnt"
chroot "$root" setfiles -F -r /mnt "$contexts" /mnt
umount "$root/mnt"
