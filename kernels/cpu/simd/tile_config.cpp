#include "kernels/cpu/simd/tile_config.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace blue::kernels::cpu {

bool request_tiles() {
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM, which older headers lack
  constexpr long kTileData = 18;               // the state component: XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

}  // namespace blue::kernels::cpu
