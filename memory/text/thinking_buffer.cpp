#include "memory/text/thinking_buffer.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"

namespace blue::memory {

std::string_view to_text(SlotState state) {
  switch (state) {
    case SlotState::empty: return "empty";
    case SlotState::writing: return "writing";
    case SlotState::interrupted: return "interrupted";
    case SlotState::committed: return "committed";
  }
  return "?";
}

ThinkingBuffer::ThinkingBuffer(std::vector<std::string> slots) : names_(std::move(slots)) {
  BLUE_CHECK(std::set<std::string>(names_.begin(), names_.end()).size() == names_.size(),
             "two slots of one name");
  slots_.reserve(names_.size());
  for (const std::string& name : names_) slots_.push_back(SlotText{.name = name, .text = {}});
}

Result<std::size_t> ThinkingBuffer::index_of(std::string_view slot) const {
  const auto found = std::find(names_.begin(), names_.end(), slot);
  if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
  std::string known;
  for (const std::string& name : names_) known += (known.empty() ? "" : ", ") + name;
  return Error(MemoryError::unknown_slot,
               "no slot \"" + std::string(slot) + "\"; there are: " + known);
}

Result<SlotText*> ThinkingBuffer::writable(std::string_view slot) {
  BLUE_TRY_ASSIGN(const std::size_t index, index_of(slot));
  if (slots_[index].state == SlotState::committed) {
    return Error(
        MemoryError::slot_committed,
        "slot \"" + std::string(slot) + "\" is committed already: only one stage may write it");
  }
  return &slots_[index];
}

void ThinkingBuffer::touch(SlotText& slot) {
  slot.revision += 1;
  revision_ += 1;
}

Status ThinkingBuffer::begin(std::string_view slot) {
  const MutexLock lock(mutex_);
  BLUE_TRY_ASSIGN(SlotText * found, writable(slot));
  found->text.clear();
  found->state = SlotState::writing;
  touch(*found);
  return {};
}

Status ThinkingBuffer::append(std::string_view slot, std::string_view text) {
  const MutexLock lock(mutex_);
  BLUE_TRY_ASSIGN(SlotText * found, writable(slot));
  BLUE_CHECK(found->state != SlotState::interrupted,
             "an interrupted slot is begun anew before it is appended to");
  found->text += text;
  found->state = SlotState::writing;
  touch(*found);
  return {};
}

Status ThinkingBuffer::commit(std::string_view slot) {
  const MutexLock lock(mutex_);
  BLUE_TRY_ASSIGN(SlotText * found, writable(slot));
  found->state = SlotState::committed;
  touch(*found);
  return {};
}

Status ThinkingBuffer::write(std::string_view slot, std::string_view text) {
  const MutexLock lock(mutex_);
  BLUE_TRY_ASSIGN(SlotText * found, writable(slot));
  found->text = text;
  found->state = SlotState::committed;
  touch(*found);
  return {};
}

Status ThinkingBuffer::interrupt(std::string_view slot) {
  const MutexLock lock(mutex_);
  BLUE_TRY_ASSIGN(SlotText * found, writable(slot));
  found->state = SlotState::interrupted;
  touch(*found);
  return {};
}

Result<ThinkingBuffer::View> ThinkingBuffer::view(std::vector<std::string> visible) const {
  for (const std::string& slot : visible) {
    Result<std::size_t> index = index_of(slot);
    if (!index) return std::move(index).error();
  }
  return View(*this, std::move(visible));
}

Result<SlotText> ThinkingBuffer::View::read(std::string_view slot) const {
  BLUE_TRY_ASSIGN(const std::size_t index, buffer_->index_of(slot));
  if (std::find(visible_.begin(), visible_.end(), slot) == visible_.end()) {
    return Error(MemoryError::hidden_slot,
                 "slot \"" + std::string(slot) +
                     "\" is hidden from this stage: add it to what the stage reads");
  }
  const MutexLock lock(buffer_->mutex_);
  return buffer_->slots_[index];
}

std::vector<SlotText> ThinkingBuffer::observe() const {
  const MutexLock lock(mutex_);
  return slots_;
}

std::uint64_t ThinkingBuffer::revision() const {
  const MutexLock lock(mutex_);
  return revision_;
}

}  // namespace blue::memory
