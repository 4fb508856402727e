#!/usr/bin/env bash
# Gets llama.cpp v0.5.0 (MIT) as npm packages publish it into build/peers and builds llama_bench
# against it. Nothing of it enters this repository.
#   bench/peers/fetch.sh          needs npm, git, c++ and the network
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

packages=3.22.1
command -v npm >/dev/null || { echo "npm is missing: apt-get install npm" >&2; exit 1; }
mkdir -p build/peers
cd build/peers
[ -f package.json ] || echo '{"name": "peers", "private": true}' >package.json
# The one holds shared libraries, a CPU backend per instruction set; the other a git bundle of the
# sources, for the headers.
npm install --ignore-scripts --no-audit --no-fund --omit=optional \
  "@node-llama-cpp/linux-x64@$packages" "node-llama-cpp@$packages"
if [ ! -d src/include ]; then
  git clone --quiet --no-checkout node_modules/node-llama-cpp/llama/gitRelease.bundle src
  git -C src checkout --quiet HEAD -- include ggml/include LICENSE
fi

libraries=node_modules/@node-llama-cpp/linux-x64/bins/linux-x64
c++ -std=c++20 -O2 -Wall -Wextra -isystem src/include -isystem src/ggml/include ../../bench/peers/llama_bench.cpp -o llama_bench \
  -L "$libraries" -l:libllama.v0.5.0.so -l:libggml.v0.5.0.so -l:libggml-base.so -Wl,-rpath,"\$ORIGIN/$libraries"
echo "build/peers/llama_bench is ready"
