#include "apps/blue/stream_printer.h"

#include <algorithm>

#include "apps/io/output.h"

namespace blue::apps {
namespace {

constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kBright = "\x1b[0m";

/// How many bytes at the text's end may begin the tag.
std::size_t beginning_at_end(std::string_view text, std::string_view tag) {
  for (std::size_t n = std::min(text.size(), tag.size() - 1); n > 0; --n) {
    if (text.substr(text.size() - n) == tag.substr(0, n)) return n;
  }
  return 0;
}

}  // namespace

StreamPrinter::StreamPrinter(Style style, Begins begins)
    : style_(style), is_thinking_(begins == Begins::thinking) {
  if (is_thinking_ && style_ == Style::dimmed) io::print_style(kDim);
}

void StreamPrinter::show(std::string_view text) {
  if (style_ == Style::plain) {
    io::print_text(text);
    return;
  }
  waiting_ += text;
  for (;;) {
    const std::string_view tag = awaited();
    const std::size_t at = waiting_.find(tag);
    if (at == std::string::npos) break;
    if (!is_thinking_) io::print_text(std::string_view(waiting_).substr(0, at));
    if (!is_thinking_) io::print_style(kDim);
    io::print_text(is_thinking_ ? std::string_view(waiting_).substr(0, at + tag.size()) : tag);
    if (is_thinking_) io::print_style(kBright);
    waiting_.erase(0, at + tag.size());
    is_thinking_ = !is_thinking_;
  }
  const std::size_t n_kept = beginning_at_end(waiting_, awaited());
  io::print_text(std::string_view(waiting_).substr(0, waiting_.size() - n_kept));
  waiting_.erase(0, waiting_.size() - n_kept);
}

void StreamPrinter::finish() {
  io::print_text(waiting_);
  waiting_.clear();
  if (is_thinking_ && style_ == Style::dimmed) io::print_style(kBright);
  is_thinking_ = false;
}

}  // namespace blue::apps
