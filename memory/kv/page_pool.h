// KvGeometry: how the paged KV cache lies in one arena. PagePool: which of its pages are free.
// Layout (what attention kernels are given): key row of (layer, page, token in page) at
//   base + layer · layer_stride + page · page_stride + token · k_row_bytes
// and its value row at the page's start + v_offset + token · v_row_bytes. All keys of a page lie
// together, then all its values; all pages of a layer lie together.
// Depends on base and memory_error. Threads: a PagePool is its owner's alone (a stage's, or the kv
// library's).
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "memory/memory_error.h"

namespace blue::memory {

struct KvGeometry {
  std::uint32_t n_layers = 0;
  std::uint32_t k_width = 0;  ///< values of a key row: n_kv_heads · head_dim
  std::uint32_t v_width = 0;
  std::uint32_t bytes_per_block = 0;   ///< of values_per_block values; widths are multiples of that
  std::uint32_t values_per_block = 1;  ///< more than 1 where values share a scale
  std::uint32_t page_tokens = 0;
  std::uint32_t n_pages = 0;

  friend bool operator==(const KvGeometry&, const KvGeometry&) = default;

  [[nodiscard]] std::uint64_t k_row_bytes() const {
    return std::uint64_t{k_width} / values_per_block * bytes_per_block;
  }
  [[nodiscard]] std::uint64_t v_row_bytes() const {
    return std::uint64_t{v_width} / values_per_block * bytes_per_block;
  }
  [[nodiscard]] std::uint64_t v_offset() const { return k_row_bytes() * page_tokens; }
  [[nodiscard]] std::uint64_t page_stride() const {
    return (k_row_bytes() + v_row_bytes()) * page_tokens;
  }
  [[nodiscard]] std::uint64_t layer_stride() const { return page_stride() * n_pages; }
  /// What the arena must hold.
  [[nodiscard]] Bytes total() const { return Bytes{layer_stride() * n_layers}; }
  /// Pages that `n_tokens` tokens of one sequence fill.
  [[nodiscard]] std::uint32_t pages_for(std::uint32_t n_tokens) const {
    return static_cast<std::uint32_t>((std::uint64_t{n_tokens} + page_tokens - 1) / page_tokens);
  }
};

class PagePool {
 public:
  /// All `n_pages` free. Allocates here and never again.
  explicit PagePool(std::uint32_t n_pages);

  /// A free page. Errors: pages_used_up.
  [[nodiscard]] Result<std::int32_t> take();
  /// Takes a page back; a bug when it is free already.
  void give_back(std::int32_t page);

  [[nodiscard]] std::uint32_t n_pages() const {
    return static_cast<std::uint32_t>(is_taken_.size());
  }
  [[nodiscard]] std::uint32_t n_free() const { return static_cast<std::uint32_t>(free_.size()); }

 private:
  std::vector<std::int32_t>
      free_;  ///< lowest page last at first; later the last given back is taken next (warm)
  std::vector<std::uint8_t> is_taken_;
};

}  // namespace blue::memory
