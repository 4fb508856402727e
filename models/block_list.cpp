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

}  // namespace blue::models
