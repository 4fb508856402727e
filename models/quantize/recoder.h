// Recoder: the bytes of one tensor from one weight format to another, piece by piece, on several
// threads.
// Depends on kernels/format.h. Threads: recode() is called by one thread and returns when its
// workers have ended. Borrows nothing beyond a call.
#pragma once

#include <cstdint>
#include <optional>

#include "base/span.h"
#include "kernels/format.h"

namespace blue::models {

class Recoder {
 public:
  Recoder(const kernels::Format& from, const kernels::Format& to, unsigned n_threads);

  /// The least number of values that both formats hold in whole blocks: calls take a multiple of
  /// it. A tensor's number of values is one, since its rows are.
  [[nodiscard]] std::uint64_t unit_values() const { return unit_; }

  /// Shapes: in [n_values] in the first format, out [n_values] in the second. Equal formats: a
  /// copy. Returns the index of a value that is not a finite number, which a packed format cannot
  /// hold; then `out` is not to be used.
  [[nodiscard]] std::optional<std::uint64_t> recode(ConstByteSpan in, ByteSpan out,
                                                    std::uint64_t n_values) const;

 private:
  [[nodiscard]] std::optional<std::uint64_t> recode_range(ConstByteSpan in, ByteSpan out,
                                                          std::uint64_t begin,
                                                          std::uint64_t end) const;

  const kernels::Format& from_;
  const kernels::Format& to_;
  unsigned n_threads_;
  std::uint64_t unit_;
};

}  // namespace blue::models
