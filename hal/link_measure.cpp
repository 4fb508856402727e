#include "hal/link_measure.h"

#include <memory>
#include <vector>

namespace blue::hal {

Result<MeasuredRate> measure_link(Device& device, Nanoseconds budget_ns) {
  constexpr Bytes kPiece = 8_MiB;
  constexpr std::uint64_t kPieces = 4;
  BLUE_TRY_ASSIGN(const std::unique_ptr<Arena> arena, device.allocate(kPiece * kPieces));
  BLUE_TRY_ASSIGN(const std::unique_ptr<Stream> stream, device.open_stream());
  std::vector<std::byte> host((kPiece * kPieces).count, std::byte{1});
  // Refused page locking leaves a slower copy, which is what a run gets too.
  const auto lock = device.register_host(host);
  MeasuredRate rate{.working_set = kPiece * kPieces};
  const Nanoseconds began_ns = monotonic_now_ns();
  do {
    for (std::uint64_t i = 0; i < kPieces; ++i) {
      const std::uint64_t at = kPiece.count * i;
      BLUE_TRY(device.copy_to_device(arena->base() + at, host.data() + at, kPiece, *stream));
    }
    BLUE_TRY(stream->synchronize());
    rate.moved += kPiece * kPieces;
    rate.took_ns = monotonic_now_ns() - began_ns;
  } while (rate.took_ns < budget_ns);
  return rate;
}

}  // namespace blue::hal
