// What a model costs by token, worked out before anything is loaded: where its bytes will lie, what
// moves over which link, how long that takes, what limits it. Rates are given in. It assumes:
//   - a steady state: the first tokens, which fill the tiers, are left out;
//   - dense blocks, whose order is known, are evicted as Belady would, and their loads overlap with
//     computing; experts are chosen independently from token to token, by the given skew, and are
//     loaded while the step waits;
//   - tier 1 keeps what tier 0 does not; a drive is read past the page cache.
// Depends on models/program.h, memory/tiers. Pure; any thread.
// Source: Belady 1966; Che, Tung and Wang 2002 (the hit rate of LRU).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/op.h"
#include "memory/tiers/eviction_policy.h"
#include "models/program.h"

namespace blue::models {

/// The routed experts of one layer, of equal size.
struct ExpertLayer {
  std::uint32_t n_experts = 0;
  std::uint32_t top_k = 0;
  Bytes expert;
};

/// A model as far as its cost goes.
struct ModelSizes {
  Bytes dense;  ///< the blocks that every step needs
  std::uint32_t n_dense = 0;
  std::vector<ExpertLayer> experts;
  Bytes read_per_token;  ///< weights that the arithmetic of one token reads
  std::uint32_t n_ops = 0;
  Bytes kv_per_token;  ///< rows that one token adds to the cache

  [[nodiscard]] Bytes expert_bytes() const;
  [[nodiscard]] Bytes weights() const { return dense + expert_bytes(); }
};
ModelSizes sizes_of(const Program& program, kernels::KvType kv);

/// Bytes a second; 0: there is no such link.
struct LinkRates {
  double disk = 0;     ///< file to memory
  double link = 0;     ///< tier 1 to tier 0
  double compute = 0;  ///< weights, as kernels of one token read them from tier 0
  double op_ns = 0;    ///< nanoseconds that an op takes beside that
};

struct CostQuestion {
  Bytes vram;
  Bytes ram;  ///< 0: no tier 1
  memory::EvictionPolicy policy = memory::EvictionPolicy::automatic;
  /// How likely an expert of a layer is chosen falls with its rank as rank^-skew; 0: uniform.
  double skew = 0;
  LinkRates rates;
};

enum class Bound : std::uint8_t { compute, link, disk };
std::string_view to_text(Bound bound);

/// How many bytes of a model lie in a tier; in the last: in its file alone.
struct TierShare {
  Bytes dense;
  Bytes experts;
};

struct ModelCost {
  std::array<TierShare, memory::kTiers> places;
  double expert_hit_rate = 1;  ///< of the experts that a token chooses, in tier 0
  double disk_bytes = 0;       ///< by token
  double link_bytes = 0;       ///< by token
  double compute_ms = 0;       ///< by token, as all that follows
  double link_ms = 0;
  double disk_ms = 0;
  double token_ms = 0;  ///< with what overlaps
  Bound bound = Bound::compute;
  double load_ms = 0;  ///< from the drive until tier 0 is full

  [[nodiscard]] double tokens_per_s() const { return token_ms > 0 ? 1e3 / token_ms : 0; }
};
ModelCost cost_of(const ModelSizes& model, const CostQuestion& question);

/// Milliseconds from another model to this one, where all of `models` take turns: what tier 0 lost
/// comes back from tier 1 as far as that holds it, the rest from the drive. 0 where all of them fit
/// into tier 0 together.
double switch_ms(const ModelSizes& model, const std::vector<ModelSizes>& models,
                 const CostQuestion& question);

/// By expert, the likeliest first: how likely a token chooses it. Falls with the rank as
/// rank^-skew, is at most 1, and sums up to top_k: what `tools/synth --skew` writes.
std::vector<double> choice_odds(std::uint32_t n_experts, std::uint32_t top_k, double skew);

}  // namespace blue::models
