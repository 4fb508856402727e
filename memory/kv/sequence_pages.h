// SequencePages: the page table of one sequence. Grows page by page with the tokens, shrinks when
// they are dropped.
// Depends on memory/kv/page_pool.h. Threads: the pool's owner's alone. Lifetime: the pool outlives
// it; the destructor releases the pages. Allocates in the constructor only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "memory/kv/page_pool.h"

namespace blue::memory {

class SequencePages {
 public:
  /// A table for at most `max_tokens` tokens, empty.
  SequencePages(PagePool& pool, std::uint32_t page_tokens, std::uint32_t max_tokens);
  ~SequencePages() { release(); }
  SequencePages(const SequencePages&) = delete;
  SequencePages& operator=(const SequencePages&) = delete;

  /// Room for `n_tokens` tokens in all; keeps what is there. On an error nothing has changed.
  /// Errors: pages_used_up (the pool, or max_tokens).
  [[nodiscard]] Status ensure(std::uint32_t n_tokens);
  /// Releases the pages that the first `n_tokens` tokens do not need.
  void truncate(std::uint32_t n_tokens);
  void release() { truncate(0); }

  /// Page of token t: pages()[t / page_tokens].
  [[nodiscard]] std::span<const std::int32_t> pages() const { return pages_; }
  [[nodiscard]] std::uint32_t max_pages() const { return max_pages_; }
  /// Tokens that fit into the pages held.
  [[nodiscard]] std::uint32_t capacity() const {
    return static_cast<std::uint32_t>(pages_.size()) * page_tokens_;
  }

 private:
  PagePool& pool_;
  const std::uint32_t page_tokens_;
  const std::uint32_t max_pages_;
  std::vector<std::int32_t> pages_;
};

}  // namespace blue::memory
