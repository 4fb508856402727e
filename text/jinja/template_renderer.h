// Renders the tree of a chat template: scopes, statements, expressions, macros; bounded by its
// Budget and in depth. Depends on text/jinja. One rendering, one thread; borrows the tree.
#pragma once

#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/jinja/template_arguments.h"
#include "text/jinja/template_budget.h"
#include "text/jinja/template_tree.h"
#include "text/jinja/template_value.h"

namespace blue::text::jinja {

/// The variables of the template, a loop's round, or a macro's call; what is not found is looked
/// for further out.
struct Scope {
  std::shared_ptr<Scope> outer;
  std::vector<std::pair<std::string_view, Value>> variables;
};

class Renderer {
 public:
  /// `now` is what strftime_now() shows; without it there is no such function.
  Renderer(const RenderLimits& limits, const std::optional<std::tm>& now);

  /// `name` outlives the rendering.
  void define(std::string_view name, Value value) {
    scope_->variables.emplace_back(name, std::move(value));
  }
  Result<Text> render(const Program& program);

  static constexpr int kMaxDepth =
      500;  ///< of statements and expressions in one another, through macros too

 private:
  /// How a body was left: by {% break %} or {% continue %} the rest of it is passed over.
  enum class Flow : std::uint8_t { onward, break_loop, next_round };

  Status run(const std::vector<Statement>& statements);
  Status run(const Statement& statement);
  Status run_print(const Statement& statement);
  Status run_set_block(const Statement& statement);
  Status run_filter_block(const Statement& statement);
  Status run_loop(const Statement& statement);
  Result<List> filtered(const Statement& statement, List entries);
  Status run_call_block(const Statement& statement);
  Status run_with(const Statement& statement);
  Status print(const Text& text, std::uint32_t line);
  /// The text that the body renders, in a scope of its own.
  Result<Text> capture(const std::vector<Statement>& body);
  /// The value of `expression`, whose innermost filter takes `captured`.
  Result<Value> filter_captured(const Expression& expression, Text captured);

  Status assign(const Expression& target, Value value);
  Status assign(std::string_view name, Value value, std::uint32_t line);
  Status assign_field(const Expression& target, Value value);
  Status assign_tuple(const Expression& target, const Value& value);

  Result<Value> evaluate(const Expression& expression);
  Result<Value> evaluate_at_depth(const Expression& expression);
  Result<Value> evaluate_list(const Expression& expression);
  Result<Value> evaluate_map(const Expression& expression);
  Result<Value> evaluate_operation(const Expression& expression);
  Result<Value> evaluate_comparison(const Expression& expression);
  Result<Value> evaluate_sign(const Expression& expression);
  Result<Value> evaluate_conditional(const Expression& expression);
  Result<Value> evaluate_slice(const Expression& expression);
  Result<Value> evaluate_call(const Expression& expression);
  Result<Value> evaluate_named(const Expression& expression);
  /// All operands behind the first, and the named ones.
  Result<Arguments> evaluate_arguments(const Expression& expression);
  Status spread_map(const Expression& spread, Arguments& arguments);
  /// What has bytes or entries of its own is bounded in size and depth.
  Status check(const Value& value, std::uint32_t line);

  Result<Value> call(Callable& callable, const Arguments& arguments, const Site& site);
  Result<Value> call_macro(const Callable& macro, const Arguments& arguments, const Site& site);
  Status bind_parameters(const Callable& macro, const Arguments& arguments, const Site& site);

  Result<Value> look_up(std::string_view name, std::uint32_t line);
  [[nodiscard]] Site at(std::uint32_t line) { return Site{budget_, line}; }

  /// Makes a scope around a body and leaves it again, however the body ends.
  class Inner {
   public:
    Inner(Renderer& renderer, std::shared_ptr<Scope> outer);
    ~Inner() { renderer_.scope_ = std::move(before_); }
    Inner(const Inner&) = delete;
    Inner& operator=(const Inner&) = delete;

   private:
    Renderer& renderer_;
    std::shared_ptr<Scope> before_;
  };

  Budget budget_;
  std::optional<std::tm> now_;
  std::shared_ptr<Scope> scope_;
  Flow flow_ = Flow::onward;
  int depth_ = 0;
  const Text* captured_ = nullptr;
  Text out_;
};

/// The functions that every template may call: range, namespace, dict, raise_exception,
/// strftime_now, cycler, joiner.
bool is_function(std::string_view name);
Result<Value> call_global_function(std::string_view name, const Arguments& arguments,
                                   const std::optional<std::tm>& now, const Site& site);

}  // namespace blue::text::jinja
