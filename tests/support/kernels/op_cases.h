// Op cases for any backend: random operands over awkward shapes, run through the device contract
// alone, and compared with the reference backend within op_traits.h. A backend's test is: for
// each of op_cases(), compare_with_reference. Depends on kernels. Cases own their data and are read
// only; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/backend.h"
#include "kernels/op_traits.h"

namespace blue::test {

/// Operand numbers that cases use.
inline constexpr kernels::Operand kInOperand = 0;
inline constexpr kernels::Operand kIn2Operand = 1;
inline constexpr kernels::Operand kOutOperand = 2;

/// Tokens of a step over several sequences, with their pages scattered.
struct StepCase {
  std::vector<std::int32_t> token_ids;
  std::vector<std::int32_t> positions;
  std::vector<std::int32_t> sequences;
  std::vector<std::int32_t> page_table;
  std::vector<std::int32_t> output_rows;
  std::uint32_t page_table_stride = 0;
  std::uint32_t n_pages = 0;
};

struct OpCase {
  std::string name;  ///< "linear Q4_K, rows 33, cols 512, tokens 7"
  kernels::Op op;
  const kernels::Format* format = nullptr;  ///< of the weight; null without one
  std::uint64_t weight_rows = 0;            ///< expert_linear: of all experts, one after the other
  /// expert_linear: every n-th expert has no address; 0: none.
  std::uint32_t absent_every = 0;
  std::vector<std::byte> weight;
  /// By operand; values that nothing was written to are poisoned with NaN.
  std::array<std::vector<float>, 3> activations;
  StepCase step;
  kernels::KvView kv;  ///< base is null until the case is run
  std::vector<std::byte> kv_bytes;
  kernels::OpMagnitudes magnitudes;  ///< but for `out`
};

/// Every op, every registered format, each KV type: sizes 1, odd, not multiples of any vector,
/// larger than one tile. The same cases each time.
std::vector<OpCase> op_cases();

/// Cases of shapes drawn at random from `seed`: every op that has a shape of its own to get wrong,
/// every format. Part of op_cases() with one seed.
std::vector<OpCase> random_op_cases(std::uint32_t seed);

/// What a run left behind: the whole operands and the whole cache, with what the op should not have
/// touched.
struct OpOutcome {
  std::array<std::vector<float>, 3> activations;
  std::vector<std::byte> kv_bytes;
};

/// Does the backend take the op, its weight's format and its cache's type? Errors: supports()'s and
/// supports_cache()'s.
Status is_taken(const kernels::Backend& backend, const OpCase& op_case);

/// Copies the case to the backend's device, runs it and copies back. Errors: of the device, or
/// supports()'s refusal.
Result<OpOutcome> run_op_case(kernels::Backend& backend, const OpCase& op_case);

struct OpDifference {
  /// The largest |out - reference out|; infinite where one is not finite and the other differs.
  double error = 0.0;
  double bound = 0.0;  ///< max_abs_error
  std::string stray;   ///< what was written outside the result; empty when nothing
  [[nodiscard]] bool is_within_contract() const { return error <= bound && stray.empty(); }
};

/// Errors: supports() of the backend refused (the caller decides whether it may), or a device
/// failed.
Result<OpDifference> compare_with_reference(kernels::Backend& backend, kernels::Backend& reference,
                                            const OpCase& op_case);

}  // namespace blue::test
