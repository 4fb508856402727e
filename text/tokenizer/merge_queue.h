// MergeQueue: byte-pair merging of one stretch of text: of all neighbours that may merge the best
// one does, the leftmost of equals first, until none may. n·log n in the number of symbols, also
// for a megabyte of one letter. What may merge waits in a sorted run, what becomes possible
// meanwhile in a heap; a heap grown large is sorted into the next run: walking a run costs a
// fraction of emptying a heap that has outgrown the caches. Depends on base. One thread; reuse one
// queue for many stretches, its buffers stay.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/id.h"

namespace blue::text {

class MergeQueue {
 public:
  /// A token so far, or a character that is none. Those that have been merged away have size 0.
  struct Symbol {
    std::uint32_t begin = 0;  ///< bytes into the stretch
    std::uint32_t size = 0;
    std::int32_t previous = -1;
    std::int32_t next = -1;
    TokenId token = kNoToken;
    // What it becomes with the next one, as last computed: older candidates are void.
    std::uint32_t pair_order = 0;
    TokenId pair_token = kNoToken;
  };

  /// What two neighbours become, if anything (token == kNoToken: nothing), and when: the lower
  /// order first.
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
    symbols_.push_back({.begin = begin, .size = size, .previous = index - 1, .token = token});
  }

  /// Calls `merge_of(left, right)` for neighbouring symbols.
  template <class MergeOf>
  void merge(const MergeOf& merge_of) {
    run_.clear();
    later_.clear();
    for (std::size_t i = 1; i < symbols_.size(); ++i) {
      if (consider(static_cast<std::int32_t>(i - 1), merge_of)) run_.push_back(key_of(i - 1));
    }
    if (!std::is_sorted(run_.begin(), run_.end())) std::sort(run_.begin(), run_.end());
    at_ = 0;
    while (at_ < run_.size() || !later_.empty()) {
      const Key best = take_best();
      const std::size_t index = best & 0xFFFFFFFF;
      Symbol& left = symbols_[index];
      // One of the two may have gone on to another merge since.
      if (left.size == 0 || left.pair_token == kNoToken || left.pair_order != best >> 32) continue;
      Symbol& right = symbols_[static_cast<std::size_t>(left.next)];
      left.token = left.pair_token;
      left.size += right.size;
      left.next = right.next;
      right.size = 0;
      if (left.next >= 0)
        symbols_[static_cast<std::size_t>(left.next)].previous = static_cast<std::int32_t>(index);
      push(left.previous, merge_of);
      push(static_cast<std::int32_t>(index), merge_of);
    }
  }

  /// The symbols that are left, in order.
  template <class Use>
  void for_each(const Use& use) const {
    for (std::int32_t i = symbols_.empty() ? -1 : 0; i >= 0;
         i = symbols_[static_cast<std::size_t>(i)].next) {
      use(symbols_[static_cast<std::size_t>(i)]);
    }
  }

 private:
  /// A candidate: the merge's order above, the left symbol's index below.
  using Key = std::uint64_t;
  static constexpr std::size_t kLargeHeap = 4096;  ///< keys; 32 KiB, the first cache

  [[nodiscard]] Key key_of(std::size_t left) const {
    return Key{symbols_[left].pair_order} << 32 | left;
  }

  Key take_best() {
    if (at_ == run_.size() && later_.size() > kLargeHeap) {
      run_.swap(later_);
      later_.clear();
      at_ = 0;
      std::sort(run_.begin(), run_.end());
    }
    if (at_ < run_.size() && (later_.empty() || run_[at_] <= later_.front())) return run_[at_++];
    std::pop_heap(later_.begin(), later_.end(), std::greater<>());
    const Key best = later_.back();
    later_.pop_back();
    return best;
  }

  /// Asks what the symbol becomes with its next one. False: nothing.
  template <class MergeOf>
  bool consider(std::int32_t left_index, const MergeOf& merge_of) {
    if (left_index < 0) return false;
    Symbol& left = symbols_[static_cast<std::size_t>(left_index)];
    left.pair_token = kNoToken;
    if (left.next < 0) return false;
    const Merge merge = merge_of(left, symbols_[static_cast<std::size_t>(left.next)]);
    left.pair_order = merge.order;
    left.pair_token = merge.token;
    return merge.token != kNoToken;
  }

  template <class MergeOf>
  void push(std::int32_t left_index, const MergeOf& merge_of) {
    if (!consider(left_index, merge_of)) return;
    later_.push_back(key_of(static_cast<std::size_t>(left_index)));
    std::push_heap(later_.begin(), later_.end(), std::greater<>());
  }

  std::vector<Symbol> symbols_;
  std::vector<Key> run_;  ///< sorted; those before at_ are done
  std::size_t at_ = 0;
  std::vector<Key> later_;  ///< a heap, the best in front
};

}  // namespace blue::text
