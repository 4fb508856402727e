#include "models/quantize/recoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <system_error>
#include <thread>
#include <vector>

#include "base/check.h"

namespace blue::models {
namespace {

/// Values that a thread decodes at once: they stay in its cache.
constexpr std::uint64_t kPieceValues = 8192;

}  // namespace

Recoder::Recoder(const kernels::Format& from, const kernels::Format& to, unsigned n_threads)
    : from_(from),
      to_(to),
      n_threads_(std::max(n_threads, 1U)),
      unit_(std::lcm(std::uint64_t{from.values_per_block}, std::uint64_t{to.values_per_block})) {}

std::optional<std::uint64_t> Recoder::recode(ConstByteSpan in, ByteSpan out,
                                             std::uint64_t n_values) const {
  BLUE_CHECK(n_values % unit_ == 0 && in.size() == from_.row_bytes(n_values) &&
                 out.size() == to_.row_bytes(n_values),
             "a recoder's spans do not match");
  if (&from_ == &to_) {
    std::memcpy(out.data(), in.data(), in.size());
    return std::nullopt;
  }
  const std::uint64_t n_units = n_values / unit_;
  const std::uint64_t share = (n_units + n_threads_ - 1) / n_threads_ * unit_;
  std::vector<std::optional<std::uint64_t>> found(n_threads_);
  const auto recode_share = [&](unsigned i) {
    found[i] = recode_range(in, out, i * share, std::min((i + 1) * share, n_values));
  };
  std::vector<std::jthread> workers;
  unsigned n_started = 1;
  try {
    for (; n_started < n_threads_ && n_started * share < n_values; ++n_started)
      workers.emplace_back(recode_share, n_started);
  } catch (const std::system_error&) {
    // The process may start no more threads: this one does the rest.
  }
  recode_share(0);
  for (unsigned i = n_started; i < n_threads_ && i * share < n_values; ++i) recode_share(i);
  workers.clear();
  for (const std::optional<std::uint64_t>& value : found) {
    if (value) return value;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Recoder::recode_range(ConstByteSpan in, ByteSpan out,
                                                   std::uint64_t begin, std::uint64_t end) const {
  const std::uint64_t piece = std::max(kPieceValues / unit_, std::uint64_t{1}) * unit_;
  std::vector<float> values(piece);
  for (std::uint64_t at = begin; at < end; at += piece) {
    const std::uint64_t n = std::min(piece, end - at);
    const std::span<float> floats = std::span(values).first(n);
    from_.decode(in.subspan(from_.row_bytes(at), from_.row_bytes(n)), floats);
    if (to_.values_per_block > 1) {
      const auto bad = std::find_if(floats.begin(), floats.end(),
                                    [](float value) { return !std::isfinite(value); });
      if (bad != floats.end()) return at + static_cast<std::uint64_t>(bad - floats.begin());
    }
    to_.encode(floats, out.subspan(to_.row_bytes(at), to_.row_bytes(n)));
  }
  return std::nullopt;
}

}  // namespace blue::models
