// Ctrl-C without a signal handler: SIGINT is blocked in the whole process and read from a
// descriptor.
// Depends on the standard library and Linux. Threads: constructed on the main thread before any
// other thread starts, because threads inherit the blocked set; used on the main thread.
#pragma once

namespace blue::shell {

class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// Was Ctrl-C pressed since the last call? Never blocks.
  bool take();

 private:
  int descriptor_;
};

}  // namespace blue::shell
