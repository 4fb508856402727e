// Ctrl-C: the first requests the work to stop, the second ends the program at once.
// Depends on the standard library and POSIX. One Interrupt at a time, main thread.
#pragma once

#include <cstdint>

namespace blue::apps {

/// During its lifetime SIGINT and SIGTERM are recorded instead of ending the program; the
/// destructor restores the handlers.
class Interrupt {
 public:
  /// What a second Ctrl-C does.
  enum class Again : std::uint8_t {
    ends_program,
    is_noted,  ///< it is recorded like the first; SIGTERM then keeps its handler
  };
  explicit Interrupt(Again again = Again::ends_program);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// Was a signal received since construction or forget()?
  [[nodiscard]] bool is_asked() const;
  void forget();

 private:
  Again again_;
};

}  // namespace blue::apps
