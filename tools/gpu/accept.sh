#!/usr/bin/env bash
# The acceptance on a machine with a GPU, over what tools/gpu/bundle.sh collected. Each step is a
# function step_<name>; a further step is one more function and its name in `all_steps`. A step that
# lacks its executable or data is reported as skipped, never as passed. Reads the state of the GPU,
# changes none of it.
set -uo pipefail

all_steps=(ops memcheck device_loss golden story cascade)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bundle="$root/build/bundle"
bin="$bundle/bin"
data="$bundle/data"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LD_LIBRARY_PATH="$bundle/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export BLUE_SHARED="$data"

step_timeout_s=${BLUE_STEP_TIMEOUT:-150}
readonly skipped=77
device=${BLUE_DEVICE:-cuda:0}
task='Return the sum of the squares of the even numbers in xs.'

usage() {
  cat <<TEXT
usage: tools/gpu/accept.sh [STEP...]

Steps (default: all): ${all_steps[*]}
BLUE_DEVICE names the device (cuda:0), BLUE_STEP_TIMEOUT the seconds of one step (150).
TEXT
}

need() {
  local path
  for path in "$@"; do
    [ -e "$path" ] && continue
    echo "needs ${path#"$root"/}, which is not in the bundle"
    return "$skipped"
  done
}

# Runs a test program; one that skipped for want of a GPU must not pass.
tests_on_gpu() {
  "$@" | tee "$work/tests.txt" || return 1
  ! grep -q 'skipped: no CUDA device' "$work/tests.txt"
}

# Every test of the CUDA backend, and every op case against the reference.
step_ops() {
  need "$bin/test_kernels" || return
  tests_on_gpu "$bin/test_kernels" "[cuda]"
}

# Every kernel once more under the memory checker. API refusals that tests provoke are theirs to
# judge, not its.
step_memcheck() {
  need "$bin/test_kernels" || return
  command -v compute-sanitizer >/dev/null || { echo "compute-sanitizer is not installed"; return "$skipped"; }
  tests_on_gpu compute-sanitizer --tool memcheck --report-api-errors no --error-exitcode 9 "$bin/test_kernels" "[cuda]"
}

# In a process of its own: it loses the GPU's context.
step_device_loss() {
  need "$bin/test_kernels" || return
  tests_on_gpu "$bin/test_kernels" "[.device_loss]"
}

# Logits of the golden models, and their greedy tokens: each must be the largest logit after the
# ones before it.
step_golden() {
  need "$bin/blue" "$data/golden" || return
  local name
  for name in llama qwen3; do
    "$bin/blue" logits -m "$data/golden/$name.gguf" --tokens "$data/golden/tokens.txt" -o "$work/$name.f32" \
      --backend "$device" || return 1
    python3 "$root/tools/gpu/compare_logits.py" nmse "$work/$name.f32" "$data/golden/$name.logits.f32" 1e-4 || return 1
    cat "$data/golden/tokens.txt" "$data/golden/$name.greedy.txt" >"$work/$name.ids"
    "$bin/blue" logits -m "$data/golden/$name.gguf" --tokens "$work/$name.ids" -o "$work/$name.long.f32" \
      --backend "$device" || return 1
    python3 "$root/tools/gpu/compare_logits.py" greedy "$work/$name.long.f32" "$data/golden/tokens.txt" \
      "$data/golden/$name.greedy.txt" || return 1
  done
}

step_story() {
  need "$bin/blue" "$data/models/stories260K.gguf" || return
  "$bin/blue" generate -m "$data/models/stories260K.gguf" -p "" -n 200 --temp 0 --device "$device" >"$work/story.txt" || return 1
  python3 "$root/tools/gpu/compare_text.py" "$work/story.txt" "$data/models/stories260K.greedy.txt"
}

# The same cascade, greedy, on the GPU and on the CPU: the same text in every slot.
step_cascade() {
  need "$bin/blue" "$root/assets/cascades" "$root/assets/nano" || return
  local on
  for on in "$device" cpu; do
    (cd "$root" && "$bin/blue" run "$task" --device "$on" --json) >"$work/cascade.$on.json" || return 1
  done
  python3 "$root/tools/gpu/compare_text.py" --slots "$work/cascade.$device.json" "$work/cascade.cpu.json"
}

run_step() {
  local name=$1 began=$SECONDS status word
  echo "== $name"
  # A child shell, so that a step that hangs can be ended with all that it started.
  timeout --kill-after=5 "$step_timeout_s" bash "${BASH_SOURCE[0]}" --inside "$name" "$work"
  status=$?
  case $status in
    0) word=passed ;;
    "$skipped") word=skipped ;;
    124 | 137) word="FAILED (longer than $step_timeout_s s)" ;;
    *) word="FAILED ($status)" ;;
  esac
  summary+=("$(printf '%-12s %4d s  %s' "$name" $((SECONDS - began)) "$word")")
  [ "$status" -eq 0 ] || [ "$status" -eq "$skipped" ] || n_failed=$((n_failed + 1))
  [ "$status" -ne 0 ] || n_passed=$((n_passed + 1))
}

is_step() { case " ${all_steps[*]} " in *" $1 "*) return 0 ;; *) return 1 ;; esac }

if [ "${1:-}" = --inside ]; then
  trap - EXIT
  rm -rf "$work"
  work=$3
  "step_$2"
  exit
fi
[ "${1:-}" != --help ] || { usage; exit 0; }
steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=("${all_steps[@]}")
for name in "${steps[@]}"; do
  is_step "$name" || { usage >&2; exit 2; }
done
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || {
  echo "accept.sh: this machine has no GPU that nvidia-smi can see" >&2
  exit 2
}
summary=()
n_failed=0
n_passed=0
for name in "${steps[@]}"; do run_step "$name"; done
echo "== summary"
printf '%s\n' "${summary[@]}"
[ "$n_failed" -eq 0 ] && [ "$n_passed" -gt 0 ]
