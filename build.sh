#!/usr/bin/env bash
# Entry point of the project: installs what is missing, builds the release preset, runs the verb.
# Progress goes to stderr, so that stdout holds the program's output only.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build="$root/build/release"
jobs=${BLUE_JOBS:-$(nproc)}

packages=(g++ cmake ninja-build pkg-config ccache python3
  libboost1.81-dev libhwloc-dev liburing-dev libisal-dev libpcre2-dev libutf8proc-dev libtomlplusplus-dev libfmt-dev
  libcaf-dev nlohmann-json3-dev libcli11-dev libedit-dev catch2)
check_packages=(clang-format git python3-jinja2)

say() { printf 'build.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

usage() {
  cat <<'TEXT'
usage: ./build.sh VERB [ARGUMENTS]

  build            build the programs into build/release/bin/
  run "TASK" ...   build, then `blue run` with all arguments
  test             build everything, then every check and every test
  bench            build and run every benchmark
  shell ...        build, then the interactive blue-shell
  doctor ...       build, then `blue doctor`: what this machine grants and denies
  clean            remove build/
  help             this text

BLUE_JOBS=N builds with N jobs (default: all processors). Other presets: see CONTRIBUTING.md.
TEXT
}

missing_packages() {
  local package
  for package in "$@"; do
    case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true) in
      ?i*) ;;
      *) printf '%s\n' "$package" ;;
    esac
  done
}

install_missing() {
  command -v dpkg-query >/dev/null || return 0  # not Debian: CMake names what it lacks
  local missing as_root=()
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "not root and no sudo; please install: ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  quietly "${as_root[@]}" apt-get update
  quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# Runs a command silently; prints its output when it fails.
quietly() {
  local said
  if ! said=$("$@" 2>&1 </dev/null); then
    printf '%s\n' "$said" >&2
    die "failed: $*"
  fi
}

configure() {
  if [ ! -f "$build/build.ninja" ] || [ "$root/CMakePresets.json" -nt "$build/build.ninja" ]; then
    say "configuring"
    (cd "$root" && quietly cmake --preset release)
  fi
}

# The tests compile the CUDA backend wherever nvcc is, also without a GPU: else nothing would notice
# that it no longer compiles.
configure_for_tests() {
  configure
  command -v nvcc >/dev/null || [ -x /usr/local/cuda/bin/nvcc ] || return 0
  grep -q '^BLUE_CUDA:[A-Z]*=ON$' "$build/CMakeCache.txt" || (cd "$root" && quietly cmake --preset release -DBLUE_CUDA=ON)
}

# Ninja's own progress lines become one line per tenth of the work; of a failure only the failure is
# shown.
build_targets() {
  configure
  say "building $*"
  NINJA_STATUS='[%f/%t] ' cmake --build "$build" -j "$jobs" --target "$@" 2>&1 </dev/null | awk '
    /^\[[0-9]+\/[0-9]+\] / {
      split(substr($1, 2, length($1) - 2), part, "/")
      if (part[2] >= 10 && int(part[1] * 10 / part[2]) != tenth) {
        tenth = int(part[1] * 10 / part[2])
        printf "build.sh: %d of %d\n", part[1], part[2]
      }
      next
    }
    /^FAILED: / || /error|Error/ { failing = 1 }
    failing { print }' >&2 || die "the build failed"
}

program() {
  local name=$1
  shift
  install_missing "${packages[@]}"
  build_targets "$name"
  [ -x "$build/bin/$name" ] || die "$name was not built"
  exec "$build/bin/$name" "$@"
}

run_tests() {
  local status=0
  install_missing "${packages[@]}" "${check_packages[@]}"
  configure_for_tests
  build_targets all
  say "checking"
  "$root/tools/check" "$build" || status=1
  [ "$status" -eq 0 ] || say "tools/check does not pass (above); the tests run all the same"
  say "testing"
  ctest --test-dir "$build" --output-on-failure --no-tests=error -j 2 || status=1
  return "$status"
}

run_benches() {
  local bench status=0
  install_missing "${packages[@]}"
  build_targets blue_benches
  for bench in "$build"/bench/bench_*; do
    [ -x "$bench" ] || continue
    printf '\n== %s\n' "$(basename "$bench")"
    (cd "$root" && "$bench" "$@") || status=1
  done
  return "$status"
}

verb=${1:-help}
[ $# -eq 0 ] || shift
case $verb in
  build) install_missing "${packages[@]}"; build_targets blue_programs; say "programs are in build/release/bin/" ;;
  run) program blue run "$@" ;;
  test) run_tests ;;
  bench) run_benches "$@" ;;
  shell) program blue-shell "$@" ;;
  doctor) program blue doctor "$@" ;;
  clean) rm -rf "$root/build" ;;
  help | -h | --help) usage ;;
  *) die "unknown verb '$verb' (build, run, test, bench, shell, doctor, clean, help)" ;;
esac
