// The CPU backend with its instruction set named: what backend.cpp opens with the best one, and
// what tests and benches open with each. Depends on kernels/backend.h. Threads: as Backend.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "kernels/backend.h"

namespace blue::kernels::cpu {

/// avxvnni is AVX2 with products of bytes in one instruction, amx is AVX-512 with those of many
/// tokens in tiles.
enum class Isa : std::uint8_t { avx2, avxvnni, avx512, amx };
std::string_view to_text(Isa isa);

/// The instruction sets with kernels that this processor runs, best last; none before AVX2, FMA and
/// F16C.
std::vector<Isa> available_isas();

/// The backend on `isa`, which must be available. Its device's streams run in the caller, so an op
/// has finished when enqueue returns. Errors: what opening the CPU device gives.
Result<std::unique_ptr<Backend>> open_cpu_backend(Isa isa, const BackendOptions& options);

}  // namespace blue::kernels::cpu
