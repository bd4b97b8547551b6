#!/bin/sh
# Puts a release of Doorbell in its place, after a look at its SHA-256.
#   sh install.sh ARCHIVE [--prefix FOLDER]
#   ARCHIVE    doorbell-VERSION-linux-ARCH.tar.gz, a file or an https URL, with ARCHIVE.sha256 beside
#   --prefix   /usr/local by default: the release goes into lib/doorbell there, and bin/doorbell is a
#              link to it
# Earlier releases are left where they are: to go back, install one again.
set -eu
umask 022
unset CDPATH
# dash runs no trap of EXIT when a signal ends it.
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf 'install: %s\n' "$*" >&2; }
usage() { sed -n '3,6s/^# \{0,1\}//p' "$0" >&2; }

archive='' prefix=/usr/local
while [ $# -gt 0 ]; do
  case $1 in
    --prefix)
      [ $# -gt 1 ] || { usage && exit 2; }
      prefix=$2
      shift
      ;;
    --prefix=*) prefix=${1#*=} ;;
    -*) usage && exit 2 ;;
    *)
      [ -z "$archive" ] || { usage && exit 2; }
      archive=$1
      ;;
  esac
  shift
done
[ -n "$archive" ] || { usage && exit 2; }

name=${archive##*/}
case $name in
  doorbell-*-linux-*.tar.gz) ;;
  *)
    say "$name is no release; its name is like doorbell-0.1.0-linux-x86_64.tar.gz"
    exit 2
    ;;
esac
arch=${name##*-linux-}
if [ "${arch%.tar.gz}" != "$(uname -m)" ]; then
  say "$name is for another machine; take the release for $(uname -m)"
  exit 2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fetch() {
  case $1 in
    https://*)
      if command -v curl >/dev/null; then
        curl -fsSL --proto '=https' -o "$2" "$1"
      else
        wget -q -O "$2" "$1"
      fi
      ;;
    *) cp "$1" "$2" ;;
  esac || {
    say "can't get $1"
    exit 1
  }
}
fetch "$archive" "$work/$name"
fetch "$archive.sha256" "$work/$name.sha256"

wanted=$(cut -d ' ' -f 1 "$work/$name.sha256")
found=$(sha256sum "$work/$name" | cut -d ' ' -f 1)
if [ "$wanted" != "$found" ]; then
  say "the SHA-256 of $name is $found, and not $wanted as $name.sha256 says; nothing is installed"
  exit 1
fi

release=${name%.tar.gz}
place=$prefix/lib/doorbell
link=$prefix/bin/doorbell
if ! mkdir -p "$place" "$prefix/bin" 2>/dev/null || [ ! -w "$place" ] || [ ! -w "$prefix/bin" ]; then
  say "can't write to $prefix; run it as root, or say --prefix \"\$HOME/.local\""
  exit 1
fi
place=$(cd "$place" && pwd -P)
# Where the release is to be, so that it comes there in one step.
new=$(mktemp -d "$place/.new.XXXXXX")
trap 'rm -rf "$work" "$new"' EXIT
if ! tar -C "$new" -xzf "$work/$name" || [ ! -x "$new/$release/bin/doorbell" ]; then
  say "can't unpack $name in $place; is there room, and has the archive kept its name?"
  exit 1
fi
if ! "$new/$release/bin/doorbell" --version >/dev/null; then
  say "$release doesn't run on this machine; nothing is installed"
  exit 1
fi
# A node that runs goes on with its files: other bytes of the same version stand beside it.
same=$release
again=0
while [ -e "$place/$release" ]; do
  again=$((again + 1))
  release=$same.$again
done
mv "$new/$same" "$place/$release"
ln -sfn "$place/$release/bin/doorbell" "$link.new"
mv -f "$link.new" "$link"
"$link" --version
