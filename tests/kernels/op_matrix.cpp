// Op x format x instruction set of the CPU backend against the reference backend.
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <map>
#include <string_view>

#include "hal/affinity.h"
#include "kernels/cpu/cpu_backend.h"
#include "tests/support/kernels/op_cases.h"

namespace blue::test {
namespace {

using kernels::Backend;
using kernels::BackendEntry;

std::unique_ptr<Backend> open_reference() {
  for (const BackendEntry* entry : kernels::registered_backends()) {
    if (entry->name == "reference") return entry->open({}).value();
  }
  FAIL("the reference backend is not registered");
  return nullptr;
}

/// Three workers at least, however few cores there are: the test is of correctness, not of speed.
std::vector<int> three_workers() {
  std::vector<int> cores = hal::current_affinity().value();
  while (cores.size() < 3) cores.push_back(cores.front());
  cores.resize(3);
  return cores;
}

void check_cases(Backend& backend, Backend& reference, const std::vector<OpCase>& cases) {
  for (const OpCase& op_case : cases) {
    INFO(op_case.name);
    const Result<OpDifference> difference = compare_with_reference(backend, reference, op_case);
    if (!difference) FAIL(difference.error().message());
    INFO("error " << difference->error << ", bound " << difference->bound
                  << ", stray: " << difference->stray);
    REQUIRE(difference->is_within_contract());
  }
}

/// With BLUE_LONG_TESTS set, random shapes from a hundred seeds more.
void check_matrix(kernels::cpu::Isa isa, const kernels::BackendOptions& options) {
  std::unique_ptr<Backend> reference = open_reference();
  std::unique_ptr<Backend> backend = kernels::cpu::open_cpu_backend(isa, options).value();
  check_cases(*backend, *reference, op_cases());
  if (std::getenv("BLUE_LONG_TESTS") == nullptr) return;
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    check_cases(*backend, *reference, random_op_cases(seed));
  }
}

void check_isa(kernels::cpu::Isa isa) {
  for (const kernels::cpu::Isa available : kernels::cpu::available_isas()) {
    if (available != isa) continue;
    SECTION("on the caller alone") { check_matrix(isa, {}); }
    SECTION("on three workers") { check_matrix(isa, {.worker_cores = three_workers()}); }
    return;
  }
  WARN("skipped: this processor lacks " << kernels::cpu::to_text(isa));
}

}  // namespace

TEST_CASE("every op and format on AVX2 agrees with the reference within the op's tolerance") {
  check_isa(kernels::cpu::Isa::avx2);
}

TEST_CASE("every op and format on AVX-VNNI agrees with the reference within the op's tolerance") {
  check_isa(kernels::cpu::Isa::avxvnni);
}

TEST_CASE("every op and format on AVX-512 agrees with the reference within the op's tolerance") {
  check_isa(kernels::cpu::Isa::avx512);
}

TEST_CASE("every op and format on AMX agrees with the reference within the op's tolerance") {
  check_isa(kernels::cpu::Isa::amx);
}

TEST_CASE("the cases cover every op, every format in linear and embed, and each cache type") {
  std::array<int, kernels::kOpKinds> n_of_kind{};
  std::map<std::string_view, int> n_linears;
  std::array<int, 3> n_of_cache{};
  for (const OpCase& op_case : op_cases()) {
    ++n_of_kind[static_cast<std::size_t>(op_case.op.kind)];
    if (op_case.op.kind == kernels::OpKind::linear) ++n_linears[op_case.format->name];
    if (op_case.kv.k_width > 0) ++n_of_cache.at(static_cast<std::size_t>(op_case.kv.type));
  }
  for (const int n : n_of_kind) CHECK(n > 0);
  for (const int n : n_of_cache) CHECK(n > 0);
  for (const kernels::Format* format : kernels::registered_formats()) {
    INFO(format->name);
    CHECK(n_linears[format->name] >= 9);
  }
  CHECK(n_linears["Q8_0"] >= 60);
  CHECK(n_linears["Q4_K"] >= 30);
}

TEST_CASE("a comparison reports a wrong value and a stray write") {
  // A backend that runs the reference and then spoils its result: the matrix must not be able to
  // pass it.
  class Spoiler final : public Backend {
   public:
    Spoiler(std::unique_ptr<Backend> honest, std::size_t at)
        : honest_(std::move(honest)), at_(at) {}
    std::string_view name() const override { return "spoiler"; }
    hal::Device& device() override { return honest_->device(); }
    Status supports(const kernels::Op& op, const kernels::Format* format) const override {
      return honest_->supports(op, format);
    }
    Bytes workspace_bytes(std::span<const kernels::Op> ops, std::uint32_t n) const override {
      return honest_->workspace_bytes(ops, n);
    }
    Status enqueue(const kernels::Op& op, const kernels::Bindings& bindings,
                   const kernels::StepInputs& inputs, hal::Stream& stream) override {
      BLUE_TRY(honest_->enqueue(op, bindings, inputs, stream));
      bindings.activations[op.out][at_] = 12345.0F;
      return {};
    }

   private:
    std::unique_ptr<Backend> honest_;
    std::size_t at_;
  };

  std::unique_ptr<Backend> reference = open_reference();
  for (const OpCase& op_case : op_cases()) {
    if (op_case.op.kind != kernels::OpKind::gather_rows) continue;
    const std::size_t n = op_case.step.output_rows.size() * op_case.op.cols;
    Spoiler wrong(open_reference(), n - 1);
    CHECK(compare_with_reference(wrong, *reference, op_case)->error > 10000.0);
    Spoiler stray(open_reference(), n);
    CHECK_FALSE(compare_with_reference(stray, *reference, op_case)->stray.empty());
    CHECK(compare_with_reference(*reference, *reference, op_case)->is_within_contract());
  }
}

}  // namespace blue::test
