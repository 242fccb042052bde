#!/bin/sh
# debian.sh ARCHIVE [ARCHITECTURE]: makes the Debian of the agent's image, a tar file: what node, nsenter, cp, find and test need, dpkg's
# database, from which scanners read the packages, and the licences; no shell, no dpkg, no apt. With SOURCE_DATE_EPOCH the same packages
# give the same bytes. Maintainer scripts run outside of it, as it has no shell: not on a machine of yours without read-only.sh.
set -eu
# dpkg's options for files to leave out do not work without dpkg inside. The last two hooks remove what is of this machine: PAM's files list
# the profiles that are installed here, and no program in the image asks PAM.
exec mmdebstrap --mode=chrootless --variant=custom --skip=check/chrootless ${2:+--architectures="$2"} \
  --include=base-files,base-passwd,coreutils,findutils,util-linux,libatomic1,libc6,libstdc++6 \
  --customize-hook='rm -rf "$1"/usr/share/man/* "$1"/usr/share/info/* "$1"/usr/share/locale/*' \
  --customize-hook='find "$1/usr/share/doc" -type f ! -name copyright -delete' \
  --customize-hook='rm -f "$1/etc/hostname" "$1/etc/resolv.conf"' \
  --customize-hook='rm -f "$1"/etc/pam.d/common-* "$1"/var/lib/pam/*' \
  trixie "$1"
