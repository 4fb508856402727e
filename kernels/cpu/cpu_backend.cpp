#include "kernels/cpu/cpu_backend.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "hal/cpu_device.h"
#include "hal/cpu_features.h"
#include "kernels/cpu/format_table.h"
#include "kernels/cpu/ops/cpu_op.h"
#include "kernels/cpu/simd/tile_config.h"
#include "kernels/format_folder.h"
#include "kernels/op_traits.h"

namespace blue::kernels::cpu {
namespace {

/// The kernels of an instruction set. avxvnni differs from avx2, and amx from avx512, in the
/// products of bytes alone.
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
        kernels_(entry_of(isa).ops()),
        formats_(formats_with_kernels(isa)),
        workers_(cores) {}

  std::string_view name() const override { return "cpu"; }
  hal::Device& device() override { return *device_; }

  Bytes workspace_bytes(std::span<const Op> ops, std::uint32_t max_tokens) const override {
    std::uint64_t most = 0;
    for (const Op& op : ops) {
      const CpuOp& cpu_op = op_of(op);
      if (cpu_op.workspace_bytes != nullptr)
        most = std::max(most, cpu_op.workspace_bytes(op, max_tokens, workers_.n_workers()));
    }
    return {most};
  }

  Status supports_cache(KvType) const override { return {}; }

  Status supports(const Op& op, const Format* format) const override {
    BLUE_TRY(check_shape(op, format));
    if (!op_of(op).has_format_kernels || kernels_of(format) != nullptr) return {};
    return Error(KernelsError::unsupported_format,
                 describe(op, format) + ": the cpu backend has no kernel for " +
                     std::string(format->name) + "; take --backend reference");
  }

  Status enqueue(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                 hal::Stream&) override {
    const CpuOp& cpu_op = op_of(op);
    const FormatKernels* kernels = nullptr;
    if (cpu_op.has_format_kernels) {
      kernels = kernels_of(bindings.weights[op.weight].format);
      BLUE_CHECK(kernels != nullptr, "a product was enqueued without asking supports() first");
    }
    cpu_op.run({op, bindings, inputs, workers_, kernels_, kernels});
    return {};
  }

 private:
  const FormatKernels* kernels_of(const Format* format) const {
    for (const FormatEntry& entry : formats_) {
      if (entry.format == format) return entry.kernels;
    }
    return nullptr;
  }

  const CpuOp& op_of(const Op& op) const { return *ops_[static_cast<std::size_t>(op.kind)]; }

  std::unique_ptr<hal::Device> device_;
  std::span<const CpuOp* const> ops_ = cpu_ops();
  const OpKernels& kernels_;
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
