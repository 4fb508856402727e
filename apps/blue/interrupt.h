// Ctrl-C: the first asks the work to stop, the second ends the program at once.
// Depends on the standard library and POSIX. One Interrupt at a time, main thread.
#pragma once

#include <cstdint>

namespace blue::apps {

/// While it lives SIGINT and SIGTERM are noted instead of ending the program; its death restores
/// them.
class Interrupt {
 public:
  /// What a second Ctrl-C does.
  enum class Again : std::uint8_t {
    ends_program,
    is_noted,  ///< like the first, for a program that goes on; SIGTERM is then left as it was
  };
  explicit Interrupt(Again again = Again::ends_program);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// Since it was made, or since forget().
  [[nodiscard]] bool is_asked() const;
  void forget();

 private:
  Again again_;
};

}  // namespace blue::apps
