// The registry's entry of the CPU backend: it has a device where the processor has AVX2, FMA and
// F16C.
#include "kernels/backend.h"

#include "hal/cpu_device.h"
#include "kernels/cpu/cpu_backend.h"

namespace blue::kernels {
namespace {

std::vector<hal::DeviceInfo> probe() {
  const std::vector<cpu::Isa> isas = cpu::available_isas();
  if (isas.empty()) return {};
  Result<std::unique_ptr<hal::Device>> device = hal::open_cpu_device();
  if (!device) return {};
  hal::DeviceInfo info = device.value()->info();
  info.description += ", kernels for " + std::string(cpu::to_text(isas.back()));
  return {info};
}

Result<std::unique_ptr<Backend>> open(const BackendOptions& options) {
  const std::vector<cpu::Isa> isas = cpu::available_isas();
  if (isas.empty()) {
    return Error(
        KernelsError::unknown_backend,
        "the cpu backend needs a processor with AVX2, FMA and F16C; take --backend reference");
  }
  return cpu::open_cpu_backend(isas.back(), options);
}

}  // namespace

const BackendEntry& backend_cpu() {
  static constexpr BackendEntry kEntry{
      .name = "cpu", .preference = 10, .probe = probe, .open = open, .has_workers = true};
  return kEntry;
}

}  // namespace blue::kernels
