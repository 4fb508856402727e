// Ctrl-C: the first asks the work to stop, the second ends the program at once.
// Depends on the standard library. One Interrupt at a time, main thread.
#pragma once

namespace blue::apps {

/// While it lives SIGINT and SIGTERM are noted instead of ending the program; its death restores them.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] bool is_asked() const;
};

}  // namespace blue::apps
