#include "apps/io/progress.h"

#include <algorithm>

#include "apps/io/output.h"

namespace blue::io {

ProgressLines::ProgressLines(Nanoseconds patience)
    : can_redraw_(has_cursor(2)), shown_from_ns_(monotonic_now_ns() + patience) {}

void ProgressLines::show(Bytes done, Bytes total, std::string_view what) {
  if (monotonic_now_ns() < shown_from_ns_) return;
  const double share = static_cast<double>(done.count) /
                       static_cast<double>(std::max<std::uint64_t>(total.count, 1));
  const auto percent = static_cast<unsigned>(std::min(share, 1.0) * 100);
  if (!can_redraw_) {
    if (percent / 10 == last_percent_ / 10) return;
    messagef("%u %%, %.*s", percent, static_cast<int>(what.size()), what.data());
  } else {
    constexpr unsigned kWidth = 40;
    const unsigned filled = percent * kWidth / 100;
    draw_progress("[" + std::string(filled, '#') + std::string(kWidth - filled, ' ') + "] " +
                  std::to_string(percent) + " %  " + std::string(what.substr(0, 60)));
    is_line_open_ = true;
  }
  last_percent_ = percent;
}

void ProgressLines::end() {
  if (is_line_open_) draw_progress("");
  is_line_open_ = false;
}

}  // namespace blue::io
