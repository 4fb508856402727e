#include "actors/stage/model_registry.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "models/block_list.h"
#include "models/model_index.h"
#include "models/working_set.h"

namespace blue::actors {

namespace {

/// The room for one block: tier 0, or tier 1 where the device reads it in place.
Bytes largest_room(const TierMemory& tiers) {
  const Bytes vram = tiers.budget(memory::Tier::vram);
  return tiers.is_ram_page_locked() ? std::max(vram, tiers.budget(memory::Tier::ram)) : vram;
}

}  // namespace

Result<std::shared_ptr<const LoadedModel>> ModelRegistry::open(const std::string& path) const {
  const MutexLock lock(mutex_);
  if (const auto found = models_.find(path); found != models_.end()) return found->second;
  auto loaded = std::make_shared<LoadedModel>();
  BLUE_TRY_ASSIGN(loaded->model, models::open_model(path, options_));
  BLUE_TRY(models::check_tier_0(loaded->model->program, largest_room(tiers_), path));
  for (const std::string& note : loaded->model->program.notes)
    log_.write_once(LogLevel::info, path + ": " + note);
  const std::string name = std::filesystem::path(path).stem().string();
  BLUE_TRY_ASSIGN(memory::CatalogModel taken,
                  tiers_.catalog().add_model(name, loaded->model->files,
                                             models::blocks_of(loaded->model->program, name)));
  loaded->blocks = std::move(taken.blocks);
  models::load_index_or_warn(*loaded->model, loaded->blocks, tiers_.catalog(), log_);
  loaded->catalog_id = taken.model;
  auto added = tiers_.orders().add(models::step_order(loaded->model->program, loaded->blocks),
                                   loaded->blocks);
  if (!added) {
    tiers_.catalog().remove_model(loaded->catalog_id);
    return std::move(added).error();
  }
  loaded->order = *added;
  return models_[path] = std::move(loaded);
}

void ModelRegistry::note_system_message(const models::Model& model) const {
  const std::string note = model.system_note();
  if (!note.empty()) log_.write_once(LogLevel::info, model.path + ": " + note);
}

std::vector<std::shared_ptr<const LoadedModel>> ModelRegistry::all() const {
  const MutexLock lock(mutex_);
  std::vector<std::shared_ptr<const LoadedModel>> all;
  for (const auto& [path, model] : models_) all.push_back(model);
  return all;
}

std::shared_ptr<const LoadedModel> ModelRegistry::find(const std::string& path) const {
  const MutexLock lock(mutex_);
  const auto found = models_.find(path);
  return found == models_.end() ? nullptr : found->second;
}

void ModelRegistry::remove(const std::string& path) {
  const MutexLock lock(mutex_);
  const auto found = models_.find(path);
  if (found == models_.end()) return;
  tiers_.orders().remove(found->second->order);
  tiers_.catalog().remove_model(found->second->catalog_id);
  models_.erase(found);
}

}  // namespace blue::actors
