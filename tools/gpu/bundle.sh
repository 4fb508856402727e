#!/usr/bin/env bash
# Collects executables of a build, the shared libraries that a bare machine with a GPU does not
# have, and the reference data of the acceptance into build/bundle/, so that tools/gpu/accept.sh
# runs there without building anything.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tools/gpu/bundle.sh BUILD_DIR [EXECUTABLE...]

Default executables: BUILD_DIR/tests/bin/test_kernels, and BUILD_DIR/bin/blue where it is built.
Reference data comes from $BLUE_SHARED, else from ../shared/data beside the repository, where there is any.
TEXT
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bundle="$root/build/bundle"
max_mib=48 # what is carried to a GPU machine has to stay small
# The C++ runtime of Ubuntu 24.04, where bundles run, defines symbols up to this version.
newest_cxx_there=GLIBCXX_3.4.33

die() { printf 'bundle.sh: %s\n' "$*" >&2; exit 2; }

# What every Linux machine has in a version of its own: the loader and the C library.
is_system() {
  case $1 in
    ld-linux* | libc.so* | libm.so* | libpthread.so* | libdl.so* | librt.so* | libresolv.so* | libutil.so*) return 0 ;;
    *) return 1 ;;
  esac
}

is_cxx_runtime() { case $1 in libstdc++.so* | libgcc_s.so*) return 0 ;; *) return 1 ;; esac }

# Does the file need a newer C++ runtime than the installed one?
needs_newer_cxx() {
  local newest
  newest=$({ grep -aoE 'GLIBCXX_3\.4(\.[0-9]+)?' "$1" || true; echo "$newest_cxx_there"; } | sort -V | tail -n 1)
  [ "$newest" != "$newest_cxx_there" ]
}

copy_libraries() {
  local file=$1 name path
  while read -r name path; do
    [ "$path" != "not" ] || die "$file needs $name, which is not installed"
    is_system "$name" && continue
    is_cxx_runtime "$name" && ! needs_newer_cxx "$file" && continue
    [ -e "$bundle/lib/$name" ] || install -m 755 "$path" "$bundle/lib/$name"
  done < <(ldd "$file" | awk '$2 == "=>" { print $1, $3 }')
}

copy_data() {
  local data=${BLUE_SHARED:-$root/../shared/data}
  if [ ! -d "$data/golden" ]; then
    echo "bundle.sh: no reference data in $data: the steps that need it will say so" >&2
    return 0
  fi
  local name
  for name in golden/tokens.txt golden/{llama,qwen3}.{gguf,greedy.txt,logits.f32} models/stories260K.{gguf,greedy.txt}; do
    install -D -m 644 "$data/$name" "$bundle/data/$name"
  done
}

[ $# -ge 1 ] || { usage >&2; exit 2; }
build=$(cd "$1" && pwd) || die "no build in $1"
shift
executables=("$@")
if [ ${#executables[@]} -eq 0 ]; then
  executables=("$build/tests/bin/test_kernels")
  [ ! -x "$build/bin/blue" ] || executables+=("$build/bin/blue")
fi

rm -rf "$bundle"
mkdir -p "$bundle/bin" "$bundle/lib"
for executable in "${executables[@]}"; do
  [ -x "$executable" ] || die "$executable is not built"
  install -m 755 "$executable" "$bundle/bin/"
  strip "$bundle/bin/$(basename "$executable")"
  copy_libraries "$executable"
done
copy_data

size=$(du -sm "$bundle" | cut -f 1)
[ "$size" -le "$max_mib" ] || die "$bundle is $size MiB; at most $max_mib can be carried"
printf 'bundle.sh: %s MiB in build/bundle: %s\n' "$size" "$(cd "$bundle" && ls bin lib | tr '\n' ' ')"
