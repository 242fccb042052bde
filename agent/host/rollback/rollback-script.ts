// The shell script that rolls back a change without the agent, and the unit that runs it before the kubelet at boot.

import { dirname } from 'node:path';
import { TEMPORARY_MARK } from '../files/temporary.ts';
import { STATE_DIR, UNDO_UNIT } from '../../names.ts';

export const UNDO_SCRIPT_FILE = `${STATE_DIR}/undo`;
export const UNITS_FOLDER = '/etc/systemd/system';
export const BOOT_UNIT = `${UNDO_UNIT}-at-boot.service`;
export const BOOT_UNIT_FILE = `${UNITS_FOLDER}/${BOOT_UNIT}`;

/** The script's exit code for a damaged journal (EX_DATAERR of sysexits.h). */
export const DAMAGED = 65;

/**
 * Restores the bytes from the journal if the file still holds the change, or removes our flag if another party has modified the file
 * since; then restarts a kubelet that was started with the change. Fails and keeps the journal when it can do neither.
 * It never evaluates the values that it reads: they come from the journal, whose checksum must match. It claims the journal with
 * a rename, so either the agent commits a change or this script rolls it back. It can be interrupted at any point and run again.
 */
export const UNDO_SCRIPT = String.raw`# kubelet-sysctl-agent: rolls back a change that the agent did not finish. $1 is the caller: timer or boot.
set -eu
cd "$(dirname "$0")"

field() { sed -n "s/^$1 //p" undoing; }
hash() { if [ -e "$1" ]; then sha256sum < "$1" | cut -d ' ' -f 1; else echo none; fi; }
clean() {
  rm -f ${UNITS_FOLDER}/*.wants/${BOOT_UNIT} ${BOOT_UNIT_FILE}
  rmdir --ignore-fail-on-non-empty ${UNITS_FOLDER}/kubelet*.wants 2> /dev/null || :
}

replace() {
  if [ -e "$file" ]; then
    cp --attributes-only --preserve=mode,ownership,xattr -- "$file" "$new"
  else
    chmod 644 -- "$new"
  fi
  sync -- "$new"
  mv -fT -- "$new" "$file"
  sync -- "$(dirname -- "$file")"
}

mv -f change undoing 2> /dev/null || :
if [ ! -e undoing ]; then
  clean
  exit 0
fi
if [ "$(sed '$d' undoing | sha256sum | cut -d ' ' -f 1)" != "$(field sha256)" ]; then
  echo "The journal $PWD/undoing is damaged. Nothing was rolled back. Check the kubelet's environment file by hand." >&2
  exit ${DAMAGED}
fi

unit=$(field unit)
file=$(readlink -f -- "$(field file)")
new=$(dirname -- "$file")/.$(basename -- "$file")${TEMPORARY_MARK}
rm -f -- "$new"*
new=$new$$
found=$(hash "$file")
if [ "$(field before)" = "$(field after)" ] || [ "$found" = "$(field before)" ] || [ "$found" = none ]; then
  :
elif [ "$found" = "$(field after)" ] && [ "$(field before)" = none ]; then
  rm -f -- "$file"
  sync -- "$(dirname -- "$file")"
  echo "Removed $file: it did not exist before the change."
elif [ "$found" = "$(field after)" ]; then
  (umask 077 && field bytes | base64 -d > "$new")
  [ "$(hash "$new")" = "$(field before)" ]
  replace
  echo "Restored $file to its bytes from before the change."
elif [ "$(field flag)" != none ] && [ "$(field flag)" = "$(field flag-before)" ]; then
  echo "Left $file as another party modified it: the change was not of the list."
else
  # Another party modified the file since: remove only our flag.
  flag=$(field flag)
  was=$(field flag-before)
  [ "$was" != none ] || was=
  case $flag$was in
    none* | *[!A-Za-z0-9=._/*,-]*)
      echo "Another party modified $file, and the change cannot be identified in it. Nothing was rolled back. Fix the file by hand." >&2
      exit 1 ;;
  esac
  blank=
  [ -n "$was" ] || blank='\\\{0,1\} \{0,1\}'
  escaped=$(printf %s "$flag" | sed 's/[.*/]/\\&/g')
  (umask 077 && sed "s/$blank$escaped\([^A-Za-z0-9=._/*,-]\|\$\)/$(printf %s "$was" | sed 's/[/]/\\&/g')\1/g" "$file" > "$new")
  if cmp -s -- "$file" "$new"; then
    rm -f -- "$new"
    if grep -qF -e "--allowed-unsafe-sysctls" -- "$file"; then
      echo "Another party modified $file, and the flag is still in it. Nothing was rolled back. The agent removes it." >&2
      exit 1
    fi
  else
    replace
    echo "Removed the change from $file, which another party modified since."
  fi
fi

if [ "$1" = timer ] && [ "$(systemctl show --property=InvocationID --value "$unit")" != "$(field invocation)" ]; then
  case $(systemctl show --property=ActiveState --value "$unit") in
    inactive) ;;
    failed) systemctl reset-failed "$unit" && systemctl start "$unit" ;;
    *) systemctl try-restart "$unit" ;;
  esac
fi
mv -f undoing "undone-$1"
sync -- .
clean
`;

/**
 * The boot unit for a change of `file`. It does nothing while the timer or its script exists, which then rolls back: a kubelet that is
 * restarted in the middle of a change starts with the change.
 */
export function bootUnit(kubeletUnit: string, file: string): string {
  const mounts = [STATE_DIR, dirname(file)].filter((path) => /^[\w/.-]+$/u.test(path));
  return `[Unit]
Description=Roll back an interrupted kubelet-sysctl-agent change
Before=${kubeletUnit}
RequiresMountsFor=${mounts.join(' ')}
ConditionPathExists=|${STATE_DIR}/change
ConditionPathExists=|${STATE_DIR}/undoing
ConditionPathExists=!/run/systemd/transient/${UNDO_UNIT}.service

[Service]
Type=oneshot
ExecStart=/bin/sh ${UNDO_SCRIPT_FILE} boot
`;
}
