// How op cases are run: through the device contract alone, since device memory need not be host
// memory.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "tests/support/kernels/op_cases.h"

namespace blue::test {
namespace {

using kernels::Op;
using kernels::OpKind;

/// One arena that pieces are laid into, and the stream that carries them there and back.
class Staging {
 public:
  static Result<Staging> open(hal::Device& device, Bytes size) {
    BLUE_TRY_ASSIGN(std::unique_ptr<hal::Arena> arena, device.allocate(size));
    BLUE_TRY_ASSIGN(std::unique_ptr<hal::Stream> stream, device.open_stream());
    return Staging(device, std::move(arena), std::move(stream));
  }

  /// The piece's address on the device. Every piece begins on a fresh 256 bytes.
  template <class T>
  Result<std::byte*> put(const std::vector<T>& values) {
    std::byte* to = arena_->base() + used_;
    used_ += round_up(values.size() * sizeof(T) + 1, 256);
    if (values.empty()) return to;
    const auto* from = reinterpret_cast<const std::byte*>(values.data());
    BLUE_TRY(device_->copy_to_device(to, from, {values.size() * sizeof(T)}, *stream_));
    return to;
  }

  template <class T>
  Status get(std::vector<T>& values, const std::byte* from) {
    if (values.empty()) return {};
    auto* to = reinterpret_cast<std::byte*>(values.data());
    return device_->copy_to_host(to, from, {values.size() * sizeof(T)}, *stream_);
  }

  hal::Stream& stream() { return *stream_; }

 private:
  Staging(hal::Device& device, std::unique_ptr<hal::Arena> arena,
          std::unique_ptr<hal::Stream> stream)
      : device_(&device), arena_(std::move(arena)), stream_(std::move(stream)) {}

  hal::Device* device_;
  std::unique_ptr<hal::Arena> arena_;
  std::unique_ptr<hal::Stream> stream_;
  std::uint64_t used_ = 0;
};

Bytes bytes_for(const OpCase& op_case, Bytes workspace) {
  std::uint64_t total = workspace.count + op_case.weight.size() + op_case.kv_bytes.size();
  for (const std::vector<float>& operand : op_case.activations)
    total += operand.size() * sizeof(float);
  total += 4 * (op_case.step.token_ids.size() * 3 + op_case.step.page_table.size() +
                op_case.step.output_rows.size());
  total += op_case.op.n_experts * sizeof(std::byte*);
  return {total + 16 * 512};
}

template <class T>
const T* as(const std::byte* address) {
  return reinterpret_cast<const T*>(address);
}

Result<kernels::StepInputs> put_step(Staging& staging, const StepCase& step) {
  BLUE_TRY_ASSIGN(std::byte * tokens, staging.put(step.token_ids));
  BLUE_TRY_ASSIGN(std::byte * positions, staging.put(step.positions));
  BLUE_TRY_ASSIGN(std::byte * sequences, staging.put(step.sequences));
  BLUE_TRY_ASSIGN(std::byte * pages, staging.put(step.page_table));
  BLUE_TRY_ASSIGN(std::byte * outputs, staging.put(step.output_rows));
  return kernels::StepInputs{.token_ids = as<std::int32_t>(tokens),
                             .positions = as<std::int32_t>(positions),
                             .sequences = as<std::int32_t>(sequences),
                             .page_table = as<std::int32_t>(pages),
                             .output_rows = as<std::int32_t>(outputs),
                             .page_table_stride = step.page_table_stride,
                             .n_tokens = static_cast<std::uint32_t>(step.token_ids.size()),
                             .n_outputs = static_cast<std::uint32_t>(step.output_rows.size())};
}

/// Addresses of the experts' rows in the stack at `weight`; null for absent ones.
std::vector<const std::byte*> expert_addresses(const OpCase& op_case, const std::byte* weight) {
  std::vector<const std::byte*> addresses;
  if (op_case.op.kind != OpKind::expert_linear) return addresses;
  const std::uint64_t expert_bytes = op_case.op.rows * op_case.format->row_bytes(op_case.op.cols);
  for (std::uint32_t e = 0; e < op_case.op.n_experts; ++e) {
    const bool is_absent = op_case.absent_every != 0 && e % op_case.absent_every == 0;
    addresses.push_back(is_absent ? nullptr : weight + e * expert_bytes);
  }
  return addresses;
}

double difference(float a, float b) {
  if (std::memcmp(&a, &b, sizeof a) == 0) return 0.0;  // also for poison that neither overwrote
  const double error = std::fabs(static_cast<double>(a) - static_cast<double>(b));
  return std::isfinite(error) ? error : std::numeric_limits<double>::infinity();
}

double largest_of(const std::vector<float>& values) {
  double largest = 0.0;
  for (const float value : values) {
    if (std::isfinite(value)) largest = std::max<double>(largest, std::fabs(value));
  }
  return largest;
}

/// Overwritten poison is outside the result, and operands that are only read must stay unchanged.
std::string stray_writes(const OpCase& op_case, const OpOutcome& outcome,
                         const OpOutcome& expected) {
  for (kernels::Operand operand = 0; operand < 3; ++operand) {
    const std::vector<float>& got = outcome.activations[operand];
    const std::vector<float>& wanted =
        operand == op_case.op.out ? expected.activations[operand] : op_case.activations[operand];
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (operand == op_case.op.out && !std::isnan(wanted[i])) continue;
      if (std::memcmp(&got[i], &wanted[i], sizeof got[i]) == 0) continue;
      return "operand " + std::to_string(operand) + ", value " + std::to_string(i);
    }
  }
  const auto at =
      std::mismatch(outcome.kv_bytes.begin(), outcome.kv_bytes.end(), expected.kv_bytes.begin())
          .first;
  if (at == outcome.kv_bytes.end()) return {};
  return "cache, byte " + std::to_string(at - outcome.kv_bytes.begin());
}

}  // namespace

Status is_taken(const kernels::Backend& backend, const OpCase& op_case) {
  BLUE_TRY(backend.supports(op_case.op, op_case.format));
  return op_case.kv.k_width > 0 ? backend.supports_cache(op_case.kv.type) : Status();
}

Result<OpOutcome> run_op_case(kernels::Backend& backend, const OpCase& op_case) {
  BLUE_TRY(is_taken(backend, op_case));
  const auto n_tokens = static_cast<std::uint32_t>(op_case.step.token_ids.size());
  const Bytes workspace = backend.workspace_bytes({&op_case.op, 1}, n_tokens);
  BLUE_TRY_ASSIGN(Staging staging, Staging::open(backend.device(), bytes_for(op_case, workspace)));
  BLUE_TRY_ASSIGN(const kernels::StepInputs inputs, put_step(staging, op_case.step));
  std::array<float*, 3> operands{};
  for (std::size_t i = 0; i < operands.size(); ++i) {
    BLUE_TRY_ASSIGN(std::byte * operand, staging.put(op_case.activations[i]));
    operands[i] = reinterpret_cast<float*>(operand);
  }
  BLUE_TRY_ASSIGN(std::byte * weight, staging.put(op_case.weight));
  BLUE_TRY_ASSIGN(std::byte * cache, staging.put(op_case.kv_bytes));
  const std::vector<std::byte> poison(workspace.count, std::byte{0xff});
  BLUE_TRY_ASSIGN(std::byte * scratch, staging.put(poison));
  BLUE_TRY(staging.stream().synchronize());

  const std::vector<const std::byte*> experts = expert_addresses(op_case, weight);
  BLUE_TRY_ASSIGN(std::byte * table, staging.put(experts));
  BLUE_TRY(staging.stream().synchronize());
  const kernels::WeightView view{.data = weight,
                                 .format = op_case.format,
                                 .rows = op_case.weight_rows,
                                 .cols = op_case.op.cols,
                                 .experts = reinterpret_cast<const std::byte* const*>(table)};
  kernels::Bindings bindings{
      .weights = {&view, 1}, .activations = operands, .kv = op_case.kv, .workspace = scratch};
  bindings.kv.base = cache;
  BLUE_TRY(backend.enqueue(op_case.op, bindings, inputs, staging.stream()));

  OpOutcome outcome{op_case.activations, op_case.kv_bytes};
  for (std::size_t i = 0; i < operands.size(); ++i) {
    BLUE_TRY(staging.get(outcome.activations[i], reinterpret_cast<const std::byte*>(operands[i])));
  }
  BLUE_TRY(staging.get(outcome.kv_bytes, cache));
  BLUE_TRY(staging.stream().synchronize());
  return outcome;
}

Result<OpDifference> compare_with_reference(kernels::Backend& backend, kernels::Backend& reference,
                                            const OpCase& op_case) {
  BLUE_TRY_ASSIGN(const OpOutcome outcome, run_op_case(backend, op_case));
  BLUE_TRY_ASSIGN(const OpOutcome expected, run_op_case(reference, op_case));
  OpDifference result;
  result.stray = stray_writes(op_case, outcome, expected);
  kernels::OpMagnitudes magnitudes = op_case.magnitudes;
  if (op_case.op.out != kernels::kNoOperand) {
    const std::vector<float>& got = outcome.activations[op_case.op.out];
    const std::vector<float>& wanted = expected.activations[op_case.op.out];
    for (std::size_t i = 0; i < wanted.size(); ++i)
      result.error = std::max(result.error, difference(got[i], wanted[i]));
    magnitudes.out = largest_of(wanted);
  }
  result.bound = kernels::max_abs_error(op_case.op, magnitudes, op_case.format);
  return result;
}

}  // namespace blue::test
