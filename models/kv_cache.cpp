#include "models/kv_cache.h"

#include <algorithm>
#include <string>

#include "kernels/kv_rows.h"
#include "models/models_error.h"

namespace blue::models {

KvCache::KvCache(const KvShape& shape, kernels::KvType type, std::uint32_t max_sequences,
                 std::uint32_t max_context)
    : shape_(shape),
      type_(type),
      pages_per_sequence_(static_cast<std::uint32_t>(round_up(max_context, kernels::kPageTokens)) /
                          kernels::kPageTokens),
      geometry_{.n_layers = shape.n_layers,
                .k_width = shape.k_width,
                .v_width = shape.v_width,
                .bytes_per_block = kernels::kv_block_bytes(type),
                .values_per_block = kernels::kv_block_values(type),
                .page_tokens = kernels::kPageTokens,
                .n_pages = pages_per_sequence_ * max_sequences} {}

Result<std::unique_ptr<KvCache>> KvCache::create(const KvShape& shape, kernels::KvType type,
                                                 std::uint32_t max_sequences,
                                                 std::uint32_t max_context, hal::Device& device) {
  const std::uint32_t block = kernels::kv_block_values(type);
  if (shape.k_width % block != 0 || shape.v_width % block != 0) {
    return Error(ModelsError::unsupported_format,
                 "a " + std::string(kernels::to_text(type)) +
                     " cache holds rows of a multiple of " + std::to_string(block) +
                     " values; this model's keys have " + std::to_string(shape.k_width) +
                     ", its values " + std::to_string(shape.v_width) + ": take --kv f16");
  }
  std::unique_ptr<KvCache> cache(new KvCache(shape, type, max_sequences, max_context));
  BLUE_TRY_ASSIGN(cache->arena_, device.allocate(cache->geometry_.total()));
  cache->pool_ = std::make_unique<memory::PagePool>(cache->geometry_.n_pages);
  for (std::uint32_t s = 0; s < max_sequences; ++s) {
    cache->sequences_.emplace_back(*cache->pool_, kernels::kPageTokens, max_context);
  }
  return cache;
}

Status KvCache::reserve(std::int32_t sequence, std::uint32_t n_tokens) {
  return sequences_.at(static_cast<std::size_t>(sequence)).ensure(n_tokens);
}

void KvCache::truncate(std::int32_t sequence, std::uint32_t n_tokens) {
  sequences_.at(static_cast<std::size_t>(sequence)).truncate(n_tokens);
}

std::span<const std::int32_t> KvCache::pages(std::int32_t sequence) const {
  return sequences_.at(static_cast<std::size_t>(sequence)).pages();
}

kernels::KvView KvCache::view() const {
  return {.base = arena_->base(),
          .layer_stride = geometry_.layer_stride(),
          .page_stride = geometry_.page_stride(),
          .v_offset = geometry_.v_offset(),
          .k_width = shape_.k_width,
          .v_width = shape_.v_width,
          .type = type_};
}

Bytes KvCache::row_bytes(std::uint32_t n_tokens) const {
  return Bytes{geometry_.k_row_bytes() + geometry_.v_row_bytes()} * shape_.n_layers * n_tokens;
}

template <class Use>
Status KvCache::for_each_run(std::int32_t sequence, std::uint32_t n_tokens, Use&& use) const {
  const kernels::KvView at = view();
  const std::span<const std::int32_t> page_numbers = pages(sequence);
  BLUE_CHECK(page_numbers.size() * kernels::kPageTokens >= n_tokens,
             "rows of tokens that were not reserved");
  for (std::uint32_t layer = 0; layer < shape_.n_layers; ++layer) {
    for (const bool is_value : {false, true}) {
      const std::uint64_t token_bytes =
          is_value ? geometry_.v_row_bytes() : geometry_.k_row_bytes();
      for (std::uint32_t first = 0; first < n_tokens; first += kernels::kPageTokens) {
        const auto page = static_cast<std::uint64_t>(page_numbers[first / kernels::kPageTokens]);
        std::byte* run = at.base + layer * at.layer_stride + page * at.page_stride +
                         (is_value ? at.v_offset : 0);
        BLUE_TRY(use(run, Bytes{token_bytes * std::min(kernels::kPageTokens, n_tokens - first)}));
      }
    }
  }
  return {};
}

Status KvCache::export_rows(std::int32_t sequence, std::uint32_t n_tokens, ByteSpan out,
                            hal::Device& device, hal::Stream& stream) {
  BLUE_CHECK(out.size() == row_bytes(n_tokens).count);
  std::byte* to = out.data();
  return for_each_run(sequence, n_tokens, [&](const std::byte* run, Bytes size) {
    Status copied = device.copy_to_host(to, run, size, stream);
    to += size.count;
    return copied;
  });
}

Status KvCache::import_rows(std::int32_t sequence, std::uint32_t n_tokens, ConstByteSpan rows,
                            hal::Device& device, hal::Stream& stream) {
  BLUE_CHECK(rows.size() == row_bytes(n_tokens).count);
  const std::byte* from = rows.data();
  return for_each_run(sequence, n_tokens, [&](std::byte* run, Bytes size) {
    Status copied = device.copy_to_device(run, from, size, stream);
    from += size.count;
    return copied;
  });
}

}  // namespace blue::models
