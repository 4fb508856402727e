// Runs a libFuzzer target without libFuzzer, so that every compiler and every sanitizer replays
// what the fuzzers found: each file of the corpus folder as it is, then a fixed number of mutations
// of them from a fixed seed. Depends on the standard library alone.
//   <target> CORPUS_FOLDER [MUTATIONS]
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kMutations = 4000;
constexpr std::size_t kLongestInsert = 16;

std::vector<Input> read_corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(),
            paths.end());  // the disk's order would change the mutations from machine to machine
  std::vector<Input> inputs;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

class Mutator {
 public:
  // Modulo, not a distribution: the standard fixes the engine's numbers but not those of its
  // distributions.
  std::size_t below(std::size_t bound) {
    return bound == 0 ? 0 : static_cast<std::size_t>(engine_() % bound);
  }

  void mutate(Input& input, const std::vector<Input>& corpus) {
    static constexpr std::uint8_t kEdges[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0x20, '"', '\n'};
    const std::size_t at = below(input.size() + 1);
    const auto place = input.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(6)) {
      case 0:
        if (at < input.size()) input[at] ^= static_cast<std::uint8_t>(1u << below(8));
        break;
      case 1:
        if (at < input.size()) input[at] = kEdges[below(std::size(kEdges))];
        break;
      case 2: input.resize(at); break;
      case 3: {
        Input extra(below(kLongestInsert) + 1);
        for (auto& byte : extra) byte = static_cast<std::uint8_t>(below(256));
        input.insert(place, extra.begin(), extra.end());
        break;
      }
      case 4:
        input.erase(place, place + static_cast<std::ptrdiff_t>(below(input.size() - at + 1)));
        break;
      default: {  // the head of this one, the tail of another
        const Input& other = corpus[below(corpus.size())];
        const std::size_t from = below(other.size() + 1);
        input.resize(at);
        input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
      }
    }
  }

 private:
  std::mt19937_64 engine_{20260101};
};

void feed(const Input& input) {
  // An exact allocation, so that a read past the end is a sanitizer's report and not a vector's
  // spare capacity.
  const Input exact(input);
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER [MUTATIONS]\n", argv[0]);
    return 2;
  }
  const std::size_t mutations = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : kMutations;
  std::vector<Input> corpus = read_corpus(argv[1]);
  const std::size_t n_files = corpus.size();
  for (const Input& input : corpus) feed(input);
  feed({});
  corpus.emplace_back();
  Mutator mutator;
  for (std::size_t i = 0; i < mutations; ++i) {
    Input input = corpus[mutator.below(corpus.size())];
    for (std::size_t steps = mutator.below(4) + 1; steps > 0; --steps)
      mutator.mutate(input, corpus);
    feed(input);
  }
  std::printf("%zu corpus files and %zu mutations replayed\n", n_files, mutations);
  return 0;
}
