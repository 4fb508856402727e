#include "memory/tiers/block_catalog.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace blue::memory {
namespace {

constexpr std::uint64_t kChecksumKnown = std::uint64_t{1} << 32;

void check_extents(const Block& block, std::size_t n_paths) {
  std::uint64_t end = 0;
  for (const BlockExtent& extent : block.extents) {
    BLUE_CHECK(extent.file < n_paths, block.name);
    BLUE_CHECK(extent.block_offset % kTensorAlignment == 0, block.name);
    BLUE_CHECK(extent.block_offset >= end, block.name);
    BLUE_CHECK(extent.block_offset <= block.size.count, block.name);
    BLUE_CHECK(extent.size <= block.size.count - extent.block_offset, block.name);
    end = extent.block_offset + extent.size;
  }
}

}  // namespace

std::uint32_t n_pieces(const Block& block) {
  std::uint64_t n = 0;
  for (const BlockExtent& extent : block.extents)
    n += (extent.size + kPieceBytes - 1) / kPieceBytes;
  return static_cast<std::uint32_t>(n);
}

BlockCatalog::BlockCatalog(std::uint32_t capacity)
    : capacity_(capacity), entries_(std::make_unique<Entry[]>(capacity)) {
  free_.reserve(capacity);
  for (std::uint32_t i = capacity; i > 0; --i) free_.push_back(BlockId{i - 1});
}

BlockCatalog::~BlockCatalog() {
  for (std::uint32_t i = 0; i < capacity_; ++i)
    delete entries_[i].block.load(std::memory_order_acquire);
}

BlockCatalog::Entry& BlockCatalog::entry(BlockId block) const {
  BLUE_CHECK(block.value < capacity_);
  return entries_[block.value];
}

Result<CatalogModel> BlockCatalog::add_model(const std::string& name,
                                             const std::vector<std::string>& paths,
                                             std::vector<Block> blocks) {
  for (const Block& block : blocks) check_extents(block, paths.size());

  const MutexLock lock(mutex_);
  if (blocks.size() > free_.size()) {
    return Error(MemoryError::tier_full, "model " + name + " has " + std::to_string(blocks.size()) +
                                             " blocks, the catalog has room for " +
                                             std::to_string(free_.size()) + " more of " +
                                             std::to_string(capacity_) + ": unload a model");
  }
  const auto first_file = static_cast<std::uint32_t>(paths_.size());
  paths_.insert(paths_.end(), paths.begin(), paths.end());

  CatalogModel added{.model = CatalogModelId{next_model_++}, .blocks = {}};
  added.blocks.reserve(blocks.size());
  for (Block& block : blocks) {
    block.id = free_.back();
    free_.pop_back();
    for (BlockExtent& extent : block.extents) extent.file += first_file;
    Entry& place = entry(block.id);
    place.checksums = std::make_unique<std::atomic<std::uint64_t>[]>(n_pieces(block));
    added.blocks.push_back(block.id);
    place.block.store(std::make_unique<const Block>(std::move(block)).release(),
                      std::memory_order_release);
  }
  models_.push_back(Model{.id = added.model, .blocks = added.blocks});
  return added;
}

void BlockCatalog::remove_model(CatalogModelId model) {
  const MutexLock lock(mutex_);
  const auto found =
      std::find_if(models_.begin(), models_.end(), [&](const Model& m) { return m.id == model; });
  BLUE_CHECK(found != models_.end(), "a model is removed twice");
  for (auto block = found->blocks.rbegin(); block != found->blocks.rend(); ++block) {
    delete entry(*block).block.exchange(nullptr, std::memory_order_acq_rel);
    free_.push_back(*block);
  }
  models_.erase(found);
}

const Block* BlockCatalog::find(BlockId block) const {
  return entry(block).block.load(std::memory_order_acquire);
}

const Block& BlockCatalog::at(BlockId block) const {
  const Block* found = find(block);
  BLUE_CHECK(found != nullptr, "block " + std::to_string(block.value) + " is of no loaded model");
  return *found;
}

std::string BlockCatalog::path(std::uint32_t file) const {
  const MutexLock lock(mutex_);
  BLUE_CHECK(file < paths_.size());
  return paths_[file];
}

std::uint32_t BlockCatalog::n_blocks() const {
  const MutexLock lock(mutex_);
  return capacity_ - static_cast<std::uint32_t>(free_.size());
}

std::atomic<std::uint64_t>& BlockCatalog::checksum_of(BlockId block, std::uint32_t piece) const {
  BLUE_CHECK(piece < n_pieces(at(block)));
  return entry(block).checksums[piece];
}

std::optional<std::uint32_t> BlockCatalog::checksum(BlockId block, std::uint32_t piece) const {
  const std::uint64_t known = checksum_of(block, piece).load(std::memory_order_acquire);
  if ((known & kChecksumKnown) == 0) return std::nullopt;
  return static_cast<std::uint32_t>(known);
}

std::uint32_t BlockCatalog::remember_checksum(BlockId block, std::uint32_t piece,
                                              std::uint32_t crc) {
  std::uint64_t known = 0;
  if (checksum_of(block, piece)
          .compare_exchange_strong(known, kChecksumKnown | crc, std::memory_order_acq_rel,
                                   std::memory_order_acquire)) {
    return crc;
  }
  return static_cast<std::uint32_t>(known);
}

}  // namespace blue::memory
