#include "apps/blue/figures.h"

#include <cstdio>

namespace blue::apps {

namespace {

constexpr std::uint64_t kNotCounted = messages::StageFigures::kNotCounted;

}  // namespace

std::optional<models::ModelCost> predict(runtime::Runtime& runtime, const std::string& model,
                                         LogSink& log) {
  auto predicted = runtime.predict(model);
  if (predicted) return *predicted;
  // A model that cannot be opened is the error of loading it.
  if (predicted.error().kind() != ErrorKind::bad_input)
    log.write_once(LogLevel::info, "no prediction: " + predicted.error().message());
  return std::nullopt;
}

std::string prediction_text(const models::ModelCost& cost) {
  char text[200];
  std::snprintf(text, sizeof text,
                "predicted %.2f tokens/s, bound by %s: %.3f GB a token to read, %.3f GB to copy",
                cost.tokens_per_s(), std::string(to_text(cost.bound)).c_str(),
                cost.disk_bytes / 1e9, cost.link_bytes / 1e9);
  return text;
}

std::string moved_text(const messages::StageFigures& figures) {
  if (figures.n_misses == 0) return {};
  std::string text = std::to_string(figures.n_misses) + " blocks were waited for";
  if (figures.n_hits != kNotCounted) text += ", " + std::to_string(figures.n_hits) + " were there";
  char part[96];
  if (figures.n_bytes_read != kNotCounted && figures.n_bytes_copied != kNotCounted) {
    std::snprintf(part, sizeof part, "; %.3f GB read, %.3f GB copied",
                  static_cast<double>(figures.n_bytes_read) / 1e9,
                  static_cast<double>(figures.n_bytes_copied) / 1e9);
    text += part;
  }
  if (figures.stall_ns != kNotCounted) {
    std::snprintf(part, sizeof part, "; stalled for %.1f ms",
                  static_cast<double>(figures.stall_ns) / 1e6);
    text += part;
  }
  return text;
}

}  // namespace blue::apps
