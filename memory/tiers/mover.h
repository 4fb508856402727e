// Mover: carries blocks from one tier to another, several at once, and publishes each when its last
// byte is there, never before. A move is carried in parts. A part out of a file is read, its pieces
// are checked in the block's order, and where its place is not in host memory it is copied there
// out of a page-locked staging slot, which is free again when the copy's event is done. Parts end
// in any order. Into host memory a part is one read request, checked while it is in the cache; into
// a slot it is a window of several.
// Depends on hal/{device,file_reader}.h and memory/tiers. Threads: its owner's alone, like its
// reader and stream.
// Lifetime: device, reader, catalog and residency outlive it. The reader has no other user while
// moves are under way. The destructor waits for what is in flight and abandons those moves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "hal/device.h"
#include "hal/file_reader.h"
#include "memory/memory_error.h"
#include "memory/tiers/block_catalog.h"
#include "memory/tiers/block_segments.h"
#include "memory/tiers/move_order.h"
#include "memory/tiers/piece_check.h"
#include "memory/tiers/pinned_pool.h"
#include "memory/tiers/residency.h"

namespace blue::memory {

class Mover {
 public:
  struct Options {
    std::size_t max_in_flight = 16;  ///< moves
    Bytes window = 4_MiB;            ///< bytes of a part that is copied, and of a staging slot
    Bytes read = 1_MiB;              ///< bytes of a read request, about
    std::size_t most_reads = 32;     ///< requests under way, where the reader's queue takes as many
    std::size_t n_slots = 8;         ///< staging slots, and copies under way; none on a CPU device
  };

  /// Errors: those of the device (streams, events) and of memory for staging.
  [[nodiscard]] static Result<std::unique_ptr<Mover>> open(hal::Device& device,
                                                           hal::FileReader& reader,
                                                           BlockCatalog& catalog,
                                                           Residency& residency, Options options);
  ~Mover();

  /// Starts a move of a block that is `loading` in order.tier; false while max_in_flight moves are
  /// under way. What can be read or copied at once is submitted before it returns.
  [[nodiscard]] bool submit(const MoveOrder& order);

  enum class Poll : std::uint8_t {
    now,
    wait,  ///< blocks until a part (a read or a copy) of what is under way has ended
  };
  /// Advances all moves. Publishes each whose last byte is there, abandons each that failed, and
  /// appends how they ended; allocates nothing for those that did well where `ended` has room.
  /// A piece that is not what it was when it was first read, or not what the model's index says, is
  /// read once more, with its block.
  /// Errors (in MoveEnd): read_failed, block_corrupt, stopped, and the device's own
  /// (device_failed).
  void poll(std::vector<MoveEnd>& ended, Poll how);

  /// Gives up a move: it ends with MemoryError::stopped at a later poll, when nothing touches its
  /// memory any more. False: no such move.
  bool cancel(BlockId block, Tier tier);

  [[nodiscard]] std::size_t n_in_flight() const;

  /// Submits a move and polls until it has ended; for tools, tests and callers that have nothing
  /// else to do. Other moves that end meanwhile are told by the next poll.
  [[nodiscard]] Result<MoveReport> move(const MoveOrder& order);

  /// Why staging is not page-locked or not registered with the reader; empty when it is both, or is
  /// not needed. Copies work either way, more slowly.
  [[nodiscard]] std::string staging_refusal() const;

 private:
  static constexpr std::size_t kMostSegments = 8;
  static constexpr std::uint64_t kSlotSlack = 2 * kFileCut * kMostSegments;

  struct Move {
    MoveOrder order;
    const Block* block = nullptr;
    bool is_used = false;
    bool is_reread = false;             ///< its second attempt
    std::optional<BadPiece> bad_piece;  ///< of this attempt
    std::optional<Error> error;         ///< the first
    std::uint64_t opened_to = 0;        ///< bytes of the block that are in parts or done
    std::uint64_t checked_to = 0;
    std::size_t n_parts = 0;             ///< in use
    std::optional<std::size_t> sending;  ///< the part whose reads are not all submitted
    PieceCheck check;
    Nanoseconds begin_ns = 0;
    Nanoseconds first_copy_ns = 0;
    MoveReport report;

    [[nodiscard]] bool goes_on() const { return !error && !bad_piece; }
  };
  /// A segment and where it lies in host memory; what is read for it may reach beyond both its
  /// ends.
  struct PlacedSegment {
    BlockSegment bytes;
    std::byte* host = nullptr;
    hal::ReadRequest read;
  };
  enum class PartStep : std::uint8_t { unused, sending, reading, arrived };
  struct Part {
    PartStep step = PartStep::unused;
    std::size_t move = 0;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::array<PlacedSegment, kMostSegments> segments;
    std::size_t n_segments = 0;
    std::size_t sent_segments = 0;
    std::uint64_t sent_bytes = 0;  ///< of the segment after those
    std::size_t n_reads = 0;       ///< under way
    std::byte* slot = nullptr;
    bool is_checked = false;
    bool is_copying = false;
    std::unique_ptr<hal::Event> copied;
  };
  struct File {
    hal::FileId id;
    std::uint64_t size = 0;
  };
  enum class Sent : std::uint8_t { all, some };

  Mover(hal::Device& device, hal::FileReader& reader, BlockCatalog& catalog, Residency& residency,
        Options options);
  Status open_staging();

  // mover.cpp: the moves.
  bool advance();
  void wait_for_part();
  void settle();
  void settle(Move& move, std::vector<MoveEnd>& ended);
  void end(Move& move, std::vector<MoveEnd>& ended);
  void collect(std::vector<MoveEnd>& ended);
  void fail(Move& move, Error error);
  [[nodiscard]] bool is_out_of_file(const Move& move) const;
  [[nodiscard]] bool is_copied(const Move& move) const;
  [[nodiscard]] bool is_staged(const Move& move) const;
  [[nodiscard]] Error corrupt(const Move& move) const;
  [[nodiscard]] static Error read_error(const Block& block, const std::string& why);

  // mover_parts.cpp: a part from opening to release.
  void pump();
  void pump(std::size_t index);
  [[nodiscard]] std::optional<std::size_t> open_part(std::size_t index);
  void place(const Move& move, Part& part);
  void settle(Part& part);
  void check(Move& move);
  void release(Part& part);

  // mover_transfers.cpp: reads and copies.
  [[nodiscard]] Result<Sent> send_reads(Part& part, std::size_t index);
  bool reap_reads(hal::FileReader::Reap how);
  void lose_reader(const Error& error);
  void begin_copy(Move& move, Part& part);
  bool reap_copies();
  bool end_copy(std::size_t index, Result<bool> is_done);
  [[nodiscard]] Result<File> file_of(std::uint32_t file);

  hal::Device& device_;
  hal::FileReader& reader_;
  BlockCatalog& catalog_;
  Residency& residency_;
  const Options options_;
  const bool device_is_host_;

  std::unique_ptr<hal::Stream> stream_;
  std::unique_ptr<PinnedPool> staging_;
  std::string registration_refusal_;
  std::optional<std::string> lost_reader_;  ///< why it is read with no more
  int n_failed_reaps_ = 0;                  ///< in a row

  std::vector<Move> moves_;
  std::vector<std::size_t> order_;  ///< moves under way: urgent ones first, then as submitted
  std::vector<Part> parts_;
  std::vector<std::byte*> free_slots_;
  std::vector<std::size_t> copying_;  ///< parts whose copies are under way, in the stream's order
  std::size_t n_reads_ = 0;           ///< requests under way
  bool is_reader_full_ = false;
  std::vector<std::optional<File>> files_;  ///< by catalog file
  std::vector<MoveEnd> untold_;             ///< ended while move() waited for another
};

}  // namespace blue::memory
