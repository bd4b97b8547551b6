#!/bin/sh
# Puts a release of Doorbell in its place, after a look at its SHA-256.
#   sh install.sh ARCHIVE [--prefix FOLDER]
#   ARCHIVE    doorbell-VERSION-linux-ARCH.tar.gz, a file or an https URL, with ARCHIVE.sha256 beside
#   --prefix   /usr/local by default: the release goes into lib/doorbell there, and bin/doorbell is a
#              link to it
# Another release is left where it is: to go back, install it again.
set -eu

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
        wget -q --https-only -O "$2" "$1"
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
mkdir -p "$place" "$prefix/bin" && tar -C "$work" -xzf "$work/$name" || {
  say "can't write to $prefix; run it as root, or say --prefix \"\$HOME/.local\""
  exit 1
}
# Whoever runs the old one goes on with its files.
rm -rf "$place/$release.old"
[ ! -e "$place/$release" ] || mv "$place/$release" "$place/$release.old"
mv "$work/$release" "$place/$release"
rm -rf "$place/$release.old"
ln -s "../lib/doorbell/$release/bin/doorbell" "$prefix/bin/doorbell.new"
mv -f "$prefix/bin/doorbell.new" "$prefix/bin/doorbell"
"$prefix/bin/doorbell" --version
