import { bytesText, counted, printable } from "../lib/text.ts";
import type { StagingDocument } from "./document.ts";
import type { ListedFile } from "./file-list.ts";

/** Facts in the head of a script. */
export interface ScriptHead {
  readonly document: StagingDocument;
  /** End of the URLs' time. */
  readonly expires: Date;
  /** True where they can end sooner, with the credentials that signed them. */
  readonly isTemporary: boolean;
  /** Programs that unpack files. */
  readonly unpackers: readonly string[];
}

/** A text as one word of the shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.toWellFormed().replaceAll("'", String.raw`'\''`)}'`;
}

/** The line that fetches a file. A staging's only file has no name there: the destination is its place. */
export function fileLine(
  { path, bytes, sha256, compression, stored }: ListedFile,
  kind: StagingDocument["kind"],
  url: string,
): string {
  const name = kind === "file" ? "file" : path;
  const more =
    compression === undefined || stored === undefined
      ? ""
      : ` ${stored.sha256} ${stored.bytes} ${compression}`;
  return `get ${sha256} ${bytes} ${quoted(name)} ${quoted(url)}${more}\n`;
}

/** The line that ends a script: without it nothing gets its place. */
export const LAST_LINE = "place\n";

/** All that stands before the files. It has no URL. */
export function headText({ document, expires, isTemporary, unpackers }: ScriptHead): string {
  const { staging_id: id, filename, kind, file_count, size_bytes, destination } = document;
  const sooner = isTemporary
    ? "\n# They were signed with temporary credentials, and end with them where that is sooner."
    : "";
  const programs = ["curl", "the GNU coreutils", ...unpackers].join(", ");
  return `#!/bin/sh
# ${id}: ${printable(filename)}, ${counted(file_count, "file")}, ${bytesText(size_bytes)}
#
# THIS SCRIPT IS A SECRET: whoever has it can read these files. Its URLs end at ${expires.toISOString()}.${sooner}
#
# sh SCRIPT [DEST]  fetches them to DEST, else ${printable(destination)}
#
# It needs ${programs}. Each file is verified by its SHA-256, and all get their
# name at once. It can be stopped, and begun again: it goes on where it was.
set -eu
umask 027
LC_ALL=C
export LC_ALL
id=${id}
kind='${kind}'
expires=${Math.floor(expires.getTime() / 1000)}
unpackers='${unpackers.join(" ")}'
usual=${quoted(destination)}
${BODY}`;
}

const BODY = `tries_at_most=8

say() {
  printf '%s\\n' "$*" >&2
}

fail() {
  say "$id: $*"
  exit 1
}

lock=
is_at_end=
finish() {
  status=$?
  [ -z "$lock" ] || rm -f -- "$lock"
  if [ "$status" -eq 0 ] && [ -z "$is_at_end" ]; then
    say "$id: this script is cut off: nothing was placed"
    status=1
  fi
  exit "$status"
}
trap finish EXIT

for tool in curl sha256sum cp date ln ls mkdir mv readlink rm sleep wc $unpackers; do
  command -v "$tool" >/dev/null || fail "there is no $tool here"
done

[ $# -le 1 ] || fail "one destination at most"
dest=\${1-$usual}
case $dest in
  /*) ;;
  *) dest=$PWD/$dest ;;
esac
while [ "\${dest%/}" != "$dest" ]; do dest=\${dest%/}; done
case \${dest##*/} in
  '' | . | ..) fail "no name for a destination: $dest" ;;
esac
parent=\${dest%/*}
work=$parent/.$id.script

# Succeeds where PATH is a file with this SHA256.
is_whole() { # SHA256 PATH
  [ -f "$2" ] && [ ! -L "$2" ] && [ "$(sha256sum <"$2")" = "$1  -" ]
}

# The same for a name in this directory that needs no quotes.
is_right() { # SHA256 NAME
  printf '%s  %s\\n' "$1" "$2" | sha256sum -c >/dev/null 2>&1
}

held() { # FILE
  if [ -f "$1" ]; then wc -c <"$1"; else echo 0; fi
}

mode=fetch
if [ -e "$dest" ] || [ -L "$dest" ]; then
  mode=check
  # The new directory takes the place of an empty one.
  if [ $kind = tree ] && [ -d "$dest" ] && [ ! -L "$dest" ] && [ -z "$(ls -A -- "$dest")" ]; then
    mode=fetch
  fi
fi
if [ $mode = fetch ]; then
  [ ! -L "$work" ] || fail "$work is a link"
  mkdir -p -- "$work/tree"
  cd -- "$work"
  if ! ln -s "$$" lock 2>/dev/null; then
    other=$(readlink lock || :)
    if [ "$other" != "$$" ] && kill -0 "$other" 2>/dev/null; then
      fail "process $other is at it; else remove $work/lock"
    fi
    rm -f lock
    ln -s "$$" lock
  fi
  lock=$work/lock
fi

# The URL goes to curl's stdin: arguments of a process can be seen by others.
transfer() { # PART URL
  curl -q -K - <<END
silent
show-error
fail
globoff
path-as-is
connect-timeout = 30
speed-limit = 1
speed-time = 30
continue-at = "-"
output = "$1"
write-out = "%{http_code}"
url = "$2"
END
}

# Ends where the part has all its bytes, and maybe more.
fetch() { # PART BYTES URL NAME
  tries=0
  while have=$(held "$1") && [ "$have" -lt "$2" ]; do
    status=0
    answer=$(transfer "$1" "$3") || status=$?
    case $status in
      1 | 2 | 3 | 23 | 26 | 60 | 77) fail "$4: curl ends with $status" ;;
      33) rm -f "$1" ;; # It cannot go on from here.
    esac
    case $answer in
      000 | 2?? | 408 | 425 | 429 | 5??) ;;
      416) fail "$4: the object is shorter than it was" ;;
      *)
        [ "$(date +%s)" -lt $expires ] || fail "the time of this script is over: have a new one made"
        fail "$4: the store answers $answer"
        ;;
    esac
    if [ "$(held "$1")" -gt "$have" ]; then
      tries=0
      continue
    fi
    tries=$((tries + 1))
    [ $tries -le $tries_at_most ] || fail "$4: given up after $tries tries: $answer, curl $status"
    sleep $((tries * tries))
  done
}

get() { # SHA256 BYTES NAME URL [STORED_SHA256 STORED_BYTES PROGRAM]
  if [ $mode = check ]; then
    there=$dest
    [ $kind = file ] || there=$dest/$3
    is_whole "$1" "$there" || fail "$dest is there already, and is not this"
    return
  fi
  # Only what was verified has its name.
  if is_whole "$1" "tree/$3"; then return; fi
  sha256=\${5-$1}
  part=part.$sha256
  if [ -e "$part" ]; then
    # A curl that outlived its script may still write to the old one.
    cp -- "$part" "$part.copy"
    mv -f -- "$part.copy" "$part"
  fi
  for time in first second; do
    fetch "$part" "\${6-$2}" "$4" "$3"
    [ -e "$part" ] || : >"$part"
    if is_right "$sha256" "$part"; then break; fi
    rm -f "$part"
    [ $time = first ] || fail "$3: its SHA-256 is not what it was"
  done
  if [ $# -gt 4 ]; then
    "$7" -q -d -c <"$part" >"$part.out" || fail "$3: $7 cannot unpack it"
    is_right "$1" "$part.out" || fail "$3: its SHA-256 is not what it was, unpacked"
    rm -f "$part"
    part=$part.out
  fi
  case $3 in
    */*) [ -d "tree/\${3%/*}" ] || mkdir -p -- "tree/\${3%/*}" ;;
  esac
  mv -T -- "$part" "tree/$3"
}

place() {
  if [ $mode = check ]; then
    say "it was there already"
  elif [ $kind = tree ]; then
    mv -T -- tree "$dest"
  else
    mv -T -n -- tree/file "$dest" || :
    [ ! -e tree/file ] || fail "$dest is there already"
  fi
  if [ $mode = fetch ]; then
    cd /
    rm -rf -- "$work"
    lock=
  fi
  printf '%s\\n' "$dest"
  is_at_end=yes
}

`;
