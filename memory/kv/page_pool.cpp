#include "memory/kv/page_pool.h"

#include <string>

#include "base/check.h"

namespace blue::memory {

PagePool::PagePool(std::uint32_t n_pages) : is_taken_(n_pages, 0) {
  free_.reserve(n_pages);
  for (std::uint32_t i = n_pages; i > 0; --i) free_.push_back(static_cast<std::int32_t>(i - 1));
}

Result<std::int32_t> PagePool::take() {
  if (free_.empty()) {
    return Error(MemoryError::pages_used_up,
                 "all " + std::to_string(n_pages()) +
                     " pages of the KV cache are in use: ask for fewer tokens or grant more");
  }
  const std::int32_t page = free_.back();
  free_.pop_back();
  is_taken_[static_cast<std::size_t>(page)] = 1;
  return page;
}

void PagePool::give_back(std::int32_t page) {
  BLUE_CHECK(page >= 0 && static_cast<std::size_t>(page) < is_taken_.size());
  std::uint8_t& is_taken = is_taken_[static_cast<std::size_t>(page)];
  BLUE_CHECK(is_taken == 1, "a KV page was given back twice");
  is_taken = 0;
  free_.push_back(page);
}

}  // namespace blue::memory
