#include "kernels/op.h"

namespace blue::kernels {

std::string_view to_text(OpKind kind) {
  switch (kind) {
    case OpKind::embed: return "embed";
    case OpKind::rms_norm: return "rms_norm";
    case OpKind::linear: return "linear";
    case OpKind::rope: return "rope";
    case OpKind::kv_append: return "kv_append";
    case OpKind::attention: return "attention";
    case OpKind::silu_mul: return "silu_mul";
    case OpKind::add: return "add";
    case OpKind::gather_rows: return "gather_rows";
    case OpKind::add_bias: return "add_bias";
    case OpKind::route: return "route";
    case OpKind::expert_linear: return "expert_linear";
    case OpKind::expert_sum: return "expert_sum";
    case OpKind::head_linear: return "head_linear";
    case OpKind::attention_latent: return "attention_latent";
    case OpKind::index_topk: return "index_topk";
    case OpKind::layer_norm: return "layer_norm";
    case OpKind::hadamard: return "hadamard";
  }
  return "unknown op";
}

std::string_view to_text(KvType type) {
  switch (type) {
    case KvType::f32: return "f32";
    case KvType::f16: return "f16";
    case KvType::q8_0: return "q8_0";
  }
  return "unknown type";
}

}  // namespace blue::kernels
