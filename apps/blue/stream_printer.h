// StreamPrinter: an answer on standard output as it streams; at a terminal what stands between
// <think> and </think> is dim. Depends on the standard library. Main thread; one answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace blue::apps {

class StreamPrinter {
 public:
  enum class Style : std::uint8_t { plain, dimmed };
  enum class Begins : std::uint8_t { answering, thinking };

  StreamPrinter(Style style, Begins begins);
  ~StreamPrinter() { finish(); }
  StreamPrinter(const StreamPrinter&) = delete;
  StreamPrinter& operator=(const StreamPrinter&) = delete;

  /// A tag may be cut anywhere between two calls.
  void show(std::string_view text);
  /// What waits for more, and bright again. Idempotent.
  void finish();

 private:
  void write(std::string_view text);
  [[nodiscard]] std::string_view awaited() const { return is_thinking_ ? "</think>" : "<think>"; }

  Style style_;
  bool is_thinking_;
  std::string waiting_;  ///< may be the beginning of the awaited tag
};

}  // namespace blue::apps
