// Every op case on the GPU against the reference backend, and what the CUDA backend promises beyond
// it.
#include <array>
#include <set>
#include <utility>

#include "tests/kernels/cuda_opened.h"
#include "tests/support/kernels/op_cases.h"

namespace blue::kernels::test {
namespace {

std::unique_ptr<Backend> open_reference() {
  for (const BackendEntry* entry : registered_backends()) {
    if (entry->name == "reference") return require_value(entry->open({}));
  }
  FAIL("the reference backend is not registered");
  return nullptr;
}

TEST_CASE("every op case on CUDA holds its contract against the reference", "[cuda]") {
  auto backend = open_cuda_or_say_skipped();
  if (backend == nullptr) return;
  auto reference = open_reference();
  const std::vector<blue::test::OpCase> cases = blue::test::op_cases();
  REQUIRE_FALSE(cases.empty());
  double closest = 0.0;
  std::size_t n_refused = 0;
  std::set<OpKind> taken_kinds;
  std::set<std::pair<OpKind, const Format*>> taken_formats;
  std::string name_of_closest;
  for (const blue::test::OpCase& op_case : cases) {
    INFO(op_case.name);
    if (const Status taken = blue::test::is_taken(*backend, op_case); !taken.ok()) {
      CHECK(taken.error().message().find("the cuda backend has no kernel for") == 0);
      ++n_refused;
      continue;
    }
    taken_kinds.insert(op_case.op.kind);
    if (op_case.op.kind == OpKind::linear || op_case.op.kind == OpKind::embed)
      taken_formats.emplace(op_case.op.kind, op_case.format);
    const auto difference =
        require_value(blue::test::compare_with_reference(*backend, *reference, op_case));
    INFO("error " << difference.error << ", bound " << difference.bound
                  << ", stray: " << difference.stray);
    CHECK(difference.is_within_contract());
    if (difference.bound == 0.0 || difference.error / difference.bound <= closest) continue;
    closest = difference.error / difference.bound;
    name_of_closest = op_case.name;
  }
  // Refusing is no way to pass: a dense decoder's ops have kernels, and products one for every
  // format.
  for (const OpKind kind : {OpKind::rms_norm, OpKind::rope, OpKind::kv_append, OpKind::attention,
                            OpKind::silu_mul, OpKind::add, OpKind::gather_rows})
    CHECK(taken_kinds.contains(kind));
  CHECK(taken_formats.size() == 2 * registered_formats().size());
  WARN(cases.size() << " op cases, " << n_refused << " refused, on "
                    << backend->device().info().description << "; nearest to its bound, at "
                    << closest << " of it: " << name_of_closest);
}

TEST_CASE("a token's values from a CUDA linear do not depend on the tokens beside it", "[cuda]") {
  auto backend = open_cuda_or_say_skipped();
  if (backend == nullptr) return;
  hal::Device& device = backend->device();
  auto stream = require_value(device.open_stream());
  constexpr std::uint32_t kRows = 45;
  constexpr std::uint32_t kCols = 768;
  constexpr std::uint32_t kTokens = 19;
  const DeviceVector<float> in(device, *stream, random_values(kTokens * kCols, 21));
  const DeviceVector<float> alone(device, *stream, std::vector<float>(kTokens * kRows, -1.0F));
  const std::vector<float> values = random_values(kRows * kCols, 22);

  for (const Format* format : registered_formats()) {
    std::vector<std::byte> bytes(kRows * format->row_bytes(kCols));
    format->encode(values, bytes);
    const DeviceVector<std::byte> weight(device, *stream, bytes);
    const WeightView view{weight.data(), format, kRows, kCols};
    Op op;
    op.kind = OpKind::linear;
    op.in = op.weight = 0;
    op.out = 1;
    op.rows = kRows;
    op.cols = kCols;
    StepInputs inputs;
    inputs.n_tokens = 1;
    for (std::uint32_t t = 0; t < kTokens; ++t) {
      const std::array<float*, 2> one{in.data() + t * kCols, alone.data() + t * kRows};
      require_ok(backend->enqueue(op, {.weights = {&view, 1}, .activations = one, .kv = {}}, inputs,
                                  *stream));
    }
    const std::vector<float> expected = alone.get();
    for (std::uint32_t n = 1; n <= kTokens; ++n) {
      const DeviceVector<float> together(device, *stream, std::vector<float>(n * kRows, -2.0F));
      const std::array<float*, 2> all{in.data(), together.data()};
      inputs.n_tokens = n;
      require_ok(backend->enqueue(op, {.weights = {&view, 1}, .activations = all, .kv = {}}, inputs,
                                  *stream));
      INFO(format->name << ", " << n << " tokens");
      CHECK(same_bits(together.get(), {expected.begin(), expected.begin() + n * kRows}));
    }
  }
}

TEST_CASE("the CUDA backend refuses a format that it has no kernels for", "[cuda]") {
  auto backend = open_cuda_or_say_skipped();
  if (backend == nullptr) return;
  const Format unknown{.name = "Q9_9",
                       .gguf_type = 9999,
                       .values_per_block = 32,
                       .bytes_per_block = 40,
                       .decode = nullptr,
                       .encode = nullptr};
  Op op;
  op.kind = OpKind::linear;
  op.in = op.weight = 0;
  op.out = 1;
  op.rows = op.cols = 64;
  const Status refused = backend->supports(op, &unknown);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().is(KernelsError::unsupported_format));
  CHECK(refused.error().message().find("Q9_9") != std::string::npos);
}

}  // namespace
}  // namespace blue::kernels::test
