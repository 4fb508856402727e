// From a program's block plans to the catalog's blocks. Depends on models/program.h and
// memory/tiers/block.h. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "memory/tiers/block.h"
#include "models/program.h"

namespace blue::models {

/// What BlockCatalog::add_model takes: blocks in Program::blocks order, named "<model>/<block>";
/// extents' files are Model::files.
std::vector<memory::Block> blocks_of(const Program& program, const std::string& model_name);

/// The blocks that every step uses, in the order of their uses (a block may come twice): all but
/// the experts. What memory::StepOrders takes. `ids`: by Program::blocks index.
std::vector<memory::BlockId> step_order(const Program& program,
                                        std::span<const memory::BlockId> ids);
/// Per op: its block's place in step_order; kNoBlock for an op without one, or of an expert group.
std::vector<std::uint32_t> op_places(const Program& program);

}  // namespace blue::models
