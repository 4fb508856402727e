// TextIndex: which token has exactly these bytes. An open-addressing table of token numbers; the
// bytes stay with their owner, who passes them in through `text_of`. Depends on base. Immutable
// after filling; any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/id.h"

namespace blue::text {

class TextIndex {
 public:
  TextIndex() = default;
  /// Room for n entries: twice as many slots, so that probes stay short.
  explicit TextIndex(std::size_t n) : slots_(std::bit_ceil(2 * n + 2)) {}

  /// Prefetches what a later find or insert of a text with this hash reads first, so that the
  /// memory accesses of many texts overlap.
  void prefetch(std::uint64_t mixed) const {
    __builtin_prefetch(&slots_[mixed & (slots_.size() - 1)]);
  }
  /// The token that a text with this hash most likely is.
  [[nodiscard]] TokenId likely(std::uint64_t mixed) const {
    const Slot& slot = slots_[mixed & (slots_.size() - 1)];
    return slot.tag == tag_of(mixed) ? slot.token : kNoToken;
  }

  /// Keeps the first of two tokens with the same bytes; false for the other. `mixed` is
  /// hash(text_of(token)).
  template <class TextOf>
  bool insert(TokenId token, std::uint64_t mixed, const TextOf& text_of) {
    Slot& slot = slots_[place(text_of(token), mixed, text_of)];
    if (slot.token != kNoToken) return false;
    slot = {tag_of(mixed), token};
    return true;
  }

  template <class TextOf>
  [[nodiscard]] TokenId find(std::string_view text, std::uint64_t mixed,
                             const TextOf& text_of) const {
    return slots_.empty() ? kNoToken : slots_[place(text, mixed, text_of)].token;
  }

  /// Eight bytes at a time, multiplied and folded. Not keyed: a file whose tokens collide on
  /// purpose slows its own loading only.
  static std::uint64_t hash(std::string_view text) {
    std::uint64_t state = text.size() * 0x9e3779b97f4a7c15U;
    while (!text.empty()) {
      std::uint64_t word = 0;
      const std::size_t n = text.size() < sizeof word ? text.size() : sizeof word;
      std::memcpy(&word, text.data(), n);
      text.remove_prefix(n);
      state = (state ^ word) * 0xff51afd7ed558ccdU;
      state ^= state >> 32;
    }
    return state * 0xc4ceb9fe1a85ec53U >> 8;
  }

 private:
  struct Slot {
    /// Bits of the hash that choose no slot: they distinguish most other texts without their bytes.
    std::uint32_t tag = 0;
    TokenId token = kNoToken;
  };

  static std::uint32_t tag_of(std::uint64_t mixed) {
    return static_cast<std::uint32_t>(mixed >> 32);
  }

  template <class TextOf>
  [[nodiscard]] std::size_t place(std::string_view text, std::uint64_t mixed,
                                  const TextOf& text_of) const {
    std::size_t at = mixed & (slots_.size() - 1);
    while (slots_[at].token != kNoToken &&
           (slots_[at].tag != tag_of(mixed) || text_of(slots_[at].token) != text)) {
      at = (at + 1) & (slots_.size() - 1);
    }
    return at;
  }

  std::vector<Slot> slots_;
};

}  // namespace blue::text
