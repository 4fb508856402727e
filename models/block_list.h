// From a program's block plans to the catalog's blocks. Depends on models/program.h and
// memory/tiers/block.h. Pure.
#pragma once

#include <string>
#include <vector>

#include "memory/tiers/block.h"
#include "models/program.h"

namespace blue::models {

/// What BlockCatalog::add_model takes: blocks in Program::blocks order, named "<model>/<block>";
/// extents' files are Model::files.
std::vector<memory::Block> blocks_of(const Program& program, const std::string& model_name);

}  // namespace blue::models
