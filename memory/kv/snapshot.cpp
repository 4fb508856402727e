#include "memory/kv/snapshot.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "memory/checksum.h"
#include "memory/durable_file.h"

namespace blue::memory {
namespace {

constexpr std::array<char, 8> kMagic = {'B', 'L', 'U', 'E', 'K', 'V', 'S', 'N'};
constexpr std::uint32_t kVersion = 1;

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t header_size = 0;
  std::uint64_t model_fingerprint = 0;
  std::uint32_t n_layers = 0;
  std::uint32_t k_width = 0;
  std::uint32_t v_width = 0;
  std::uint32_t bytes_per_block = 0;
  std::uint32_t page_tokens = 0;
  std::uint32_t n_tokens = 0;
  std::uint64_t rows_size = 0;
};
static_assert(sizeof(Header) == 56, "the header has no padding, so its bytes are the format");

Error corrupt(const std::string& name, const std::string& why) {
  return Error(MemoryError::snapshot_corrupt, name + ": " + why + "; it is made anew");
}

bool is_of_geometry(const Header& header, const KvGeometry& geometry) {
  return header.n_layers == geometry.n_layers && header.k_width == geometry.k_width &&
         header.v_width == geometry.v_width && header.bytes_per_block == geometry.bytes_per_block &&
         header.page_tokens == geometry.page_tokens;
}

}  // namespace

std::vector<KvRun> kv_runs(const KvGeometry& geometry, std::span<const std::int32_t> pages,
                           std::uint32_t n_tokens) {
  const std::uint32_t n_pages = geometry.pages_for(n_tokens);
  BLUE_CHECK(pages.size() >= n_pages);
  std::vector<KvRun> runs;
  runs.reserve(std::size_t{2} * geometry.n_layers * n_pages);
  for (std::uint32_t layer = 0; layer < geometry.n_layers; ++layer) {
    for (std::uint32_t i = 0; i < n_pages; ++i) {
      BLUE_CHECK(pages[i] >= 0 && static_cast<std::uint32_t>(pages[i]) < geometry.n_pages);
      const std::uint64_t n_rows =
          std::min(geometry.page_tokens, n_tokens - i * geometry.page_tokens);
      const std::uint64_t keys = layer * geometry.layer_stride() +
                                 static_cast<std::uint64_t>(pages[i]) * geometry.page_stride();
      runs.push_back({.offset = keys, .size = n_rows * geometry.k_row_bytes()});
      runs.push_back(
          {.offset = keys + geometry.v_offset(), .size = n_rows * geometry.v_row_bytes()});
    }
  }
  return runs;
}

Bytes kv_rows_size(const KvGeometry& geometry, std::uint32_t n_tokens) {
  return Bytes{(geometry.k_row_bytes() + geometry.v_row_bytes()) * geometry.n_layers * n_tokens};
}

Status save_snapshot(const std::string& path, std::uint64_t model_fingerprint,
                     const KvGeometry& geometry, std::span<const TokenId> tokens,
                     ConstByteSpan rows) {
  const auto n_tokens = static_cast<std::uint32_t>(tokens.size());
  BLUE_CHECK(rows.size() == kv_rows_size(geometry, n_tokens).count);
  const Header header{.header_size = sizeof(Header),
                      .model_fingerprint = model_fingerprint,
                      .n_layers = geometry.n_layers,
                      .k_width = geometry.k_width,
                      .v_width = geometry.v_width,
                      .bytes_per_block = geometry.bytes_per_block,
                      .page_tokens = geometry.page_tokens,
                      .n_tokens = n_tokens,
                      .rows_size = rows.size()};
  const ConstByteSpan header_bytes = std::as_bytes(std::span(&header, 1));
  const ConstByteSpan token_bytes = bytes_of(tokens);
  const std::uint32_t crc = crc32c(rows, crc32c(token_bytes, crc32c(header_bytes)));
  const std::array<ConstByteSpan, 4> pieces = {header_bytes, token_bytes, rows,
                                               std::as_bytes(std::span(&crc, 1))};
  return replace_file(path, pieces);
}

Result<Snapshot> parse_snapshot(ConstByteSpan file, const std::string& name,
                                std::uint64_t model_fingerprint, const KvGeometry& geometry) {
  const std::optional<Header> header = load_at<Header>(file, 0);
  if (!header || header->magic != kMagic) return corrupt(name, "not a snapshot of a KV cache");
  if (header->version != kVersion || header->header_size != sizeof(Header)) {
    return Error(MemoryError::snapshot_mismatch, name + ": version " +
                                                     std::to_string(header->version) + ", not " +
                                                     std::to_string(kVersion));
  }
  // The checksum first: a flipped bit in the fingerprint is damage, not another model.
  const std::optional<std::uint32_t> crc =
      load_at<std::uint32_t>(file, file.size() - sizeof(std::uint32_t));
  if (!crc || file.size() < sizeof(Header) + sizeof(*crc)) return corrupt(name, "cut short");
  if (crc32c(file.first(file.size() - sizeof(*crc))) != *crc)
    return corrupt(name, "its checksum does not hold");
  if (header->model_fingerprint != model_fingerprint || !is_of_geometry(*header, geometry)) {
    return Error(MemoryError::snapshot_mismatch,
                 name + " was made with another model or geometry; it is made anew");
  }
  const std::uint64_t tokens_size = std::uint64_t{header->n_tokens} * sizeof(TokenId);
  const std::uint64_t body = file.size() - sizeof(Header) - sizeof(*crc);
  if (tokens_size > body || header->rows_size != body - tokens_size ||
      header->rows_size != kv_rows_size(geometry, header->n_tokens).count) {
    return corrupt(name, "its counts do not add up to its size");
  }
  Snapshot snapshot;
  snapshot.tokens.resize(header->n_tokens);
  if (tokens_size > 0)
    std::memcpy(snapshot.tokens.data(), file.data() + sizeof(Header), tokens_size);
  const ConstByteSpan rows = file.subspan(sizeof(Header) + tokens_size, header->rows_size);
  snapshot.rows.assign(rows.begin(), rows.end());
  return snapshot;
}

Result<Snapshot> load_snapshot(const std::string& path, std::uint64_t model_fingerprint,
                               const KvGeometry& geometry) {
  BLUE_TRY_ASSIGN(const std::vector<std::byte> file, read_whole_file(path));
  return parse_snapshot(file, path, model_fingerprint, geometry);
}

}  // namespace blue::memory
