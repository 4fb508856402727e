// MergeQueue: byte-pair merging of one stretch of text: of all neighbours that may merge the best one does, the leftmost of
// equals first, until none may. n·log n in the number of symbols, also for a megabyte of one letter.
// Depends on base. One thread; reuse one queue for many stretches, its buffers stay.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/id.h"

namespace blue::models {

class MergeQueue {
 public:
  /// A token so far, or a character that is none. Those that have been merged away have size 0.
  struct Symbol {
    std::uint32_t begin = 0;  ///< bytes into the stretch
    std::uint32_t size = 0;
    std::int32_t previous = -1;
    std::int32_t next = -1;
    TokenId token = kNoToken;
  };

  /// What two neighbours become, if anything (token == kNoToken: nothing), and when: the lower order first.
  struct Merge {
    std::uint32_t order = 0;
    TokenId token = kNoToken;
  };

  void clear() { symbols_.clear(); }

  /// Adds the next symbol of the stretch.
  void add(std::uint32_t size, TokenId token) {
    const auto index = static_cast<std::int32_t>(symbols_.size());
    std::uint32_t begin = 0;
    if (index > 0) {
      symbols_.back().next = index;
      begin = symbols_.back().begin + symbols_.back().size;
    }
    symbols_.push_back({begin, size, index - 1, -1, token});
  }

  /// `merge_of(left, right)` is asked for neighbouring symbols.
  template <class MergeOf>
  void merge(const MergeOf& merge_of) {
    candidates_.clear();
    for (std::size_t i = 1; i < symbols_.size(); ++i) consider(static_cast<std::int32_t>(i - 1), merge_of);
    std::make_heap(candidates_.begin(), candidates_.end(), IsLater());
    while (!candidates_.empty()) {
      std::pop_heap(candidates_.begin(), candidates_.end(), IsLater());
      const Candidate best = candidates_.back();
      candidates_.pop_back();
      Symbol& left = symbols_[static_cast<std::size_t>(best.left)];
      // One of the two may have gone on to another merge since.
      if (left.size == 0 || left.next < 0) continue;
      Symbol& right = symbols_[static_cast<std::size_t>(left.next)];
      if (left.size != best.left_size || right.size != best.right_size) continue;
      left.token = best.token;
      left.size += right.size;
      left.next = right.next;
      right.size = 0;
      if (left.next >= 0) symbols_[static_cast<std::size_t>(left.next)].previous = best.left;
      push(left.previous, merge_of);
      push(best.left, merge_of);
    }
  }

  /// The symbols that are left, in order.
  template <class Use>
  void for_each(const Use& use) const {
    for (std::int32_t i = symbols_.empty() ? -1 : 0; i >= 0; i = symbols_[static_cast<std::size_t>(i)].next) {
      use(symbols_[static_cast<std::size_t>(i)]);
    }
  }

 private:
  struct Candidate {
    std::uint32_t order;
    std::int32_t left;
    std::uint32_t left_size;
    std::uint32_t right_size;
    TokenId token;
  };

  /// A type, not a function: the heap's algorithms then hold it inline.
  struct IsLater {
    static std::uint64_t key_of(const Candidate& candidate) {
      return std::uint64_t{candidate.order} << 32 | static_cast<std::uint32_t>(candidate.left);
    }
    bool operator()(const Candidate& a, const Candidate& b) const { return key_of(a) > key_of(b); }
  };

  template <class MergeOf>
  bool consider(std::int32_t left_index, const MergeOf& merge_of) {
    if (left_index < 0) return false;
    const Symbol& left = symbols_[static_cast<std::size_t>(left_index)];
    if (left.next < 0) return false;
    const Symbol& right = symbols_[static_cast<std::size_t>(left.next)];
    const Merge merge = merge_of(left, right);
    if (merge.token == kNoToken) return false;
    candidates_.push_back({merge.order, left_index, left.size, right.size, merge.token});
    return true;
  }

  template <class MergeOf>
  void push(std::int32_t left_index, const MergeOf& merge_of) {
    if (consider(left_index, merge_of)) std::push_heap(candidates_.begin(), candidates_.end(), IsLater());
  }

  std::vector<Symbol> symbols_;
  std::vector<Candidate> candidates_;
};

}  // namespace blue::models
