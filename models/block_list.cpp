#include "models/block_list.h"

namespace blue::models {

std::vector<memory::Block> blocks_of(const Program& program, const std::string& model_name) {
  std::vector<memory::Block> blocks;
  blocks.reserve(program.blocks.size());
  for (const BlockPlan& plan : program.blocks) {
    blocks.push_back({{}, plan.kind, plan.size, plan.extents, model_name + "/" + plan.name});
  }
  return blocks;
}

namespace {

/// Calls use(op, block, place) for the ops that read a block that is no expert, in program order.
template <class Use>
void for_each_dense_op(const Program& program, Use&& use) {
  std::uint32_t block_in_use = kNoBlock;
  std::uint32_t n_places = 0;
  for (std::uint32_t op = 0; op < program.ops.size(); ++op) {
    const std::uint32_t block = program.op_blocks[op];
    if (block == kNoBlock || program.blocks[block].kind == memory::BlockKind::expert) continue;
    if (block != block_in_use) ++n_places;
    block_in_use = block;
    use(op, block, n_places - 1);
  }
}

}  // namespace

std::vector<memory::BlockId> step_order(const Program& program,
                                        std::span<const memory::BlockId> ids) {
  std::vector<memory::BlockId> order;
  for_each_dense_op(program, [&](std::uint32_t, std::uint32_t block, std::uint32_t place) {
    if (place == order.size()) order.push_back(ids[block]);
  });
  return order;
}

std::vector<std::uint32_t> op_places(const Program& program) {
  std::vector<std::uint32_t> places(program.ops.size(), kNoBlock);
  for_each_dense_op(
      program, [&](std::uint32_t op, std::uint32_t, std::uint32_t place) { places[op] = place; });
  return places;
}

}  // namespace blue::models
