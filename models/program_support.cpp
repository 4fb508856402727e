#include "models/program_support.h"

#include <string>

#include "kernels/kv_rows.h"
#include "models/models_error.h"

namespace blue::models {
namespace {

/// The cache's rows are as wide as the widest layer's, which KvCache checks.
Status check_cached_width(const Program& program, const kernels::Op& op, kernels::KvType kv_type) {
  if (op.kind != kernels::OpKind::kv_append) return {};
  const std::uint32_t block = kernels::kv_block_values(kv_type);
  const std::uint32_t width = op.n_kv_heads * op.head_dim;
  if (width == program.kv.k_width || width % block == 0) return {};
  return Error(ModelsError::unsupported_format,
               "a " + std::string(kernels::to_text(kv_type)) +
                   " cache holds rows of a multiple of " + std::to_string(block) +
                   " values; the keys of layer " + std::to_string(op.layer) + " have " +
                   std::to_string(width) + ": take --kv f16");
}

}  // namespace

Status check_support(const Program& program, kernels::Backend& backend, kernels::KvType kv_type) {
  BLUE_TRY(backend.supports_cache(kv_type));
  for (const kernels::Op& op : program.ops) {
    BLUE_TRY(check_cached_width(program, op, kv_type));
    const kernels::Format* format =
        op.weight == kernels::kNoOperand ? nullptr : program.weights.at(op.weight).format;
    BLUE_TRY(backend.supports(op, format));
  }
  return {};
}

}  // namespace blue::models
