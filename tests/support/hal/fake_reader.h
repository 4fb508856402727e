// A FileReader that hands everything on to another and, on demand, fails the n-th open, submit or
// read, spoils a byte of the n-th read, or claims a full queue.
// Depends on hal/file_reader. Threads: as the reader it wraps. Lifetime: the wrapped reader
// outlives it.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "hal/file_reader.h"

namespace blue::test {

/// Which call a fault strikes, counted from 1 over the reader's life.
enum class ReaderFault : std::uint8_t {
  fail_open,         ///< open() returns the error
  fail_submit,       ///< submit() returns the error; nothing is read
  claim_full_queue,  ///< submit() returns false
  fail_read,         ///< the read's completion carries the error, its bytes are there all the same
  flip_byte,  ///< the read succeeds with its first byte inverted: what a checksum has to find
};

class FakeReader final : public hal::FileReader {
 public:
  explicit FakeReader(hal::FileReader& inner) : inner_(inner) {}

  /// From now on the `nth` call (from 1, over the whole life) of the fault's kind is struck. One
  /// fault per kind.
  void strike(ReaderFault fault, std::size_t nth, hal::HalError error = hal::HalError::io_failed) {
    faults_[fault] = {nth, error};
  }
  [[nodiscard]] std::size_t n_opens() const { return n_opens_; }
  [[nodiscard]] std::size_t n_submits() const { return n_submits_; }

  [[nodiscard]] std::string_view name() const override { return "fake"; }

  [[nodiscard]] Result<hal::FileId> open(const std::string& path) override {
    ++n_opens_;
    if (const auto error = struck(ReaderFault::fail_open, n_opens_))
      return Error(*error, path + ": made to fail");
    return inner_.open(path);
  }
  [[nodiscard]] Result<Bytes> size(hal::FileId file) const override { return inner_.size(file); }
  [[nodiscard]] Bytes alignment(hal::FileId file) const override { return inner_.alignment(file); }
  [[nodiscard]] std::size_t n_in_flight() const override { return inner_.n_in_flight(); }
  [[nodiscard]] Status register_buffer(ByteSpan range) override {
    return inner_.register_buffer(range);
  }

  [[nodiscard]] Result<bool> submit(const hal::ReadRequest& request) override {
    ++n_submits_;
    if (const auto error = struck(ReaderFault::fail_submit, n_submits_))
      return Error(*error, "submit made to fail");
    if (struck(ReaderFault::claim_full_queue, n_submits_)) return false;
    hal::ReadRequest inner = request;
    inner.tag = next_;  // callers' tags need not be unique, these are
    BLUE_TRY_ASSIGN(const bool has_room, inner_.submit(inner));
    if (has_room) pending_[next_++] = {request, ++n_reads_};
    return has_room;
  }

  [[nodiscard]] Result<std::size_t> reap(std::span<hal::ReadCompletion> out, Reap mode) override {
    BLUE_TRY_ASSIGN(const std::size_t n_done, inner_.reap(out, mode));
    for (std::size_t i = 0; i < n_done; ++i) finish(out[i]);
    return n_done;
  }

 private:
  struct Fault {
    std::size_t nth = 0;
    hal::HalError error = hal::HalError::io_failed;
  };
  struct Pending {
    hal::ReadRequest request;
    std::size_t number = 0;
  };

  [[nodiscard]] std::optional<hal::HalError> struck(ReaderFault fault, std::size_t count) const {
    const auto found = faults_.find(fault);
    if (found == faults_.end() || found->second.nth != count) return std::nullopt;
    return found->second.error;
  }

  void finish(hal::ReadCompletion& completion) {
    const auto found = pending_.find(completion.tag);
    BLUE_CHECK(found != pending_.end(), "a completion of nothing");
    const Pending pending = found->second;
    pending_.erase(found);
    completion.tag = pending.request.tag;
    if (const auto error = struck(ReaderFault::fail_read, pending.number))
      completion.status = Error(*error, "read made to fail");
    if (struck(ReaderFault::flip_byte, pending.number) && !pending.request.into.empty())
      pending.request.into[0] ^= std::byte{0xff};
  }

  hal::FileReader& inner_;
  std::map<ReaderFault, Fault> faults_;
  std::map<std::uint64_t, Pending> pending_;
  std::uint64_t next_ = 0;
  std::size_t n_opens_ = 0;
  std::size_t n_submits_ = 0;
  std::size_t n_reads_ = 0;
};

}  // namespace blue::test
