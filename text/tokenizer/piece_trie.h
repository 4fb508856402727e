// PieceTrie: all tokens that a text begins with, found in one walk. Edges are in one
// open-addressing table, by node and byte. Depends on base/id.h. Immutable after filling; any
// thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/id.h"

namespace blue::text {

class PieceTrie {
 public:
  PieceTrie() : edges_(kFirstEdges), tokens_(1, kNoToken) {}

  /// Keeps the first of two tokens with the same bytes.
  void insert(std::string_view piece, TokenId token) {
    std::uint32_t node = 0;
    for (const char c : piece) {
      if (2 * tokens_.size() >= edges_.size()) grow();
      const auto byte = static_cast<unsigned char>(c);
      Edge& edge = edges_[place(node, byte)];
      if (edge.child == 0) {
        edge = {std::uint64_t{node} << 8 | byte, static_cast<std::uint32_t>(tokens_.size())};
        tokens_.push_back(kNoToken);
      }
      node = edge.child;
    }
    if (tokens_[node] == kNoToken) tokens_[node] = token;
  }

  /// `use(size, token)` for every token that `text` begins with, the shortest first.
  template <class Use>
  void for_each_prefix(std::string_view text, const Use& use) const {
    std::uint32_t node = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      node = edges_[place(node, static_cast<unsigned char>(text[i]))].child;
      if (node == 0) return;
      if (tokens_[node] != kNoToken) use(i + 1, tokens_[node]);
    }
  }

 private:
  struct Edge {
    std::uint64_t key = 0;    ///< node and byte
    std::uint32_t child = 0;  ///< 0: no edge
  };
  static constexpr std::size_t kFirstEdges = 1024;

  [[nodiscard]] std::size_t place(std::uint32_t node, unsigned char byte) const {
    const std::uint64_t key = std::uint64_t{node} << 8 | byte;
    std::size_t at = (key * 0x9e3779b97f4a7c15U >> 24) & (edges_.size() - 1);
    while (edges_[at].child != 0 && edges_[at].key != key) at = (at + 1) & (edges_.size() - 1);
    return at;
  }

  void grow() {
    std::vector<Edge> old(2 * edges_.size());
    old.swap(edges_);
    for (const Edge& edge : old) {
      if (edge.child != 0)
        edges_[place(static_cast<std::uint32_t>(edge.key >> 8),
                     static_cast<unsigned char>(edge.key))] = edge;
    }
  }

  std::vector<Edge> edges_;
  std::vector<TokenId> tokens_;  ///< by node
};

}  // namespace blue::text
