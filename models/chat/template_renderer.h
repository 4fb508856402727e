// Renders the tree of a chat template, bounded in steps, in bytes made and in output.
// Depends on models/chat. One rendering, one thread; borrows the tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "models/chat/template_tree.h"
#include "models/chat/template_value.h"

namespace blue::models::chat {

class Renderer {
 public:
  struct Limits {
    std::uint64_t steps;
    std::uint64_t bytes;  ///< of output; four times as many may be made on the way
  };

  explicit Renderer(Limits limits) : limits_(limits) {}

  void define(std::string_view name, Value value) { variables_.emplace_back(name, std::move(value)); }
  Result<Text> render(const Program& program);

 private:
  Status run(const std::vector<Statement>& statements);
  Status run(const Statement& statement);
  Status run_set(const Statement& statement);
  Status run_loop(const Statement& statement);
  Status print(const Text& text, std::uint32_t line);

  Result<Value> evaluate(const Expression& expression);
  /// What has bytes or elements of its own is counted.
  Result<Value> counted(Result<Value> value, std::uint32_t line);
  Result<Value> evaluate_operation(const Expression& expression);
  Result<Value> evaluate_attribute(const Expression& expression);
  Result<Value> evaluate_slice(const Expression& expression);
  Result<Value> evaluate_call(const Expression& expression);
  Result<Value> call_function(const Expression& expression, const std::vector<Value>& arguments);
  Result<Value> evaluate_filter(const Expression& expression);
  /// All operands behind the first.
  Result<std::vector<Value>> evaluate_arguments(const Expression& expression);

  [[nodiscard]] Value look_up(std::string_view name) const;
  Status step(std::uint32_t line);

  Limits limits_;
  std::uint64_t n_steps_ = 0;
  std::uint64_t n_bytes_made_ = 0;
  std::vector<std::pair<std::string, Value>> variables_;  ///< inner scopes last
  std::size_t scope_begin_ = 0;
  Text out_;
};

}  // namespace blue::models::chat
