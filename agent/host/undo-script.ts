// What undoes a change on the host when the agent does not: a shell script and a unit that runs it before the kubelet at boot.

import { dirname } from 'node:path';
import { MEMORY_FOLDER } from '../node/memory.ts';
import { TEMPORARY_MARK } from './temporary.ts';

export const UNDO_SCRIPT_FILE = `${MEMORY_FOLDER}/undo`;
/** The transient units, and the one for the boot. */
export const UNDO_UNIT = 'kubelet-sysctl-agent-undo';
export const UNITS_FOLDER = '/etc/systemd/system';
export const BOOT_UNIT = `${UNDO_UNIT}-at-boot.service`;
export const BOOT_UNIT_FILE = `${UNITS_FOLDER}/${BOOT_UNIT}`;

/** The script's exit code for a journal that it must not use (EX_DATAERR of sysexits.h). */
export const DAMAGED = 65;

/**
 * Puts the bytes from the journal back if the file still holds the change, and restarts a kubelet that was started since.
 * The values that it reads are never evaluated: they come from the journal, whose checksum must fit. It takes the journal by
 * a rename, so either the agent commits a change or this undoes it. Can be cut off anywhere and run again.
 */
export const UNDO_SCRIPT = String.raw`# kubelet-sysctl-agent: undoes a change that nobody finished. $1 is who asks: timer or boot.
set -eu
cd "$(dirname "$0")"

field() { sed -n "s/^$1 //p" undoing; }
hash() { if [ -e "$1" ]; then sha256sum < "$1" | cut -d ' ' -f 1; else echo none; fi; }
clean() {
  rm -f ${UNITS_FOLDER}/*.wants/${BOOT_UNIT} ${BOOT_UNIT_FILE}
  rmdir --ignore-fail-on-non-empty ${UNITS_FOLDER}/kubelet*.wants 2> /dev/null || :
}

mv -f change undoing 2> /dev/null || :
if [ ! -e undoing ]; then
  clean
  exit 0
fi
if [ "$(sed '$d' undoing | sha256sum | cut -d ' ' -f 1)" != "$(field sha256)" ]; then
  echo "$PWD/undoing is damaged: nothing is undone" >&2
  exit ${DAMAGED}
fi

unit=$(field unit)
file=$(readlink -f -- "$(field file)")
new=$(dirname -- "$file")/.$(basename -- "$file")${TEMPORARY_MARK}
rm -f -- "$new"*
new=$new$$
if [ "$(field before)" != "$(field after)" ] && [ "$(hash "$file")" = "$(field after)" ]; then
  if [ "$(field before)" = none ]; then
    rm -f -- "$file"
  else
    (umask 077 && field bytes | base64 -d > "$new")
    [ "$(hash "$new")" = "$(field before)" ]
    if [ -e "$file" ]; then
      cp --attributes-only --preserve=mode,ownership,xattr -- "$file" "$new"
    else
      chmod 644 -- "$new"
    fi
    sync -- "$new"
    mv -fT -- "$new" "$file"
  fi
  sync -- "$(dirname -- "$file")"
  echo "put $file back to what it was before the change"
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

/** While the timer runs, or its script, it is the one to undo: a kubelet that is restarted in the middle of a change starts with the change. */
export function bootUnit(kubeletUnit: string, file: string): string {
  const mounts = [MEMORY_FOLDER, dirname(file)].filter((path) => /^[\w/.-]+$/u.test(path));
  return `[Unit]
Description=Undo a kubelet-sysctl-agent change that was cut off
Before=${kubeletUnit}
RequiresMountsFor=${mounts.join(' ')}
ConditionPathExists=|${MEMORY_FOLDER}/change
ConditionPathExists=|${MEMORY_FOLDER}/undoing
ConditionPathExists=!/run/systemd/transient/${UNDO_UNIT}.service

[Service]
Type=oneshot
ExecStart=/bin/sh ${UNDO_SCRIPT_FILE} boot
`;
}
