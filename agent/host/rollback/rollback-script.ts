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
 * Restores the bytes from the journal if the file still holds the change, or takes our allowances out of what another party has made of
 * it since, there and in the kubelet's other environment files; then restarts a kubelet that was started with the change. Fails and
 * keeps the journal while a file still holds a part of the change.
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

# The names of $1 that $2 does not have, in the spelling with dots and with slashes.
names() (
  set -f
  other=" $(field "$2" | sed 's/^[^=]*=//; s/,/ /g') "
  for name in $(field "$1" | sed 's/^[^=]*=//; s/,/ /g'); do
    case $other in
      *" $name "*) ;;
      *) printf '%s %s ' "$name" "$(printf %s "$name" | tr ./ /.)" ;;
    esac
  done
)

# A pattern for the text $1.
literal() { printf %s "$1" | sed 's/[.*]/\\&/g'; }

# Sets "edits": the sed commands that take the change out of a file that another party wrote. Comments stay.
plan_edits() {
  flag=$(field flag)
  was=$(field flag-before)
  [ "$was" != none ] || was=
  case $flag$was in
    none* | *[!A-Za-z0-9=._/*,-]*)
      echo "Another party modified $1, and the change cannot be identified in it. Nothing was rolled back. Fix the file by hand." >&2
      exit 1 ;;
  esac
  edits='/^[[:blank:]]*[#;]/b'
  added=$(names flag flag-before)
  if [ -n "$was" ]; then
    edits="$edits
s@$(literal "$flag")\([^A-Za-z0-9=._/*,-]\|\$\)@$was\1@g"
  fi
  # A list that also lost names is replaced as a whole word only.
  if [ -n "$was" ] && [ -n "$(names flag-before flag)" ]; then return; fi
  set -f
  # A line without quotes has a backslash before each blank.
  escape='\\\{0,1\}'
  blank="$escape \{0,1\}"
  for name in $added; do
    name=$(literal "$name")
    list="--allowed[-_]unsafe[-_]sysctls$escape[= ]"
    other="[^,[:blank:]\"']\{1,\}"
    end="\([^A-Za-z0-9._/*-]\|\$\)"
    edits="$edits
s@\($list[\"']\{0,1\}\($other,\)*\)$name,@\1@g
s@\($list[\"']\{0,1\}\($other,\)*$other\),$name$end@\1\3@g
s@$blank\([\"']\)$list$name\1@@g
s@$blank$list\([\"']\)$name\1@@g
s@$blank$list$name$end@\1@g"
  done
  set +f
}

# Whether a line of $1 that is no comment still names one of the added allowances for the kubelet.
holds() (
  set -f
  for name in $added; do
    if grep -v '^[[:blank:]]*[#;]' -- "$1" | grep -e 'KUBELET_\(EXTRA_ARGS\|ARGS\|FLAGS\)' -e 'allowed[-_]unsafe[-_]sysctls' |
      grep -q -e "\(^\|[^A-Za-z0-9._/*-]\)$(literal "$name")\([^A-Za-z0-9._/*-]\|\$\)"; then
      exit 0
    fi
  done
  exit 1
)

# Replaces $1 by the file "$new".
replace() {
  if [ -e "$1" ]; then
    cp --attributes-only --preserve=mode,ownership,xattr -- "$1" "$new"
  else
    chmod 644 -- "$new"
  fi
  sync -- "$new"
  mv -fT -- "$new" "$1"
  sync -- "$(dirname -- "$1")"
}

# Sets "new": a temporary file beside $1.
temporary() {
  new=$(dirname -- "$1")/.$(basename -- "$1")${TEMPORARY_MARK}
  rm -f -- "$new"*
  new=$new$$
}

# Takes the change out of $1, which another party wrote.
strip() {
  if [ "$(field flag)" != none ] && [ "$(field flag)" = "$(field flag-before)" ]; then
    echo "Left $1 as another party modified it: the change was not of the list."
    return
  fi
  plan_edits "$1"
  (umask 077 && sed "$edits" "$1" > "$new")
  if holds "$new" || { cmp -s -- "$1" "$new" && [ -n "$was" ] && grep -qF -e --allowed-unsafe-sysctls -- "$1"; }; then
    rm -f -- "$new"
    echo "Another party modified $1, and the change is still in it. Nothing was rolled back. The agent removes it." >&2
    exit 1
  fi
  if cmp -s -- "$1" "$new"; then
    rm -f -- "$new"
  else
    replace "$1"
    echo "Removed the change from $1, which another party modified since."
  fi
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
temporary "$file"
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
  replace "$file"
  echo "Restored $file to its bytes from before the change."
else
  strip "$file"
fi

# Another party may have moved the flag to another file of the kubelet's.
while read -r sum path; do
  if [ -f "$path" ] && [ "$(hash "$path")" != "$sum" ] && grep -q 'allowed[-_]unsafe[-_]sysctls' -- "$path"; then
    path=$(readlink -f -- "$path")
    temporary "$path"
    strip "$path"
  fi
done << END
$(field other)
END

state() { systemctl show --property=ActiveState --value "$unit"; }
# A start limit that was reached would refuse the start.
start() { systemctl reset-failed "$unit" && systemctl start "$unit"; }
if [ "$1" = timer ] && [ "$(systemctl show --property=InvocationID --value "$unit")" != "$(field invocation)" ]; then
  case $(state) in
    inactive) ;;
    failed) start ;;
    *)
      # The unit may fail meanwhile, or this start may be one too many.
      systemctl try-restart "$unit" || [ "$(state)" = failed ]
      if [ "$(state)" = failed ]; then start; fi ;;
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
