#include "actors/cascade/run_record.h"

#include <bit>
#include <cstring>

namespace blue::actors {
namespace {

constexpr std::uint32_t kVersion = 2;
constexpr std::uint32_t kVersionWithoutResources = 1;

class Writer {
 public:
  template <class T>
  requires std::is_integral_v<T>
  void number(T value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void real(float value) { number(std::bit_cast<std::uint32_t>(value)); }
  void text(const std::string& value) {
    number(static_cast<std::uint32_t>(value.size()));
    const auto bytes = std::as_bytes(std::span(value));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void texts(const std::vector<std::string>& values) {
    number(static_cast<std::uint32_t>(values.size()));
    for (const std::string& value : values) text(value);
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

/// Reads until something does not fit; is_good() then stays false and every value is empty.
class Reader {
 public:
  explicit Reader(ConstByteSpan bytes) : bytes_(bytes) {}

  template <class T>
  requires std::is_integral_v<T> T number() {
    const std::optional<T> value = load_at<T>(bytes_, offset_);
    if (!value || !is_good_) return is_good_ = false, T{};
    offset_ += sizeof(T);
    return *value;
  }
  float real() { return std::bit_cast<float>(number<std::uint32_t>()); }
  std::string text() {
    const auto size = number<std::uint32_t>();
    if (!is_good_ || bytes_.size() - offset_ < size) return is_good_ = false, std::string();
    std::string value(size, '\0');
    std::memcpy(value.data(), bytes_.data() + offset_, size);
    offset_ += size;
    return value;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> values;
    for (std::uint32_t n = number<std::uint32_t>(); n > 0 && is_good_; --n)
      values.push_back(text());
    return values;
  }
  [[nodiscard]] bool is_good() const { return is_good_; }
  [[nodiscard]] bool is_at_end() const { return is_good_ && offset_ == bytes_.size(); }

 private:
  ConstByteSpan bytes_;
  std::uint64_t offset_ = 0;
  bool is_good_ = true;
};

void write_stage(Writer& out, const StageSpec& stage) {
  for (const std::string* value :
       {&stage.name, &stage.role, &stage.model, &stage.system, &stage.prompt, &stage.writes}) {
    out.text(*value);
  }
  out.texts(stage.reads);
  out.number(stage.max_tokens);
  out.real(stage.sampling.temperature);
  out.number(static_cast<std::int32_t>(stage.sampling.top_k));
  out.real(stage.sampling.top_p);
  out.real(stage.sampling.min_p);
  out.number(stage.sampling.seed);
  out.number(static_cast<std::uint8_t>(stage.skip.has_value()));
  if (!stage.skip) return;
  out.text(stage.skip->after);
  out.real(stage.skip->mean_entropy_below);
  out.text(stage.skip->copy);
}

StageSpec read_stage(Reader& in) {
  StageSpec stage;
  for (std::string* value :
       {&stage.name, &stage.role, &stage.model, &stage.system, &stage.prompt, &stage.writes}) {
    *value = in.text();
  }
  stage.reads = in.texts();
  stage.max_tokens = in.number<std::uint32_t>();
  stage.sampling.temperature = in.real();
  stage.sampling.top_k = in.number<std::int32_t>();
  stage.sampling.top_p = in.real();
  stage.sampling.min_p = in.real();
  stage.sampling.seed = in.number<std::uint64_t>();
  if (in.number<std::uint8_t>() != 0) {
    SkipRule rule;
    rule.after = in.text();
    rule.mean_entropy_below = in.real();
    rule.copy = in.text();
    stage.skip = std::move(rule);
  }
  return stage;
}

void write_size(Writer& out, MemorySize size) {
  out.number(size.bytes().count);
  out.number(size.millionths());
}

MemorySize read_size(Reader& in) {
  const Bytes bytes{in.number<std::uint64_t>()};
  const auto millionths = in.number<std::uint32_t>();
  return millionths > 0 ? MemorySize::share(millionths) : MemorySize(bytes);
}

void write_resources(Writer& out, const ResourceOptions& resources) {
  write_size(out, resources.vram);
  write_size(out, resources.ram);
  out.text(resources.policy ? std::string(to_text(*resources.policy)) : "");
  out.number(resources.n_threads);
}

/// Nothing where a name or number has no meaning.
std::optional<ResourceOptions> decode_resources(Reader& in) {
  ResourceOptions resources{.vram = read_size(in), .ram = read_size(in)};
  const std::string policy = in.text();
  resources.n_threads = in.number<std::uint32_t>();
  if (!policy.empty()) {
    const auto parsed = parse_policy(policy);
    if (!parsed) return std::nullopt;
    resources.policy = *parsed;
  }
  const bool is_possible = resources.vram.millionths() <= MemorySize::kWhole &&
                           resources.ram.millionths() <= MemorySize::kWhole &&
                           resources.n_threads <= kMostThreads;
  return is_possible ? std::optional(resources) : std::nullopt;
}

Error damaged(const std::string& name, std::string_view what) {
  return Error(ActorsError::bad_cascade,
               name + ": " + std::string(what) + " is damaged or of another version");
}

}  // namespace

std::vector<std::byte> encode_run_record(const RunRecord& record) {
  Writer out;
  out.number(kVersion);
  const CascadeSpec& cascade = record.cascade;
  out.text(cascade.name);
  out.text(cascade.source);
  out.texts(cascade.slots);
  out.text(cascade.input);
  out.text(cascade.output);
  out.number(static_cast<std::uint8_t>(cascade.allows_skip));
  out.number(static_cast<std::uint32_t>(cascade.stages.size()));
  for (const StageSpec& stage : cascade.stages) write_stage(out, stage);
  out.text(record.task);
  out.number(static_cast<std::uint8_t>(record.skip));
  write_resources(out, cascade.resources);
  return out.take();
}

Result<RunRecord> decode_run_record(ConstByteSpan payload, const std::string& name) {
  Reader in(payload);
  const auto version = in.number<std::uint32_t>();
  if (version != kVersion && version != kVersionWithoutResources)
    return damaged(name, "the run's description");
  RunRecord record;
  CascadeSpec& cascade = record.cascade;
  cascade.name = in.text();
  cascade.source = in.text();
  cascade.slots = in.texts();
  cascade.input = in.text();
  cascade.output = in.text();
  cascade.allows_skip = in.number<std::uint8_t>() != 0;
  for (auto n = in.number<std::uint32_t>(); n > 0 && in.is_good(); --n)
    cascade.stages.push_back(read_stage(in));
  record.task = in.text();
  record.skip = in.number<std::uint8_t>() == 0 ? SkipPolicy::never : SkipPolicy::as_configured;
  if (version != kVersionWithoutResources) {
    const std::optional<ResourceOptions> resources = decode_resources(in);
    if (!resources) return damaged(name, "the run's description");
    cascade.resources = *resources;
  }
  if (!in.is_at_end()) return damaged(name, "the run's description");
  return record;
}

std::vector<std::byte> encode_run_end(const RunEndRecord& record) {
  Writer out;
  out.number(static_cast<std::uint8_t>(record.outcome));
  out.text(record.error);
  return out.take();
}

Result<RunEndRecord> decode_run_end(ConstByteSpan payload, const std::string& name) {
  Reader in(payload);
  const auto outcome = in.number<std::uint8_t>();
  RunEndRecord record{static_cast<messages::Outcome>(outcome), in.text()};
  if (!in.is_at_end() || outcome > static_cast<std::uint8_t>(messages::Outcome::cancelled)) {
    return damaged(name, "the run's end");
  }
  return record;
}

}  // namespace blue::actors
