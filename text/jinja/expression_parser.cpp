// Operators by their precedence, down to the operands (expression_operands.cpp); targets and
// commas.
#include "text/jinja/expression_parser.h"

namespace blue::text::jinja {
namespace {

using Node = ExpressionParser::Node;

std::string shown(const Token& token) {
  switch (token.kind) {
    case TokenKind::end: return "the end of the template";
    case TokenKind::end_block: return "%}";
    case TokenKind::end_print: return "}}";
    case TokenKind::string: return "a string";
    default: return "\"" + token.text + "\"";
  }
}

}  // namespace

Node ExpressionParser::make(ExpressionKind kind, std::string text) const {
  Node node = std::make_unique<Expression>();
  node->kind = kind;
  node->line = peek().line;
  node->text = std::move(text);
  return node;
}

Error ExpressionParser::unexpected(std::string_view wanted) const {
  return template_error(peek().line, shown(peek()) + " where " + std::string(wanted) +
                                         " should stand, or which this program does not know");
}

bool ExpressionParser::accept(TokenKind kind, std::string_view text) {
  if (!sees(kind, text)) return false;
  next();
  return true;
}

Status ExpressionParser::expect(TokenKind kind, std::string_view text) {
  if (!accept(kind, text)) return unexpected("\"" + std::string(text) + "\"");
  return {};
}

Status ExpressionParser::expect_kind(TokenKind kind, std::string_view name) {
  if (peek().kind != kind) return unexpected(name);
  next();
  return {};
}

Result<std::string> ExpressionParser::expect_name(std::string_view what) {
  if (peek().kind != TokenKind::name) return unexpected(what);
  return next().text;
}

Status ExpressionParser::check_depth() const {
  if (depth_ > kMaxDepth)
    return template_error(peek().line, "nested deeper than " + std::to_string(kMaxDepth));
  return {};
}

Result<Node> ExpressionParser::parse() {
  const Depth nested(depth_);
  BLUE_TRY(check_depth());
  BLUE_TRY_ASSIGN(Node value, parse_or());
  for (int n_here = 0; sees(TokenKind::name, "if"); ++n_here) {
    if (n_here > kMaxDepth) return unexpected("the end of an expression");
    Node node = make(ExpressionKind::conditional);
    next();
    node->operands.push_back(std::move(value));
    BLUE_TRY_ASSIGN(Node condition, parse_or());
    node->operands.push_back(std::move(condition));
    node->operands.emplace_back();
    if (accept(TokenKind::name, "else")) {
      BLUE_TRY_ASSIGN(node->operands[2], parse());
    }
    value = std::move(node);
  }
  return value;
}

template <class Element>
Result<Node> ExpressionParser::parse_commas(Element element) {
  BLUE_TRY_ASSIGN(Node first, element());
  if (!sees(TokenKind::symbol, ",")) return first;
  Node tuple = make(ExpressionKind::tuple);
  tuple->operands.push_back(std::move(first));
  while (accept(TokenKind::symbol, ",")) {
    const bool is_end = peek().kind == TokenKind::end_block ||
                        peek().kind == TokenKind::end_print || sees(TokenKind::symbol, ")") ||
                        sees(TokenKind::symbol, "=") || sees(TokenKind::name, "in") ||
                        sees(TokenKind::name, "if");
    if (is_end) break;
    BLUE_TRY_ASSIGN(Node more, element());
    tuple->operands.push_back(std::move(more));
  }
  return tuple;
}

Result<Node> ExpressionParser::parse_tuple() {
  return parse_commas([this] { return parse(); });
}

Result<Node> ExpressionParser::parse_loop_range() {
  return parse_commas([this] { return parse_or(); });
}

Result<Node> ExpressionParser::parse_target() {
  const Depth nested(depth_);
  BLUE_TRY(check_depth());
  return parse_commas([this]() -> Result<Node> {
    if (accept(TokenKind::symbol, "(")) {
      BLUE_TRY_ASSIGN(Node inner, parse_target());
      BLUE_TRY(expect(TokenKind::symbol, ")"));
      return inner;
    }
    Node name = make(ExpressionKind::name);
    BLUE_TRY_ASSIGN(name->text, expect_name("a variable"));
    for (const std::string_view word : {"true", "false", "none", "True", "False", "None"}) {
      if (name->text == word) return template_error(name->line, "a value given to " + name->text);
    }
    if (!accept(TokenKind::symbol, ".")) return name;
    Node attribute = make(ExpressionKind::attribute);
    BLUE_TRY_ASSIGN(attribute->text, expect_name("an attribute"));
    attribute->operands.push_back(std::move(name));
    return attribute;
  });
}

Result<Node> ExpressionParser::parse_capture_filters(FilterStart start) {
  Node node = make(ExpressionKind::captured);
  if (start == FilterStart::here) {
    BLUE_TRY_ASSIGN(node, parse_filter(std::move(node)));
  }
  for (int n_here = 0; accept(TokenKind::symbol, "|"); ++n_here) {
    if (n_here > kMaxDepth) return unexpected("the end of an expression");
    BLUE_TRY_ASSIGN(node, parse_filter(std::move(node)));
  }
  return node;
}

template <class Operand>
Result<Node> ExpressionParser::parse_left_associative(
    Operand operand, std::initializer_list<std::string_view> symbols) {
  BLUE_TRY_ASSIGN(Node left, operand());
  int n_here = 0;  // the tree leans left: a chain is as deep as it is long
  for (;;) {
    const Token& token = peek();
    const bool is_operator = token.kind == TokenKind::symbol || token.kind == TokenKind::name;
    bool is_here = false;
    for (const std::string_view symbol : symbols) is_here |= is_operator && token.text == symbol;
    if (!is_here) return left;
    if (++n_here > kMaxDepth)
      return template_error(token.line,
                            "a chain of more than " + std::to_string(kMaxDepth) + " operators");
    Node node = make(ExpressionKind::operation, next().text);
    node->operands.push_back(std::move(left));
    BLUE_TRY_ASSIGN(Node right, operand());
    node->operands.push_back(std::move(right));
    left = std::move(node);
  }
}

Result<Node> ExpressionParser::parse_or() {
  return parse_left_associative([this] { return parse_and(); }, {"or"});
}

Result<Node> ExpressionParser::parse_and() {
  return parse_left_associative([this] { return parse_not(); }, {"and"});
}

Result<Node> ExpressionParser::parse_not() {
  if (!sees(TokenKind::name, "not")) return parse_comparison();
  const Depth nested(depth_);
  BLUE_TRY(check_depth());
  Node node = make(ExpressionKind::negation);
  next();
  BLUE_TRY_ASSIGN(Node operand, parse_not());
  node->operands.push_back(std::move(operand));
  return node;
}

std::string ExpressionParser::accept_comparison() {
  for (const std::string_view symbol : {"==", "!=", "<=", ">=", "<", ">"}) {
    if (accept(TokenKind::symbol, symbol)) return std::string(symbol);
  }
  if (accept(TokenKind::name, "in")) return "in";
  if (sees(TokenKind::name, "not") && tokens_[at_ + 1].kind == TokenKind::name &&
      tokens_[at_ + 1].text == "in") {
    next();
    next();
    return "not in";
  }
  return {};
}

Result<Node> ExpressionParser::parse_comparison() {
  BLUE_TRY_ASSIGN(Node left, parse_sum());
  Node node = make(ExpressionKind::comparison);
  for (std::string symbol = accept_comparison(); !symbol.empty(); symbol = accept_comparison()) {
    BLUE_TRY_ASSIGN(Node right, parse_sum());
    node->operands.push_back(std::move(right));
    node->symbols.push_back(std::move(symbol));
  }
  if (node->symbols.empty()) return left;
  node->operands.insert(node->operands.begin(), std::move(left));
  return node;
}

Result<Node> ExpressionParser::parse_sum() {
  return parse_left_associative([this] { return parse_joined(); }, {"+", "-"});
}

Result<Node> ExpressionParser::parse_joined() {
  return parse_left_associative([this] { return parse_product(); }, {"~"});
}

Result<Node> ExpressionParser::parse_product() {
  return parse_left_associative([this] { return parse_power(); }, {"*", "/", "//", "%"});
}

Result<Node> ExpressionParser::parse_power() {
  return parse_left_associative([this] { return parse_unary(Filters::taken); }, {"**"});
}

Result<Node> ExpressionParser::parse_unary(Filters filters) {
  const Depth nested(depth_);
  BLUE_TRY(check_depth());
  Node node;
  if (sees(TokenKind::symbol, "-") || sees(TokenKind::symbol, "+")) {
    node = make(sees(TokenKind::symbol, "-") ? ExpressionKind::minus : ExpressionKind::plus);
    next();
    BLUE_TRY_ASSIGN(Node operand, parse_unary(Filters::left));
    node->operands.push_back(std::move(operand));
  } else {
    BLUE_TRY_ASSIGN(node, parse_primary());
  }
  BLUE_TRY_ASSIGN(node, parse_postfix(std::move(node)));
  if (filters == Filters::left) return node;
  return parse_filters_and_tests(std::move(node));
}

}  // namespace blue::text::jinja
