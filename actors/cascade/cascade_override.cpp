// --set: changes one stage's model, budget or sampling for one run.
#include <charconv>
#include <string>

#include "actors/cascade/cascade_file.h"

namespace blue::actors {

namespace {

Error bad(std::string_view assignment, const std::string& why) {
  return {ActorsError::bad_override, "--set " + std::string(assignment) + ": " + why};
}

template <class Number>
bool parse_all(std::string_view text, Number& number) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc() && end == text.data() + text.size();
}

std::string names(const CascadeSpec& cascade) {
  std::string all;
  for (const StageSpec& stage : cascade.stages) all += (all.empty() ? "" : ", ") + stage.name;
  return all;
}

}  // namespace

Status apply_override(CascadeSpec& cascade, std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  const std::size_t dot = assignment.substr(0, equals).find('.');
  if (equals == std::string_view::npos || dot == std::string_view::npos) {
    return bad(assignment, "write STAGE.KEY=VALUE, such as code.model=FILE");
  }
  const std::string_view stage_name = assignment.substr(0, dot);
  const std::string_view key = assignment.substr(dot + 1, equals - dot - 1);
  const std::string_view value = assignment.substr(equals + 1);
  for (StageSpec& stage : cascade.stages) {
    if (stage.name != stage_name) continue;
    StageSpec changed = stage;
    bool is_read = !value.empty();
    if (key == "model") {
      changed.model = value;
    } else if (key == "max_tokens") {
      is_read = parse_all(value, changed.max_tokens) && changed.max_tokens > 0;
    } else if (key == "temperature") {
      is_read = parse_all(value, changed.sampling.temperature);
    } else if (key == "seed") {
      is_read = parse_all(value, changed.sampling.seed);
    } else {
      return bad(assignment,
                 "no key '" + std::string(key) + "': model, max_tokens, temperature or seed");
    }
    if (!is_read)
      return bad(assignment, "'" + std::string(value) + "' is no value for " + std::string(key));
    if (const Status valid = changed.sampling.validate(); !valid)
      return bad(assignment, valid.error().message());
    stage = std::move(changed);
    return {};
  }
  return bad(assignment, "no stage '" + std::string(stage_name) + "' in " + cascade.source + ": " +
                             names(cascade));
}

}  // namespace blue::actors
