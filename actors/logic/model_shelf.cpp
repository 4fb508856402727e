#include "actors/logic/model_shelf.h"

#include <filesystem>
#include <utility>

#include "models/block_list.h"

namespace blue::actors {

Result<std::shared_ptr<const ShelvedModel>> ModelShelf::open(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  if (const auto found = models_.find(path); found != models_.end()) return found->second;
  auto shelved = std::make_shared<ShelvedModel>();
  BLUE_TRY_ASSIGN(shelved->model, models::open_model(path));
  for (const std::string& note : shelved->model->program.notes)
    log_.write_once(LogLevel::info, path + ": " + note);
  const std::string name = std::filesystem::path(path).stem().string();
  BLUE_TRY_ASSIGN(memory::CatalogModel taken,
                  tiers_.catalog().add_model(name, shelved->model->files,
                                             models::blocks_of(shelved->model->program, name)));
  shelved->blocks = std::move(taken.blocks);
  return models_[path] = std::move(shelved);
}

std::vector<std::shared_ptr<const ShelvedModel>> ModelShelf::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const ShelvedModel>> all;
  for (const auto& [path, model] : models_) all.push_back(model);
  return all;
}

Result<std::vector<TokenId>> ModelShelf::encode(const std::string& model, std::string_view text) const {
  BLUE_TRY_ASSIGN(const auto shelved, open(model));
  const auto& tokenizer = shelved->model->tokenizer;
  if (!tokenizer) return Error(models::ModelsError::unsupported_tokenizer, shelved->model->tokenizer_error);
  return tokenizer->encode(text, models::SpecialTokens::as_text);
}

Result<std::string> ModelShelf::decode(const std::string& model, std::span<const TokenId> ids) const {
  BLUE_TRY_ASSIGN(const auto shelved, open(model));
  const auto& tokenizer = shelved->model->tokenizer;
  if (!tokenizer) return Error(models::ModelsError::unsupported_tokenizer, shelved->model->tokenizer_error);
  return tokenizer->decode(ids);
}

}  // namespace blue::actors
