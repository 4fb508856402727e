// BlockCatalog: the files and blocks of all loaded models. Fixed room for block ids, given at
// construction, so that Residency can be sized alike and nothing that readers touch ever moves.
// Depends on base and memory/tiers/block.h.
// Threads: any. Writers (add_model, remove_model) serialise on a mutex. Readers of blocks take no
// lock: an id's block is built whole, then its pointer is stored with release and loaded with
// acquire. Paths are read under the mutex (cold).
// Lifetime: a Block reference holds until its model is removed; whoever removes it has evicted its
// blocks first.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "memory/memory_error.h"
#include "memory/tiers/block.h"

namespace blue::memory {

using CatalogModelId = Id<struct CatalogModelTag>;

/// Extents are checked in pieces of this, the last of each being what is left.
inline constexpr std::uint64_t kPieceBytes = std::uint64_t{4} << 20;

/// The pieces of all extents of a block, in order.
[[nodiscard]] std::uint32_t n_pieces(const Block& block);

/// A model as the catalog took it in: `blocks[i]` is the id of the i-th block given.
struct CatalogModel {
  CatalogModelId model;
  std::vector<BlockId> blocks;
};

class BlockCatalog {
 public:
  explicit BlockCatalog(std::uint32_t capacity);
  ~BlockCatalog();
  BlockCatalog(const BlockCatalog&) = delete;
  BlockCatalog& operator=(const BlockCatalog&) = delete;

  /// Block ids run from 0 to capacity() - 1.
  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }

  /// Takes in a model's blocks. On entry BlockExtent::file indexes `paths` and Block::id is
  /// ignored; inside the catalog both are the catalog's. Extents must be in order, inside the
  /// block, apart and aligned (a bug otherwise).
  /// Errors: tier_full when there are fewer free ids than blocks; nothing is added then.
  [[nodiscard]] Result<CatalogModel> add_model(const std::string& name,
                                               const std::vector<std::string>& paths,
                                               std::vector<Block> blocks);

  /// Forgets a model's blocks; their ids may be given out again, its file numbers never.
  void remove_model(CatalogModelId model);

  /// The block, or null when the id is free. Any thread, wait-free.
  [[nodiscard]] const Block* find(BlockId block) const;
  /// The block; a bug when the id is free.
  [[nodiscard]] const Block& at(BlockId block) const;

  /// Path of a catalog file (BlockExtent::file); a bug when there is none.
  [[nodiscard]] std::string path(std::uint32_t file) const;

  [[nodiscard]] std::uint32_t n_blocks() const;

  /// The CRC32C of a piece of the block (0 to n_pieces() - 1): of the model's index, else what its
  /// bytes had when they were first read; none before. Any thread.
  [[nodiscard]] std::optional<std::uint32_t> checksum(BlockId block, std::uint32_t piece) const;
  /// Remembers it if there is none yet; returns the one that holds now.
  std::uint32_t remember_checksum(BlockId block, std::uint32_t piece, std::uint32_t crc);

 private:
  struct Entry {
    std::atomic<const Block*> block{nullptr};
    /// By piece: kChecksumKnown | crc, or 0.
    std::unique_ptr<std::atomic<std::uint64_t>[]> checksums;
  };
  struct Model {
    CatalogModelId id;
    std::vector<BlockId> blocks;
  };
  Entry& entry(BlockId block) const;
  std::atomic<std::uint64_t>& checksum_of(BlockId block, std::uint32_t piece) const;

  const std::uint32_t capacity_;
  std::unique_ptr<Entry[]> entries_;

  mutable Mutex mutex_;
  std::vector<std::string> paths_ BLUE_GUARDED_BY(mutex_);
  std::vector<Model> models_ BLUE_GUARDED_BY(mutex_);
  std::vector<BlockId> free_ BLUE_GUARDED_BY(mutex_);  ///< lowest id last
  std::uint32_t next_model_ BLUE_GUARDED_BY(mutex_) = 0;
};

}  // namespace blue::memory
