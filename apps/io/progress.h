// ProgressLines: how far a long piece of work is, on stderr: a bar that is redrawn where lines can
// be redrawn (a terminal whose TERM is not "dumb"), else a line for every tenth. Without colours.
// Depends on apps/io/output.h. Main thread; one at a time.
#pragma once

#include <string>
#include <string_view>

#include "base/units.h"

namespace blue::io {

class ProgressLines {
 public:
  /// Work that ends within `patience` shows nothing.
  explicit ProgressLines(Nanoseconds patience = 0);
  ~ProgressLines() { end(); }
  ProgressLines(const ProgressLines&) = delete;
  ProgressLines& operator=(const ProgressLines&) = delete;

  /// `done` of `total` (more counts as all), and what is under way.
  void show(Bytes done, Bytes total, std::string_view what);
  /// Erases the bar. Idempotent.
  void end();

 private:
  const bool can_redraw_;
  const Nanoseconds shown_from_ns_;
  bool is_line_open_ = false;
  unsigned last_percent_ = 0;
};

}  // namespace blue::io
