#include "models/model_index.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "hal/file_reader.h"
#include "hal/host_memory.h"
#include "hal/reader_choice.h"
#include "memory/checksum.h"
#include "memory/durable_file.h"
#include "models/gguf/replacing_file_writer.h"

namespace blue::models {

namespace {

using memory::ChecksumIndex;
using memory::FileExtent;
using memory::kPieceBytes;

constexpr std::size_t kPiecesInFlight = 8;
constexpr std::uint64_t kDirectUnit = hal::kHostBufferAlignment.count;
constexpr std::uint64_t kPieceRoom = kPieceBytes + 2 * kDirectUnit;

/// Every extent of the model's own files that a block has, once, in order.
std::vector<FileExtent> extents_of(const Model& model) {
  const std::size_t n_files = model.files.size() - (model.converted ? 1 : 0);
  std::vector<FileExtent> extents;
  for (const BlockPlan& block : model.program.blocks) {
    for (const memory::BlockExtent& extent : block.extents) {
      if (extent.file < n_files && extent.size > 0)
        extents.push_back({extent.file, extent.file_offset, extent.size});
    }
  }
  std::ranges::sort(extents);
  const auto rest = std::ranges::unique(extents);
  extents.erase(rest.begin(), rest.end());
  return extents;
}

/// One piece and where its bytes are read to: whole units of the file around it.
struct PieceRead {
  std::size_t extent = 0;
  std::size_t piece = 0;
  ConstByteSpan bytes;
};

/// Reads all pieces of an index with several under way and fills in their checksums.
class IndexReader {
 public:
  IndexReader(const Model& model, hal::FileReader& reader, ByteSpan space, ChecksumIndex& index)
      : model_(model), reader_(reader), space_(space), index_(index) {}

  Status run(const std::function<void(Bytes, Bytes)>& on_progress) {
    for (const std::string& path : model_.files) {
      BLUE_TRY_ASSIGN(const hal::FileId file, reader_.open(path));
      BLUE_TRY_ASSIGN(const Bytes size, reader_.size(file));
      files_.emplace_back(file, size.count);
    }
    Bytes total;
    for (const FileExtent& extent : index_.extents()) total += Bytes{extent.size};
    Bytes done;
    for (std::size_t slot = 0; slot < kPiecesInFlight; ++slot) BLUE_TRY(submit_next(slot));
    std::array<hal::ReadCompletion, kPiecesInFlight> ended;
    while (reader_.n_in_flight() > 0) {
      BLUE_TRY_ASSIGN(const std::size_t n, reader_.reap(ended, hal::FileReader::Reap::wait));
      for (std::size_t i = 0; i < n; ++i) {
        BLUE_TRY(std::move(ended[i].status));
        const PieceRead& read = reads_[ended[i].tag];
        index_.checksums(read.extent)[read.piece] = memory::crc32c(read.bytes);
        done += Bytes{read.bytes.size()};
        BLUE_TRY(submit_next(ended[i].tag));
      }
      if (on_progress) on_progress(done, total);
    }
    return {};
  }

 private:
  /// The next piece, if there is one, into the slot.
  Status submit_next(std::size_t slot) {
    if (extent_ == index_.extents().size()) return {};
    const FileExtent& extent = index_.extents()[extent_];
    const auto [file, file_size] = files_.at(extent.file);
    const std::uint64_t begin = extent.offset + piece_ * kPieceBytes;
    const std::uint64_t size = std::min(kPieceBytes, extent.offset + extent.size - begin);
    const std::uint64_t shift = begin % kDirectUnit;
    const std::uint64_t end =
        std::max(begin + size, std::min(round_up(begin + size, kDirectUnit), file_size));
    const ByteSpan into = space_.subspan(slot * kPieceRoom, end - (begin - shift));
    reads_[slot] = {extent_, piece_, into.subspan(shift, size)};
    BLUE_TRY_ASSIGN(const bool has_room, reader_.submit({file, begin - shift, into, slot}));
    BLUE_CHECK(has_room, "the reader's queue is shorter than was asked for");
    if (++piece_ == extent.n_pieces()) {
      piece_ = 0;
      ++extent_;
    }
    return {};
  }

  const Model& model_;
  hal::FileReader& reader_;
  ByteSpan space_;
  ChecksumIndex& index_;
  std::vector<std::pair<hal::FileId, std::uint64_t>> files_;
  std::array<PieceRead, kPiecesInFlight> reads_;
  std::size_t extent_ = 0;  ///< of the next piece
  std::size_t piece_ = 0;
};

Error does_not_fit(const std::string& path, const std::string& why) {
  return Error(memory::MemoryError::bad_index, path + ": " + why + "; run blue index again");
}

/// The first of the paths where there is a file.
std::string existing_index(const Model& model) {
  std::error_code ignored;
  for (const std::string& path : index_paths(model))
    if (std::filesystem::is_regular_file(path, ignored)) return path;
  return {};
}

Result<ChecksumIndex> read_index(const Model& model, const std::string& path) {
  const std::vector<FileExtent> extents = extents_of(model);
  std::error_code unknown;
  const auto size = std::filesystem::file_size(path, unknown);
  // Before it is read: it may be a file of any size.
  if (unknown || size != ChecksumIndex::encoded_size(extents).count)
    return does_not_fit(path, "is not the index of " + model.path + " as this program lays it out");
  BLUE_TRY_ASSIGN(const std::vector<std::byte> bytes, memory::read_whole_file(path));
  BLUE_TRY_ASSIGN(ChecksumIndex index, ChecksumIndex::parse(bytes, path));
  if (index.fingerprint() != model.fingerprint)
    return does_not_fit(path, "was made before " + model.path + " was last written");
  if (!std::ranges::equal(index.extents(), extents))
    return does_not_fit(path, "is not the index of " + model.path + " as this program lays it out");
  return index;
}

}  // namespace

std::vector<std::string> index_paths(const Model& model) {
  std::vector<std::string> paths{model.files.front() + ".blueidx"};
  std::string cache;
  if (const char* folder = std::getenv("XDG_CACHE_HOME"); folder != nullptr && *folder == '/') {
    cache = folder;
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    cache = std::string(home) + "/.cache";
  }
  if (!cache.empty()) {
    std::array<char, 17> name{};
    std::snprintf(name.data(), name.size(), "%016llx",
                  static_cast<unsigned long long>(model.fingerprint));
    paths.push_back(cache + "/blue/" + name.data() + ".blueidx");
  }
  return paths;
}

Result<ChecksumIndex> make_index(const Model& model,
                                 const std::function<void(Bytes, Bytes)>& on_progress,
                                 LogSink& log) {
  ChecksumIndex index(model.fingerprint, extents_of(model));
  hal::MemoryBudget budget("checksum index", Bytes{kPiecesInFlight * kPieceRoom});
  BLUE_TRY_ASSIGN(const hal::HostBuffer space,
                  hal::HostBuffer::allocate({.size = budget.limit(), .purpose = "checksum index"},
                                            budget, log));
  // Behind the buffer, so that it waits for its reads before the buffer goes.
  BLUE_TRY_ASSIGN(const std::unique_ptr<hal::FileReader> reader,
                  hal::open_file_reader(kPiecesInFlight, log));
  BLUE_TRY(IndexReader(model, *reader, space.span(), index).run(on_progress));
  return index;
}

Result<std::string> write_index(const Model& model, const ChecksumIndex& index) {
  const std::vector<std::byte> bytes = index.encode();
  std::optional<Error> first;
  for (const std::string& path : index_paths(model)) {
    const auto write = [&]() -> Status {
      BLUE_TRY_ASSIGN(ReplacingFileWriter file, ReplacingFileWriter::create(path));
      BLUE_TRY(file.write(bytes));
      return file.finish();
    };
    if (first) {  // the cache folder
      std::error_code ignored;
      std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    }
    const Status written = write();
    if (written) return path;
    if (!first) first = written.error();
  }
  return std::move(*first);
}

Result<bool> load_index(const Model& model, const std::vector<memory::BlockId>& blocks,
                        memory::BlockCatalog& catalog) {
  const std::string path = existing_index(model);
  if (path.empty()) return false;
  BLUE_TRY_ASSIGN(const ChecksumIndex index, read_index(model, path));
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    std::uint32_t piece = 0;
    for (const memory::BlockExtent& extent : model.program.blocks[i].extents) {
      const FileExtent in_file{extent.file, extent.file_offset, extent.size};
      const auto known = index.find(in_file);
      for (std::size_t p = 0; p < known.size(); ++p)
        catalog.remember_checksum(blocks[i], piece + static_cast<std::uint32_t>(p), known[p]);
      piece += static_cast<std::uint32_t>(in_file.n_pieces());  // of converted tensors: none known
    }
  }
  return true;
}

void load_index_or_warn(const Model& model, const std::vector<memory::BlockId>& blocks,
                        memory::BlockCatalog& catalog, LogSink& log) {
  const Result<bool> loaded = load_index(model, blocks, catalog);
  if (loaded) return;
  log.write_once(LogLevel::warning, loaded.error().message() +
                                        " (until then blocks are held against their first read)");
}

}  // namespace blue::models
