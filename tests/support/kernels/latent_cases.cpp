// Op cases of latent attention, its sparse indexer and what they need.
#include "tests/support/kernels/op_case_builder.h"

namespace blue::test {
namespace {

using kernels::Format;
using kernels::KvType;
using kernels::OpKind;

class LatentCaseMaker : public OpCaseBuilder {
 public:
  using OpCaseBuilder::OpCaseBuilder;

  void add_strided_norms() {
    for (const std::uint32_t cols : {5U, 512U}) {
      OpCase made = start(OpKind::rms_norm, 5, 0);
      made.op.cols = cols;
      made.op.n_heads = 2;
      made.op.head_dim = cols + 3;
      made.op.eps = 1e-6F;
      made.op.out = kInOperand;
      put_weight(made, *kernels::find_format("F32"), 1, cols);
      put_in(made, kInOperand, std::uint64_t{5} * 2 * made.op.head_dim, 3.0F);
      finish(std::move(made), text("cols", cols) + text("of", cols + 3));
    }
  }

  void add_layer_norms() {
    for (const std::uint32_t cols : {1U, 7U, 64U, 100U, 1031U}) {
      for (const kernels::Operand out : {kOutOperand, kInOperand}) {
        OpCase made = start(OpKind::layer_norm, 5, 0);
        made.op.cols = cols;
        made.op.eps = 1e-6F;
        made.op.out = out;
        put_weight(made, *kernels::find_format("F32"), 1, cols);
        put_in(made, kInOperand, std::uint64_t{5} * cols, 3.0F);
        put_out(made, std::uint64_t{5} * cols);
        finish(std::move(made), text("cols", cols) + text("out in operand", out));
      }
    }
  }

  void add_hadamards() {
    for (const std::uint32_t cols : {1U, 2U, 4U, 16U, 64U, 128U, 1024U}) {
      for (const kernels::Operand out : {kOutOperand, kInOperand}) {
        OpCase made = start(OpKind::hadamard, 5, 0);
        made.op.cols = cols;
        made.op.n_heads = 3;
        made.op.out = out;
        put_in(made, kInOperand, std::uint64_t{5} * 3 * cols, 2.0F);
        put_out(made, std::uint64_t{5} * 3 * cols);
        finish(std::move(made), text("cols", cols) + text("out in operand", out));
      }
    }
  }

  void add_head_linears(const Format& format) {
    struct Shape {
      std::uint32_t n_heads, rows, n_blocks, n_rest, n_tokens;
    };
    const Shape shapes[] = {
        {1, 1, 1, 0, 1}, {4, 32, 2, 8, 1}, {3, 33, 1, 5, 7}, {5, 7, 3, 0, 33}, {16, 130, 4, 0, 1}};
    for (const Shape& shape : shapes) {
      OpCase made = start(OpKind::head_linear, shape.n_tokens, 0);
      made.op.n_heads = shape.n_heads;
      made.op.rows = shape.rows;
      made.op.cols = shape.n_blocks * std::max(format.values_per_block, 9U);
      if (format.values_per_block > 1) made.op.cols = shape.n_blocks * format.values_per_block;
      made.op.head_dim = made.op.cols + shape.n_rest;
      const std::uint64_t n_heads = std::uint64_t{shape.n_tokens} * shape.n_heads;
      put_weight(made, format, std::uint64_t{shape.n_heads} * shape.rows, made.op.cols);
      put_in(made, kInOperand, n_heads * made.op.head_dim, 1.0F);
      put_out(made, n_heads * (shape.rows + shape.n_rest));
      finish(std::move(made), text("heads", shape.n_heads) + text("rows", shape.rows) +
                                  text("cols", made.op.cols) + text("rest", shape.n_rest) +
                                  text("tokens", shape.n_tokens));
    }
  }

  void add_latent_ops(KvType type) {
    struct Shape {
      std::uint32_t n_heads, head_dim, value_dim, n_tokens;
    };
    const Shape shapes[] = {
        {1, 5, 3, 1}, {4, 40, 32, 7}, {16, 576, 512, 2}, {21, 96, 64, 7}, {3, 100, 90, 33}};
    const std::uint32_t block = kernels::kv_block_values(type);
    for (const Shape& shape : shapes) {
      if (shape.head_dim % block != 0 || shape.value_dim % block != 0) continue;
      const std::string name = text("heads", shape.n_heads) + text("head_dim", shape.head_dim) +
                               text("value_dim", shape.value_dim) + text("tokens", shape.n_tokens) +
                               ", " + std::string(kernels::to_text(type)) + " cache";
      for (const bool has_value : {false, true}) {
        OpCase append = start(OpKind::kv_append, shape.n_tokens, 0);
        set_heads(append, shape.n_heads, 1, shape.head_dim);
        append.op.value_dim = has_value ? shape.value_dim : 0;
        put_in(append, kInOperand, std::uint64_t{shape.n_tokens} * shape.head_dim, 1.0F);
        put_in(append, kIn2Operand, std::uint64_t{shape.n_tokens} * shape.value_dim, 1.0F);
        if (!has_value) append.op.in2 = kernels::kNoOperand;
        append.op.out = kernels::kNoOperand;
        put_cache(append, type, shape.head_dim, has_value ? shape.value_dim : 0);
        finish(std::move(append), name + (has_value ? ", two rows" : ", one row"));
      }
      for (const std::uint32_t top_k : {0U, 1U, 45U}) {
        OpCase made = start(OpKind::attention_latent, shape.n_tokens, 0);
        set_heads(made, shape.n_heads, 1, shape.head_dim);
        made.op.value_dim = shape.value_dim;
        made.op.top_k = static_cast<std::uint16_t>(top_k);
        made.op.scale = 1.0F / std::sqrt(static_cast<float>(shape.head_dim));
        const std::uint64_t n_heads = std::uint64_t{shape.n_tokens} * shape.n_heads;
        put_in(made, kInOperand, n_heads * shape.head_dim, 2.0F);
        if (top_k > 0) put_selection(made);
        put_out(made, n_heads * shape.value_dim);
        put_cache(made, type, shape.head_dim, 0);
        fill_cache(made);
        finish(std::move(made), name + text("top_k", top_k));
      }
    }
  }

  void add_index_topks(KvType type) {
    struct Shape {
      std::uint32_t n_heads, head_dim, top_k, n_tokens;
    };
    const Shape shapes[] = {
        {1, 3, 1, 1}, {4, 64, 16, 7}, {16, 128, 40, 1}, {5, 70, 500, 33}, {6, 32, 64, 2}};
    for (const Shape& shape : shapes) {
      OpCase made = start(OpKind::index_topk, shape.n_tokens, 0);
      set_heads(made, shape.n_heads, 1, shape.head_dim);
      made.op.top_k = static_cast<std::uint16_t>(shape.top_k);
      made.op.scale = 1.0F / std::sqrt(static_cast<float>(shape.head_dim * shape.n_heads));
      put_in(made, kIn2Operand, std::uint64_t{shape.n_tokens} * shape.n_heads, 1.5F);
      made.magnitudes.value = 1.5;
      put_in(made, kInOperand, std::uint64_t{shape.n_tokens} * shape.n_heads * shape.head_dim,
             1.0F);
      put_out(made, std::uint64_t{shape.n_tokens} * 2 * shape.top_k);
      put_cache(made, type, 24, shape.head_dim);
      fill_cache(made);
      made.magnitudes.value = 1.5;
      finish(std::move(made), text("heads", shape.n_heads) + text("head_dim", shape.head_dim) +
                                  text("top_k", shape.top_k) + text("tokens", shape.n_tokens) +
                                  (type == KvType::f16 ? ", F16 cache" : ", F32 cache"));
    }
  }

 private:
  /// In in2 for each token: some of its positions, ascending, then -1; scores behind them.
  void put_selection(OpCase& made) {
    const std::uint32_t top_k = made.op.top_k;
    made.op.in2 = kIn2Operand;
    std::vector<float>& values = made.activations[kIn2Operand];
    for (const std::int32_t position : made.step.positions) {
      std::uint32_t n = 0;
      for (std::int32_t p = 0; p <= position && n < top_k; ++p) {
        if (p < position && below(3) > 0) continue;
        values.push_back(static_cast<float>(p));
        ++n;
      }
      values.insert(values.end(), 2 * top_k - n, -1.0F);
    }
    values.insert(values.end(), kGuardValues, std::numeric_limits<float>::quiet_NaN());
  }
};

}  // namespace

std::vector<OpCase> latent_op_cases() {
  LatentCaseMaker maker(20260102);
  for (const Format* format : kernels::registered_formats()) maker.add_head_linears(*format);
  maker.add_strided_norms();
  maker.add_layer_norms();
  maker.add_hadamards();
  maker.add_latent_ops(KvType::q8_0);
  for (const KvType type : {KvType::f32, KvType::f16}) {
    maker.add_latent_ops(type);
    maker.add_index_topks(type);
  }
  return maker.take();
}

}  // namespace blue::test
