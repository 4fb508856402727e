// TextReassembler: puts a job's text together from ring records and its end message, so that the
// outside gets every byte once and in order, although a full ring may have dropped records. Pure.
// Threads: the application actor's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "messages/rings.h"

namespace blue::actors {

class TextReassembler {
 public:
  /// Text to show now: the record's, unless something before it is missing.
  [[nodiscard]] std::string_view feed(const messages::TextRecord& record) {
    if (record.offset != n_bytes_) return {};
    n_bytes_ += record.n_bytes;
    return record.text();
  }
  /// What of the full_text text was not shown yet.
  [[nodiscard]] std::string_view finish(std::string_view full_text) const {
    return n_bytes_ >= full_text.size() ? std::string_view() : full_text.substr(n_bytes_);
  }

 private:
  std::uint64_t n_bytes_ =
      0;  ///< shown so far; once a record is missing nothing follows until the end
};

}  // namespace blue::actors
