// What one rendering may spend: steps, bytes looked at, bytes made. Every operation of a template
// pays here before it works, so that a hostile one ends in an error instead of taking time or
// memory. Depends on text/jinja. One rendering, one thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "text/jinja/template_lexer.h"
#include "text/jinja/template_value.h"

namespace blue::text::jinja {

struct RenderLimits {
  std::uint64_t steps = 1'000'000;                      ///< statements and expressions
  std::uint64_t bytes = std::uint64_t{64} << 20;        ///< of output, and of any one value
  std::uint64_t bytes_made = std::uint64_t{256} << 20;  ///< of all values together
  std::uint64_t bytes_seen = std::uint64_t{8} << 30;    ///< compared, searched, walked through
};

class Budget {
 public:
  explicit Budget(const RenderLimits& limits) : limits_(limits) {}

  [[nodiscard]] const RenderLimits& limits() const { return limits_; }

  Status step(std::uint32_t line) {
    if (++n_steps_ <= limits_.steps) return {};
    return template_error(line,
                          "rendering takes more than " + std::to_string(limits_.steps) + " steps");
  }
  /// Before `n` bytes are looked at; an entry of a list or map counts as some bytes.
  Status see(std::uint64_t n, std::uint32_t line) {
    n_seen_ += n;
    if (n_seen_ <= limits_.bytes_seen && n <= limits_.bytes_seen) return {};
    return template_error(line, "rendering looks at more than " +
                                    std::to_string(limits_.bytes_seen) + " bytes of text");
  }
  /// Before `n` bytes are made.
  Status make(std::uint64_t n, std::uint32_t line) {
    n_made_ += n;
    if (n <= limits_.bytes && n_made_ <= limits_.bytes_made) return {};
    return template_error(line, "rendering makes more than " + std::to_string(limits_.bytes_made) +
                                    " bytes of text, or " + std::to_string(limits_.bytes) +
                                    " at once");
  }

 private:
  RenderLimits limits_;
  std::uint64_t n_steps_ = 0;
  std::uint64_t n_seen_ = 0;
  std::uint64_t n_made_ = 0;
};

/// Where in the template something happens, and who pays. What every function below the renderer is
/// given.
struct Site {
  Budget& budget;
  std::uint32_t line = 0;

  [[nodiscard]] Error error(const std::string& what) const { return template_error(line, what); }
  [[nodiscard]] Error misfit(std::string_view what, const Value& value) const {
    return error(std::string(what) + " of " + std::string(value.kind()));
  }
  [[nodiscard]] Status see(std::uint64_t n) const { return budget.see(n, line); }
  [[nodiscard]] Status make(std::uint64_t n) const { return budget.make(n, line); }
  /// Before an operation that walks all of it.
  [[nodiscard]] Status see(const Value& value) const { return see(value.extent().weight); }
};

inline constexpr std::uint32_t kMaxValueDepth = 100;
inline constexpr std::uint64_t kBytesPerEntry =
    32;  ///< what an entry of a list or map costs to make or to pass

}  // namespace blue::text::jinja
