#include "models/cost_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/format.h"
#include "kernels/kv_rows.h"

namespace blue::models {
namespace {

constexpr int kHalvings = 80;

double as_double(Bytes bytes) { return static_cast<double>(bytes.count); }

double ms_of(double bytes, double rate) { return rate > 0 ? bytes / rate * 1e3 : 0; }

/// The x in [low, high] where the rising function `value` reaches `wanted`.
template <class Value>
double solve(double low, double high, double wanted, const Value& value) {
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (value(middle) < wanted ? low : high) = middle;
  }
  return (low + high) / 2;
}

/// What a step that reads `n` blocks of `total` bytes in a known order misses of them with room for
/// `room` bytes: of n blocks with room for c Belady's rule misses n - c in n - 1.
double missed_of_order(double total, std::uint32_t n, double room) {
  if (room >= total || n == 0) return 0;
  if (n == 1) return total;
  const double block = total / n;
  return std::clamp(total * (total - room) / (total - block), 0.0, total);
}

/// An expert, or several alike: how likely a token chooses it, and its bytes.
struct Item {
  double odds;
  double bytes;
};

std::vector<Item> items_of(const ModelSizes& model, double skew) {
  std::vector<Item> items;
  for (const ExpertLayer& layer : model.experts) {
    for (const double odds : choice_odds(layer.n_experts, layer.top_k, skew))
      items.push_back({odds, as_double(layer.expert)});
  }
  return items;
}

/// Expected bytes of chosen experts, by token.
double chosen_bytes(const std::vector<Item>& items) {
  return std::accumulate(items.begin(), items.end(), 0.0,
                         [](double sum, const Item& item) { return sum + item.odds * item.bytes; });
}

/// Least recently used: an item is there if it was chosen within the last t tokens, where t is the
/// time in which as many bytes as there is room for are chosen.
double missed_by_recency(const std::vector<Item>& items, double room) {
  const auto absent = [](const Item& item, double t) {
    return item.odds >= 1 ? 0.0 : std::pow(1 - item.odds, t);
  };
  const auto held = [&](double log_t) {
    double bytes = 0;
    for (const Item& item : items) bytes += item.bytes * (1 - absent(item, std::exp(log_t)));
    return bytes;
  };
  const double t = std::exp(solve(-30, 30, room, held));
  double missed = 0;
  for (const Item& item : items) missed += item.odds * item.bytes * absent(item, t);
  return missed;
}

/// The likeliest are there.
double missed_by_frequency(std::vector<Item> items, double room) {
  std::ranges::sort(items, std::greater(), &Item::odds);
  double missed = 0;
  for (const Item& item : items) {
    const double held = std::clamp(room, 0.0, item.bytes);
    room -= held;
    missed += item.odds * (item.bytes - held);
  }
  return missed;
}

/// What a token misses of its chosen experts with room for `room` bytes of them.
double missed_experts(const std::vector<Item>& items, double room, memory::EvictionPolicy policy) {
  double total = 0;
  for (const Item& item : items) total += item.bytes;
  if (room >= total) return 0;
  if (room <= 0) return chosen_bytes(items);
  // The automatic policy counts leases that fade: in a steady state it tends to the frequency.
  return policy == memory::EvictionPolicy::lru ? missed_by_recency(items, room)
                                               : missed_by_frequency(items, room);
}

/// Dense blocks have a known use and stay; experts take what they leave.
std::array<TierShare, memory::kTiers> places_of(const ModelSizes& model, Bytes vram, Bytes ram) {
  std::array<TierShare, memory::kTiers> places;
  Bytes dense = model.dense;
  Bytes experts = model.expert_bytes();
  const auto fill = [&](TierShare& share, Bytes room) {
    share.dense = std::min(dense, room);
    share.experts = std::min(experts, room - share.dense);
    dense -= share.dense;
    experts -= share.experts;
  };
  fill(places[static_cast<std::size_t>(memory::Tier::vram)], vram);
  fill(places[static_cast<std::size_t>(memory::Tier::ram)], ram);
  places[static_cast<std::size_t>(memory::Tier::nvme)] = {dense, experts};
  return places;
}

struct Missed {
  double dense = 0;
  double experts = 0;
};

Missed missed_of(const ModelSizes& model, const std::vector<Item>& items, double room,
                 memory::EvictionPolicy policy) {
  const double dense = as_double(model.dense);
  return {missed_of_order(dense, model.n_dense, room), missed_experts(items, room - dense, policy)};
}

}  // namespace

std::string_view to_text(Bound bound) {
  switch (bound) {
    case Bound::compute: return "compute";
    case Bound::link: return "link";
    case Bound::disk: return "disk";
  }
  return "unknown";
}

Bytes ModelSizes::expert_bytes() const {
  Bytes total;
  for (const ExpertLayer& layer : experts) total += layer.expert * layer.n_experts;
  return total;
}

ModelSizes sizes_of(const Program& program, kernels::KvType kv) {
  ModelSizes sizes;
  for (const BlockPlan& block : program.blocks) {
    if (block.kind == memory::BlockKind::expert) continue;
    sizes.dense += block.size;
    ++sizes.n_dense;
  }
  for (const ExpertGroup& group : program.expert_groups)
    sizes.experts.push_back({group.n_experts, group.top_k, program.blocks[group.first_block].size});
  sizes.n_ops = static_cast<std::uint32_t>(program.ops.size());
  for (const kernels::Op& op : program.ops) {
    if (op.weight == kernels::kNoOperand) continue;
    const WeightUse& use = program.weights[op.weight];
    const std::uint64_t n_rows = op.kind == kernels::OpKind::embed ? 1 : use.rows;
    const std::uint64_t n_matrices = use.n_experts > 0 ? op.top_k : 1;
    sizes.read_per_token += Bytes{n_rows * use.format->row_bytes(use.cols) * n_matrices};
  }
  const std::uint64_t values = std::uint64_t{program.kv.k_width} + program.kv.v_width;
  sizes.kv_per_token = Bytes{values / kernels::kv_block_values(kv) * kernels::kv_block_bytes(kv) *
                             program.kv.n_layers};
  return sizes;
}

std::vector<double> choice_odds(std::uint32_t n_experts, std::uint32_t top_k, double skew) {
  if (top_k >= n_experts) return std::vector<double>(n_experts, 1.0);
  std::vector<double> odds(n_experts);
  for (std::uint32_t e = 0; e < n_experts; ++e) odds[e] = std::pow(e + 1.0, -skew);
  // The largest factor that is needed makes even the last a certainty.
  const double factor = solve(0, 1 / odds.back(), top_k, [&](double scale) {
    double n = 0;
    for (const double share : odds) n += std::min(1.0, scale * share);
    return n;
  });
  for (double& share : odds) share = std::min(1.0, factor * share);
  return odds;
}

ModelCost cost_of(const ModelSizes& model, const CostQuestion& question) {
  const LinkRates& rates = question.rates;
  const std::vector<Item> items = items_of(model, question.skew);
  ModelCost cost;
  cost.places = places_of(model, question.vram, question.ram);
  const Missed tier_0 = missed_of(model, items, as_double(question.vram), question.policy);
  const Missed both =
      missed_of(model, items, as_double(question.vram + question.ram), question.policy);
  const double chosen = chosen_bytes(items);
  if (chosen > 0) cost.expert_hit_rate = 1 - tier_0.experts / chosen;
  const bool has_link = rates.link > 0;
  cost.disk_bytes = both.dense + both.experts;
  cost.link_bytes = has_link ? tier_0.dense + tier_0.experts : 0;
  cost.compute_ms =
      ms_of(as_double(model.read_per_token), rates.compute) + model.n_ops * rates.op_ns / 1e6;
  cost.disk_ms = ms_of(cost.disk_bytes, rates.disk);
  cost.link_ms = ms_of(cost.link_bytes, rates.link);
  // Reading and copying form a pipeline. The order of dense blocks is known, so they come while
  // others compute; experts are known when the step already waits for them.
  const double dense_ms = std::max(ms_of(both.dense, rates.disk), ms_of(tier_0.dense, rates.link));
  const double experts_ms =
      std::max(ms_of(both.experts, rates.disk), ms_of(tier_0.experts, rates.link));
  cost.token_ms = std::max(cost.compute_ms, dense_ms) + experts_ms;
  if (cost.compute_ms < std::max(cost.disk_ms, cost.link_ms))
    cost.bound = cost.disk_ms >= cost.link_ms ? Bound::disk : Bound::link;
  const double filled = as_double(std::min(model.weights(), question.vram));
  cost.load_ms = std::max(ms_of(filled, rates.disk), ms_of(filled, rates.link));
  return cost;
}

double switch_ms(const ModelSizes& model, const std::vector<ModelSizes>& models,
                 const CostQuestion& question) {
  Bytes all;
  for (const ModelSizes& other : models) all += other.weights();
  if (all <= question.vram) return 0;
  const double lost = as_double(std::min(model.weights(), question.vram));
  const double in_ram = std::min(1.0, as_double(question.ram) / as_double(all));
  return std::max(ms_of(lost * (1 - in_ram), question.rates.disk),
                  ms_of(lost, question.rates.link));
}

}  // namespace blue::models
