#include "memory/kv/sequence_pages.h"

#include <string>

#include "base/check.h"

namespace blue::memory {
namespace {

std::uint32_t pages_of(std::uint32_t n_tokens, std::uint32_t page_tokens) {
  return static_cast<std::uint32_t>((std::uint64_t{n_tokens} + page_tokens - 1) / page_tokens);
}

}  // namespace

SequencePages::SequencePages(PagePool& pool, std::uint32_t page_tokens, std::uint32_t max_tokens)
    : pool_(pool), page_tokens_(page_tokens), max_pages_(pages_of(max_tokens, page_tokens)) {
  BLUE_CHECK(page_tokens > 0);
  pages_.reserve(max_pages_);
}

Status SequencePages::ensure(std::uint32_t n_tokens) {
  const std::uint32_t wanted = pages_of(n_tokens, page_tokens_);
  if (wanted > max_pages_) {
    return Error(MemoryError::pages_used_up,
                 "a sequence of " + std::to_string(n_tokens) + " tokens; this one may have " +
                     std::to_string(max_pages_ * page_tokens_) + ": ask for fewer");
  }
  const std::uint32_t held = static_cast<std::uint32_t>(pages_.size());
  if (wanted > held && wanted - held > pool_.n_free()) {
    return Error(MemoryError::pages_used_up,
                 "a sequence of " + std::to_string(n_tokens) + " tokens needs " +
                     std::to_string(wanted - held) + " more KV pages, " +
                     std::to_string(pool_.n_free()) + " of " + std::to_string(pool_.n_pages()) +
                     " are free: ask for fewer tokens");
  }
  while (pages_.size() < wanted) {
    BLUE_TRY_ASSIGN(const std::int32_t page, pool_.take());
    pages_.push_back(page);
  }
  return {};
}

void SequencePages::truncate(std::uint32_t n_tokens) {
  const std::uint32_t kept = pages_of(n_tokens, page_tokens_);
  while (pages_.size() > kept) {
    pool_.give_back(pages_.back());
    pages_.pop_back();
  }
}

}  // namespace blue::memory
