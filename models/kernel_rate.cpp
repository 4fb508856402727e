#include "models/kernel_rate.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/format.h"

namespace blue::models {
namespace {

constexpr Bytes kMatrix = 64_MiB;
constexpr std::uint32_t kFewRows = 16;

struct Matrix {
  const kernels::Format* format = nullptr;
  std::uint64_t cols = 0;
};

/// The format and row length that a token reads most bytes of.
Matrix most_read(const Program& program) {
  std::map<std::pair<const kernels::Format*, std::uint64_t>, std::uint64_t> bytes;
  for (const kernels::Op& op : program.ops) {
    const bool is_product =
        op.kind == kernels::OpKind::linear || op.kind == kernels::OpKind::expert_linear;
    if (!is_product || op.weight == kernels::kNoOperand) continue;
    const WeightUse& use = program.weights[op.weight];
    bytes[{use.format, use.cols}] +=
        use.rows * use.format->row_bytes(use.cols) * std::max<std::uint64_t>(op.top_k, 1);
  }
  const auto most =
      std::ranges::max_element(bytes, {}, [](const auto& entry) { return entry.second; });
  return most == bytes.end() ? Matrix{} : Matrix{most->first.first, most->first.second};
}

/// One product with one token, and the memory it works in.
class Product {
 public:
  static Result<std::unique_ptr<Product>> create(kernels::Backend& backend, Matrix matrix) {
    auto product = std::unique_ptr<Product>(new Product(backend, matrix));
    BLUE_TRY(backend.supports(product->op_, matrix.format));
    BLUE_TRY(product->allocate());
    return product;
  }

  [[nodiscard]] Bytes bytes() const { return {op_.rows * matrix_.format->row_bytes(op_.cols)}; }

  /// Nanoseconds of one run with so many rows, the fastest within about `budget_ns`: what delays it
  /// is another program.
  Result<double> time(std::uint32_t rows, Nanoseconds budget_ns) {
    kernels::Op op = op_;
    op.rows = rows;
    kernels::WeightView view{weight_, matrix_.format, rows, matrix_.cols};
    float* const operands[] = {in_, out_};
    const kernels::Bindings bindings{
        .weights = {&view, 1}, .activations = operands, .kv = {}, .workspace = workspace_};
    kernels::StepInputs inputs;
    inputs.n_tokens = 1;
    double best = 0;
    const Nanoseconds end = monotonic_now_ns() + budget_ns;
    for (int run = 0; run < 3 || monotonic_now_ns() < end; ++run) {
      const Nanoseconds began_ns = monotonic_now_ns();
      BLUE_TRY(backend_.enqueue(op, bindings, inputs, *stream_));
      BLUE_TRY(stream_->synchronize());
      const auto took =
          static_cast<double>(std::max<Nanoseconds>(monotonic_now_ns() - began_ns, 1));
      if (run > 0 && (best == 0 || took < best)) best = took;  // the first warms up
    }
    return best;
  }

 private:
  Product(kernels::Backend& backend, Matrix matrix) : backend_(backend), matrix_(matrix) {
    op_.kind = kernels::OpKind::linear;
    op_.in = 0;
    op_.out = 1;
    op_.weight = 0;
    op_.cols = static_cast<std::uint32_t>(matrix.cols);
    const std::uint64_t rows = kMatrix.count / matrix.format->row_bytes(matrix.cols);
    op_.rows = static_cast<std::uint32_t>(std::max<std::uint64_t>(rows, kFewRows));
  }

  Status allocate() {
    constexpr std::uint64_t kAlignment = 256;
    const std::uint64_t weight = round_up(bytes().count, kAlignment);
    const std::uint64_t in = round_up(matrix_.cols * sizeof(float), kAlignment);
    const std::uint64_t out = round_up(op_.rows * sizeof(float), kAlignment);
    const Bytes workspace = backend_.workspace_bytes({&op_, 1}, 1);
    BLUE_TRY_ASSIGN(arena_, backend_.device().allocate(Bytes{weight + in + out} + workspace));
    BLUE_TRY_ASSIGN(stream_, backend_.device().open_stream());
    weight_ = arena_->base();
    in_ = reinterpret_cast<float*>(weight_ + weight);
    out_ = reinterpret_cast<float*>(weight_ + weight + in);
    workspace_ = weight_ + weight + in + out;
    // Written, so that every page is memory of its own. Zeros are valid in every format.
    const std::vector<std::byte> zeros(1 << 20);
    for (std::uint64_t at = 0; at < weight + in; at += zeros.size()) {
      const Bytes size{std::min<std::uint64_t>(zeros.size(), weight + in - at)};
      BLUE_TRY(backend_.device().copy_to_device(weight_ + at, zeros.data(), size, *stream_));
    }
    return stream_->synchronize();
  }

  kernels::Backend& backend_;
  Matrix matrix_;
  kernels::Op op_;
  std::unique_ptr<hal::Arena> arena_;
  std::unique_ptr<hal::Stream> stream_;
  std::byte* weight_ = nullptr;
  float* in_ = nullptr;
  float* out_ = nullptr;
  std::byte* workspace_ = nullptr;
};

}  // namespace

Result<KernelRate> measure_kernels(kernels::Backend& backend, const Program& program,
                                   Nanoseconds budget_ns) {
  const Matrix matrix = most_read(program);
  if (matrix.format == nullptr) return KernelRate();
  BLUE_TRY_ASSIGN(const std::unique_ptr<Product> product, Product::create(backend, matrix));
  const auto rows =
      static_cast<std::uint32_t>(product->bytes().count / matrix.format->row_bytes(matrix.cols));
  BLUE_TRY_ASSIGN(const double few_ns, product->time(kFewRows, budget_ns / 10));
  BLUE_TRY_ASSIGN(const double all_ns, product->time(rows, budget_ns));
  return KernelRate{.bytes_per_s = static_cast<double>(product->bytes().count) * 1e9 / all_ns,
                    .op_ns = few_ns};
}

}  // namespace blue::models
