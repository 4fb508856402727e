// KvCache: the paged KV rows of one executor's sequences on a device: arena, page pool and page
// tables together, and the rows' way to and from host bytes for snapshots. Depends on base, hal,
// memory/kv, kernels/op.h, models/program.h. One thread.
#pragma once

#include <deque>
#include <memory>

#include "base/result.h"
#include "hal/device.h"
#include "kernels/op.h"
#include "memory/kv/page_pool.h"
#include "memory/kv/sequence_pages.h"
#include "models/program.h"

namespace blue::models {

class KvCache {
 public:
  /// Room for max_sequences of max_context tokens each. Errors: out_of_memory;
  /// unsupported_format where rows are no whole blocks of the type.
  static Result<std::unique_ptr<KvCache>> create(const KvShape& shape, kernels::KvType type,
                                                 std::uint32_t max_sequences,
                                                 std::uint32_t max_context, hal::Device& device);

  [[nodiscard]] Status reserve(std::int32_t sequence, std::uint32_t n_tokens);
  void truncate(std::int32_t sequence, std::uint32_t n_tokens);
  [[nodiscard]] std::span<const std::int32_t> pages(std::int32_t sequence) const;
  [[nodiscard]] std::uint32_t pages_per_sequence() const { return pages_per_sequence_; }
  [[nodiscard]] kernels::KvView view() const;

  /// Per layer all keys, then all values, [n_tokens, width] each.
  [[nodiscard]] Bytes row_bytes(std::uint32_t n_tokens) const;
  [[nodiscard]] Status export_rows(std::int32_t sequence, std::uint32_t n_tokens, ByteSpan out,
                                   hal::Device& device, hal::Stream& stream);
  [[nodiscard]] Status import_rows(std::int32_t sequence, std::uint32_t n_tokens,
                                   ConstByteSpan rows, hal::Device& device, hal::Stream& stream);

 private:
  KvCache(const KvShape& shape, kernels::KvType type, std::uint32_t max_sequences,
          std::uint32_t max_context);

  /// Calls use(device address, bytes) for each contiguous run of the rows, in export order; stops
  /// at an error.
  template <class Use>
  [[nodiscard]] Status for_each_run(std::int32_t sequence, std::uint32_t n_tokens, Use&& use) const;

  KvShape shape_;
  kernels::KvType type_;
  std::uint32_t pages_per_sequence_;
  memory::KvGeometry geometry_;
  std::unique_ptr<memory::PagePool> pool_;
  std::deque<memory::SequencePages>
      sequences_;  ///< they never move: each gives its pages back once
  std::unique_ptr<hal::Arena> arena_;
};

}  // namespace blue::models
