// ThinkingBuffer: what the stages of a cascade write for each other. Slots are declared up front;
// each is written by one stage at a time, grows while the stage streams, and is committed once. A
// reader gets a View over the slots it is configured to see and can reach no other.
// Depends on base and memory_error. Threads: any (stages write, a shell reads); one mutex, held for
// a copy at most.
// Lifetime: the buffer outlives its views.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "memory/memory_error.h"

namespace blue::memory {

enum class SlotState : std::uint8_t {
  empty,
  writing,      ///< text streams in
  interrupted,  ///< its stage was preempted: the partial text is kept, and may be begun anew
  committed,    ///< final
};
std::string_view to_text(SlotState state);

struct SlotText {
  std::string name;
  std::string text;
  SlotState state = SlotState::empty;
  std::uint64_t revision = 0;  ///< rises with every change of this slot
};

class ThinkingBuffer {
 public:
  /// Slots in this order, all empty. Two of one name are a bug (a cascade file is checked before).
  explicit ThinkingBuffer(std::vector<std::string> slots);

  /// Starts a slot, or starts an interrupted one anew: its partial text is dropped.
  /// Errors of all writers: unknown_slot; slot_committed when it is final already.
  [[nodiscard]] Status begin(std::string_view slot);
  /// Appends to a slot that is being written (an empty one is begun).
  [[nodiscard]] Status append(std::string_view slot, std::string_view text);
  /// Its text is final now; an empty slot commits to empty text.
  [[nodiscard]] Status commit(std::string_view slot);
  /// begin, append and commit in one: for the task and for slots read from a log.
  [[nodiscard]] Status write(std::string_view slot, std::string_view text);
  /// Its stage was preempted: the text so far stays, marked. An interrupted slot can be committed
  /// as it is.
  [[nodiscard]] Status interrupt(std::string_view slot);

  /// What one stage may see.
  class View {
   public:
    /// The text and state of a visible slot. Errors: unknown_slot, hidden_slot.
    [[nodiscard]] Result<SlotText> read(std::string_view slot) const;
    [[nodiscard]] const std::vector<std::string>& visible() const { return visible_; }

   private:
    friend class ThinkingBuffer;
    View(const ThinkingBuffer& buffer, std::vector<std::string> visible)
        : buffer_(&buffer), visible_(std::move(visible)) {}
    const ThinkingBuffer* buffer_;
    std::vector<std::string> visible_;
  };
  /// A view of these slots. Errors: unknown_slot.
  [[nodiscard]] Result<View> view(std::vector<std::string> visible) const;

  /// All slots in their order: for the shell and for resuming, never for a stage.
  [[nodiscard]] std::vector<SlotText> observe() const;
  /// Rises with every change of any slot: what a watcher compares before it copies.
  [[nodiscard]] std::uint64_t revision() const;

 private:
  [[nodiscard]] Result<std::size_t> index_of(
      std::string_view slot) const;  // the names never change: no lock
  Result<SlotText*> writable(std::string_view slot) BLUE_REQUIRES(mutex_);
  void touch(SlotText& slot) BLUE_REQUIRES(mutex_);

  const std::vector<std::string> names_;
  mutable Mutex mutex_;
  std::vector<SlotText> slots_ BLUE_GUARDED_BY(mutex_);
  std::uint64_t revision_ BLUE_GUARDED_BY(mutex_) = 0;
};

}  // namespace blue::memory
