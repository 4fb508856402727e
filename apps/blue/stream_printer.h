// StreamPrinter: prints an answer on standard output as it streams; with Style::dimmed the text
// from <think> to </think> is dim. Depends on apps/io. Main thread; one object per answer.
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

  /// A tag may be split anywhere between two calls.
  void show(std::string_view text);
  /// Prints what is held back and ends the dimming. Idempotent.
  void finish();

 private:
  [[nodiscard]] std::string_view awaited() const { return is_thinking_ ? "</think>" : "<think>"; }

  Style style_;
  bool is_thinking_;
  std::string waiting_;  ///< held back: may begin the awaited tag
};

}  // namespace blue::apps
