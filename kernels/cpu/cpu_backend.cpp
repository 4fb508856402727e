#include "kernels/cpu/cpu_backend.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "hal/cpu_device.h"
#include "hal/cpu_features.h"
#include "kernels/cpu/format_table.h"
#include "kernels/cpu/ops/ops.h"
#include "kernels/cpu/simd/tile_config.h"
#include "kernels/op_shape.h"

namespace blue::kernels::cpu {
namespace {

/// The generated tables know formats by their folder: the format's name in lower case.
std::string folder_of(const Format& format) {
  std::string folder(format.name);
  for (char& c : folder) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return folder;
}

/// What an instruction set has. avxvnni differs from avx2, and amx from avx512, in the products of
/// bytes alone.
struct IsaEntry {
  Isa isa = Isa::avx2;
  std::string_view name;
  const OpKernels& (*ops)() = nullptr;
  const FormatKernels* (*format_kernels)(std::string_view folder) = nullptr;
  bool (*is_there)(const hal::CpuFeatures& features) = nullptr;
};

/// Best last. The AVX-512 units are compiled with VNNI too, so the compiler may use it wherever it
/// likes.
constexpr IsaEntry kIsas[] = {
    {.isa = Isa::avx2,
     .name = "avx2",
     .ops = op_kernels_avx2,
     .format_kernels = format_kernels_avx2,
     .is_there = [](const hal::CpuFeatures& features) { return features.supports_avx2_kernels(); }},
    {.isa = Isa::avxvnni,
     .name = "avxvnni",
     .ops = op_kernels_avx2,
     .format_kernels = format_kernels_avxvnni,
     .is_there =
         [](const hal::CpuFeatures& features) {
           return features.supports_avx2_kernels() && features.has_avx_vnni;
         }},
    {.isa = Isa::avx512,
     .name = "avx512",
     .ops = op_kernels_avx512,
     .format_kernels = format_kernels_avx512,
     .is_there =
         [](const hal::CpuFeatures& features) {
           return features.supports_avx512_kernels() && features.has_avx512_vnni;
         }},
    {.isa = Isa::amx,
     .name = "amx",
     .ops = op_kernels_avx512,
     .format_kernels = format_kernels_amx,
     .is_there =
         [](const hal::CpuFeatures& features) {
           return features.supports_avx512_kernels() && features.has_avx512_vnni &&
                  features.has_amx_int8 && request_tiles();
         }},
};

const IsaEntry& entry_of(Isa isa) { return kIsas[static_cast<std::size_t>(isa)]; }

/// The kernels of each registered format, found once: a step compares pointers only.
struct FormatEntry {
  const Format* format = nullptr;
  const FormatKernels* kernels = nullptr;
};

std::vector<FormatEntry> formats_with_kernels(Isa isa) {
  std::vector<FormatEntry> entries;
  for (const Format* format : registered_formats()) {
    const FormatKernels* kernels = entry_of(isa).format_kernels(folder_of(*format));
    if (kernels != nullptr) entries.push_back({format, kernels});
  }
  return entries;
}

class CpuBackend final : public Backend {
 public:
  CpuBackend(Isa isa, std::unique_ptr<hal::Device> device, std::span<const int> cores)
      : device_(std::move(device)),
        ops_(entry_of(isa).ops()),
        formats_(formats_with_kernels(isa)),
        workers_(cores) {}

  std::string_view name() const override { return "cpu"; }
  hal::Device& device() override { return *device_; }

  Bytes workspace_bytes(std::span<const Op> ops, std::uint32_t max_tokens) const override {
    std::uint64_t most = 0;
    for (const Op& op : ops) {
      if (op.kind == OpKind::linear) most = std::max(most, linear_workspace(op, max_tokens));
      if (op.kind == OpKind::route) most = std::max(most, route_workspace(op, max_tokens));
      if (op.kind == OpKind::expert_linear) most = std::max(most, expert_workspace(op, max_tokens));
      if (op.kind == OpKind::head_linear)
        most = std::max(most, head_linear_workspace(op, max_tokens));
      if (op.kind == OpKind::index_topk)
        most = std::max(most, index_topk_workspace(op, max_tokens, workers_.n_workers()));
    }
    return {most};
  }

  Status supports_cache(KvType) const override { return {}; }

  Status supports(const Op& op, const Format* format) const override {
    BLUE_TRY(check_shape(op, format));
    const bool multiplies = op.kind == OpKind::linear || op.kind == OpKind::head_linear ||
                            op.kind == OpKind::expert_linear;
    if (!multiplies || kernels_of(format) != nullptr) return {};
    return Error(KernelsError::unsupported_format,
                 describe(op, format) + ": the cpu backend has no kernel for " +
                     std::string(format->name) + "; take --backend reference");
  }

  Status enqueue(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                 hal::Stream&) override {
    const StepWork work{op, bindings, inputs, workers_};
    switch (op.kind) {
      case OpKind::embed: embed(work); break;
      case OpKind::rms_norm: rms_norm(work, ops_); break;
      case OpKind::linear: linear(work, kernels_for(work), ops_); break;
      case OpKind::rope: rope(work); break;
      case OpKind::kv_append: kv_append(work); break;
      case OpKind::attention: attention(work, ops_); break;
      case OpKind::silu_mul: silu_mul(work, ops_); break;
      case OpKind::add: add(work); break;
      case OpKind::gather_rows: gather_rows(work); break;
      case OpKind::add_bias: add_bias(work); break;
      case OpKind::route: route(work); break;
      case OpKind::expert_linear: expert_linear(work, kernels_for(work), ops_); break;
      case OpKind::expert_sum: expert_sum(work); break;
      case OpKind::head_linear: head_linear(work, kernels_for(work), ops_); break;
      case OpKind::attention_latent: attention_latent(work, ops_); break;
      case OpKind::index_topk: index_topk(work, ops_); break;
      case OpKind::layer_norm: layer_norm(work, ops_); break;
      case OpKind::hadamard: hadamard(work, ops_); break;
    }
    return {};
  }

 private:
  const FormatKernels* kernels_of(const Format* format) const {
    for (const FormatEntry& entry : formats_) {
      if (entry.format == format) return entry.kernels;
    }
    return nullptr;
  }

  const FormatKernels& kernels_for(const StepWork& work) const {
    const FormatKernels* kernels = kernels_of(work.bindings.weights[work.op.weight].format);
    BLUE_CHECK(kernels != nullptr, "a product was enqueued without asking supports() first");
    return *kernels;
  }

  std::unique_ptr<hal::Device> device_;
  const OpKernels& ops_;
  std::vector<FormatEntry> formats_;
  WorkerPool workers_;
};

}  // namespace

std::string_view to_text(Isa isa) { return entry_of(isa).name; }

std::vector<Isa> available_isas() {
  const hal::CpuFeatures features = hal::detect_cpu_features();
  std::vector<Isa> isas;
  for (const IsaEntry& entry : kIsas) {
    if (entry.is_there(features)) isas.push_back(entry.isa);
  }
  return isas;
}

Result<std::unique_ptr<Backend>> open_cpu_backend(Isa isa, const BackendOptions& options) {
  const std::vector<Isa> isas = available_isas();
  BLUE_CHECK(std::find(isas.begin(), isas.end(), isa) != isas.end(),
             "this processor lacks " + std::string(to_text(isa)));
  BLUE_TRY_ASSIGN(std::unique_ptr<hal::Device> device, hal::open_cpu_device());
  return std::unique_ptr<Backend>(
      std::make_unique<CpuBackend>(isa, std::move(device), options.worker_cores));
}

}  // namespace blue::kernels::cpu
