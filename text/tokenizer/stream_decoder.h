// StreamDecoder: tokens in, text out: returns whole UTF-8 characters only and holds an unfinished
// one back. Depends on text/tokenizer/tokenizer.h, which must outlive it.
// One thread. Allocates at construction alone (a token longer than kMaxPieceBytes would make its
// buffer grow once).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "text/tokenizer/tokenizer.h"

namespace blue::text {

class StreamDecoder {
 public:
  enum class TextStart : std::uint8_t {
    beginning,     ///< removes the space that SentencePiece puts in front of a text
    continuation,  ///< the text continues a prompt: every space stays
  };
  static constexpr std::size_t kMaxPieceBytes = 1024;

  StreamDecoder(const Tokenizer& tokenizer, TextStart start);

  /// The characters that `token` completes; maybe none. Control tokens add nothing. Bytes that
  /// cannot begin or continue a character are returned as they are, at once. Valid until the next
  /// call.
  std::string_view feed(TokenId token);

  /// The bytes held back, as they are. Valid until the next call; the decoder is then at a
  /// continuation.
  std::string_view flush();

 private:
  const Tokenizer* tokenizer_;
  bool is_at_beginning_;
  std::string pending_;      ///< begins with the unfinished character
  std::size_t n_given_ = 0;  ///< bytes of pending_ handed out by the last call
};

}  // namespace blue::text
