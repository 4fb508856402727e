#include "text/tokenizer/vocabulary.h"

#include <algorithm>

namespace blue::text {

TokenKind Vocabulary::kind(TokenId token) const {
  return contains(token) ? kinds_[static_cast<std::size_t>(token)] : TokenKind::unused;
}

float Vocabulary::score(TokenId token) const {
  return contains(token) && !scores_.empty() ? scores_[static_cast<std::size_t>(token)] : 0.0F;
}

TokenId Vocabulary::find_special(std::string_view name) const {
  const auto at = std::lower_bound(
      specials_.begin(), specials_.end(), name,
      [this](TokenId token, std::string_view wanted) { return piece(token) < wanted; });
  return at != specials_.end() && piece(*at) == name ? *at : kNoToken;
}

bool Vocabulary::is_end(TokenId token) const {
  return std::binary_search(ends_.begin(), ends_.end(), token);
}

}  // namespace blue::text
