// Ctrl-C as something to ask for, rather than a handler: SIGINT is blocked for the whole process
// and waits in a descriptor.
// Depends on the standard library and Linux. Threads: made on the main thread before any other is
// started, since threads inherit what is blocked; then used there.
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
