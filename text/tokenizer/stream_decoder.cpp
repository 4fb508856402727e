#include "text/tokenizer/stream_decoder.h"

#include <algorithm>

#include "base/utf8.h"

namespace blue::text {
namespace {

constexpr std::size_t kMaxUnfinished = 3;

/// Bytes at the end of `text` that begin an unfinished character.
std::size_t unfinished_tail(std::string_view text) {
  for (std::size_t n = std::min(kMaxUnfinished, text.size()); n > 0; --n) {
    const std::string_view tail = text.substr(text.size() - n);
    const std::size_t valid = utf8_valid_prefix(tail);
    if (valid == n && valid < utf8_expected(static_cast<unsigned char>(tail[0]))) return n;
  }
  return 0;
}

}  // namespace

StreamDecoder::StreamDecoder(const Tokenizer& tokenizer, TextStart start)
    : tokenizer_(&tokenizer),
      is_at_beginning_(start == TextStart::beginning && tokenizer.adds_space_prefix()) {
  pending_.reserve(kMaxPieceBytes + kMaxUnfinished);
}

std::string_view StreamDecoder::feed(TokenId token) {
  pending_.erase(0, n_given_);
  n_given_ = 0;
  pending_ += tokenizer_->shown(token, is_at_beginning_);
  n_given_ = pending_.size() - unfinished_tail(pending_);
  return std::string_view(pending_).substr(0, n_given_);
}

std::string_view StreamDecoder::flush() {
  pending_.erase(0, n_given_);
  n_given_ = pending_.size();
  return pending_;
}

}  // namespace blue::text
