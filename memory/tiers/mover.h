// Mover: carries one block from one tier to another and publishes it when the last byte is there,
// never before. Reads keep several requests in flight and go window by window, so that the checksum
// of one window is taken while the next is read; what cannot be copied from where it lies goes
// through two page-locked staging halves, A and B: one is filled while the other is copied to the
// device.
// Depends on hal/{device,file_reader}.h and memory/tiers. Threads: its owner's alone, like its
// reader and stream.
// Lifetime: device, reader, catalog and residency outlive it. While move() runs, the reader has
// nothing else in flight.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "hal/device.h"
#include "hal/file_reader.h"
#include "memory/memory_error.h"
#include "memory/tiers/block_catalog.h"
#include "memory/tiers/pinned_pool.h"
#include "memory/tiers/residency.h"

namespace blue::memory {

enum class MoveRoute : std::uint8_t {
  file_to_host,        ///< the model's file to tier 1
  file_to_device,      ///< the model's file to tier 0; through staging unless the device is a CPU
  locked_to_device,    ///< page-locked host memory to tier 0
  pageable_to_device,  ///< any other host memory to tier 0, through staging
};

struct MoveOrder {
  BlockId block;
  MoveRoute route{};
  const std::byte* from = nullptr;  ///< host address, for the *_to_device routes out of memory
  std::byte* into = nullptr;        ///< host or device address with room for the block
  Tier tier = Tier::vram;           ///< where it becomes resident
  std::byte* address = nullptr;     ///< what is published: an address that tier 0's device reads
};

struct MoveReport {
  Bytes bytes;  ///< the block's size
  Nanoseconds total_ns = 0;
  Nanoseconds read_ns = 0;  ///< waiting for the file
  Nanoseconds copy_ns = 0;  ///< waiting for the device's copies
};

class Mover {
 public:
  struct Options {
    Bytes window = 4_MiB;  ///< bytes checked and copied at a time; each staging half is as large
  };

  /// Errors: those of the device (streams, events) and of memory for staging.
  [[nodiscard]] static Result<std::unique_ptr<Mover>> open(hal::Device& device,
                                                           hal::FileReader& reader,
                                                           BlockCatalog& catalog, Options options);
  ~Mover();

  /// Carries the block, which is `loading` in order.tier, and publishes it; abandons it on any
  /// error. The first read of a block remembers its CRC32C (padding between tensors counts as
  /// zeros, and is written so); every later read is held against it.
  /// Errors: read_failed, block_corrupt, and the device's own (device_failed).
  [[nodiscard]] Result<MoveReport> move(const MoveOrder& order, Residency& residency);

  /// Why staging is not page-locked or not registered with the reader; empty when it is both, or is
  /// not needed. Copies work either way, more slowly.
  [[nodiscard]] std::string staging_refusal() const;

 private:
  /// A part [begin, end) of the block under way: where it goes in host memory, and what it still
  /// waits for.
  struct Window {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::byte* host = nullptr;
    std::size_t n_outstanding = 0;
  };
  struct StagingHalf {
    std::byte* host = nullptr;
    std::unique_ptr<hal::Event> copied;
  };

  Mover(hal::Device& device, hal::FileReader& reader, BlockCatalog& catalog, Options options);

  Status carry(const Block& block, const MoveOrder& order, MoveReport& report);
  Status carry_from_file(const Block& block, const MoveOrder& order, MoveReport& report);
  Status copy_locked(const Block& block, const MoveOrder& order, MoveReport& report);
  Status copy_staged(const Block& block, const MoveOrder& order, MoveReport& report);

  [[nodiscard]] bool is_staged(const MoveOrder& order) const;
  Status begin_window(const Block& block, std::uint64_t index, const MoveOrder& order,
                      MoveReport& report);
  Status submit_extent(const BlockExtent& extent, const Window& window, std::uint64_t index);
  Status finish_window(std::uint64_t index, MoveReport& report);
  Status reap_some();
  void drain();
  Status copy_window(std::uint64_t index, const MoveOrder& order);
  Status wait_for_copies(MoveReport& report);
  Status check(const Block& block, std::uint32_t crc);
  Result<hal::FileId> file_of(std::uint32_t file);

  hal::Device& device_;
  hal::FileReader& reader_;
  BlockCatalog& catalog_;
  const Options options_;
  const bool device_is_host_;

  std::unique_ptr<hal::Stream> stream_;
  std::unique_ptr<PinnedPool> staging_;
  std::string registration_refusal_;
  std::array<StagingHalf, 2> halves_;
  std::array<Window, 2> windows_;                  ///< by window index modulo 2
  std::vector<std::optional<hal::FileId>> files_;  ///< by catalog file
};

}  // namespace blue::memory
