// Parses the expressions of a chat template by Jinja's precedence, and holds the place in the
// tokens. Depends on text/jinja. One parse; borrows the tokens.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/jinja/template_lexer.h"
#include "text/jinja/template_tree.h"

namespace blue::text::jinja {

class ExpressionParser {
 public:
  using Node = std::unique_ptr<Expression>;
  static constexpr int kMaxDepth = 100;

  explicit ExpressionParser(const std::vector<Token>& tokens) : tokens_(tokens) {}

  /// A whole expression, with `x if c else y`.
  Result<Node> parse();
  /// An expression, or several between commas: a tuple.
  Result<Node> parse_tuple();
  /// The same, where `if` ends each: what a loop runs over.
  Result<Node> parse_loop_range();
  /// What {% set %} and {% for %} give a value to: a name, or names between commas.
  Result<Node> parse_target();
  /// `| filter | filter`, or `filter | filter` behind a statement's name, of what a block has
  /// captured.
  enum class FilterStart : std::uint8_t { behind_bar, here };
  Result<Node> parse_capture_filters(FilterStart start);

  [[nodiscard]] const Token& peek() const { return tokens_[at_]; }
  Token next() { return tokens_[peek().kind == TokenKind::end ? at_ : at_++]; }
  [[nodiscard]] bool sees(TokenKind kind, std::string_view text) const {
    return peek().kind == kind && peek().text == text;
  }
  /// Takes the token when it is this one.
  bool accept(TokenKind kind, std::string_view text);
  Status expect(TokenKind kind, std::string_view text);
  Status expect_kind(TokenKind kind, std::string_view name);
  Result<std::string> expect_name(std::string_view what);
  /// bad_template naming the token at hand.
  [[nodiscard]] Error unexpected(std::string_view wanted) const;
  /// Behind an element: takes a comma, or leaves the `closing` symbol.
  Status end_element(std::string_view closing);

  /// Counts nesting in its lifetime; statements nest too.
  class Depth {
   public:
    explicit Depth(int& depth) : depth_(depth) { ++depth_; }
    ~Depth() { --depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

   private:
    int& depth_;
  };
  [[nodiscard]] int& depth() { return depth_; }
  /// Which of varargs, kwargs and caller were named since this was last reset: what a macro then
  /// takes.
  Statement::Extras extras;
  [[nodiscard]] Status check_depth() const;

 private:
  Result<Node> parse_or();
  Result<Node> parse_and();
  Result<Node> parse_not();
  Result<Node> parse_comparison();
  [[nodiscard]] std::string accept_comparison();
  Result<Node> parse_sum();
  Result<Node> parse_joined();
  Result<Node> parse_product();
  Result<Node> parse_power();
  enum class Filters : std::uint8_t { taken, left };
  Result<Node> parse_unary(Filters filters);
  Result<Node> parse_primary();
  Result<Node> parse_literal();
  Result<Node> parse_parenthesis();
  Result<Node> parse_postfix(Node node);
  Result<Node> parse_filters_and_tests(Node node);
  Result<Node> parse_filter(Node node);
  Result<Node> parse_test(Node node);
  [[nodiscard]] bool sees_test_argument() const;
  Result<Node> parse_subscript(Node node);
  Result<Node> parse_list();
  Result<Node> parse_map();
  Status parse_arguments(Expression& call);
  Result<Node> parse_spread(ExpressionKind kind, const Expression& call);
  template <class Element>
  Result<Node> parse_commas(Element element);
  /// operand (symbol operand)*, for any of `symbols`.
  template <class Operand>
  Result<Node> parse_left_associative(Operand operand,
                                      std::initializer_list<std::string_view> symbols);

  [[nodiscard]] Node make(ExpressionKind kind, std::string text = {}) const;

  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace blue::text::jinja
