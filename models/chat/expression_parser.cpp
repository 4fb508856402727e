#include "models/chat/expression_parser.h"

#include <charconv>

namespace blue::models::chat {
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
  if (!sees(TokenKind::name, "if")) return value;
  Node node = make(ExpressionKind::conditional);
  next();
  node->operands.push_back(std::move(value));
  BLUE_TRY_ASSIGN(Node condition, parse_or());
  node->operands.push_back(std::move(condition));
  node->operands.emplace_back();
  if (accept(TokenKind::name, "else")) {
    BLUE_TRY_ASSIGN(node->operands[2], parse());
  }
  return node;
}

template <class Operand>
Result<Node> ExpressionParser::parse_left_associative(Operand operand,
                                                      std::initializer_list<std::string_view> symbols) {
  BLUE_TRY_ASSIGN(Node left, operand());
  int n_here = 0;  // the tree leans left: a chain is as deep as it is long
  for (;;) {
    const Token& token = peek();
    const bool is_operator = token.kind == TokenKind::symbol || token.kind == TokenKind::name;
    bool is_here = false;
    for (const std::string_view symbol : symbols) is_here |= is_operator && token.text == symbol;
    if (!is_here) return left;
    if (++n_here > kMaxDepth)
      return template_error(token.line, "a chain of more than " + std::to_string(kMaxDepth) + " operators");
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

Result<Node> ExpressionParser::parse_comparison() {
  BLUE_TRY_ASSIGN(Node left, parse_sum());
  Node node = make(ExpressionKind::operation);
  if (accept(TokenKind::name, "not")) {
    BLUE_TRY(expect(TokenKind::name, "in"));
    node->text = "not in";
  } else if (accept(TokenKind::name, "in")) {
    node->text = "in";
  } else {
    for (const std::string_view symbol : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (node->text.empty() && accept(TokenKind::symbol, symbol)) node->text = symbol;
    }
  }
  if (node->text.empty()) return left;
  node->operands.push_back(std::move(left));
  BLUE_TRY_ASSIGN(Node right, parse_sum());
  node->operands.push_back(std::move(right));
  return node;
}

Result<Node> ExpressionParser::parse_sum() {
  return parse_left_associative([this] { return parse_joined(); }, {"+", "-"});
}

Result<Node> ExpressionParser::parse_joined() {
  return parse_left_associative([this] { return parse_product(); }, {"~"});
}

Result<Node> ExpressionParser::parse_product() {
  return parse_left_associative([this] { return parse_unary(); }, {"*", "//", "%"});
}

Result<Node> ExpressionParser::parse_unary() {
  const Depth nested(depth_);
  BLUE_TRY(check_depth());
  if (sees(TokenKind::symbol, "-")) {
    Node node = make(ExpressionKind::minus);
    next();
    BLUE_TRY_ASSIGN(Node operand, parse_unary());
    node->operands.push_back(std::move(operand));
    return node;
  }
  BLUE_TRY_ASSIGN(Node primary, parse_primary());
  BLUE_TRY_ASSIGN(Node postfix, parse_postfix(std::move(primary)));
  return parse_filters_and_tests(std::move(postfix));
}

Result<Node> ExpressionParser::parse_primary() {
  Node node = make(ExpressionKind::string, peek().text);
  switch (peek().kind) {
    case TokenKind::string: next(); return node;
    case TokenKind::integer: {
      node->kind = ExpressionKind::integer;
      const std::string& digits = node->text;
      const std::from_chars_result read =
          std::from_chars(digits.data(), digits.data() + digits.size(), node->number);
      if (read.ec != std::errc())
        return template_error(node->line, "the number " + digits.substr(0, 24) + " is too large");
      next();
      return node;
    }
    case TokenKind::name:
      next();
      node->kind = ExpressionKind::name;
      if (node->text == "true" || node->text == "True" || node->text == "false" || node->text == "False") {
        node->kind = ExpressionKind::boolean;
        node->number = node->text[0] == 't' || node->text[0] == 'T' ? 1 : 0;
      } else if (node->text == "none" || node->text == "None") {
        node->kind = ExpressionKind::none;
      }
      return node;
    default: break;
  }
  if (sees(TokenKind::symbol, "[")) return parse_list();
  if (!accept(TokenKind::symbol, "(")) return unexpected("a value");
  BLUE_TRY_ASSIGN(Node inner, parse());
  BLUE_TRY(expect(TokenKind::symbol, ")"));
  return inner;
}

Result<Node> ExpressionParser::parse_list() {
  Node node = make(ExpressionKind::list);
  next();
  while (!accept(TokenKind::symbol, "]")) {
    BLUE_TRY_ASSIGN(Node element, parse());
    node->operands.push_back(std::move(element));
    if (!accept(TokenKind::symbol, ",") && !sees(TokenKind::symbol, "]")) return unexpected("\",\" or \"]\"");
  }
  return node;
}

Result<Node> ExpressionParser::parse_postfix(Node node) {
  for (int n_here = 0;; ++n_here) {
    if (n_here > kMaxDepth)
      return template_error(peek().line, "a chain of more than " + std::to_string(kMaxDepth) + " attributes");
    if (sees(TokenKind::symbol, ".")) {
      Node outer = make(ExpressionKind::attribute);
      next();
      BLUE_TRY_ASSIGN(outer->text, expect_name("the name of an attribute"));
      outer->operands.push_back(std::move(node));
      node = std::move(outer);
    } else if (sees(TokenKind::symbol, "[")) {
      BLUE_TRY_ASSIGN(node, parse_subscript(std::move(node)));
    } else if (sees(TokenKind::symbol, "(")) {
      Node call = make(ExpressionKind::call);
      call->operands.push_back(std::move(node));
      BLUE_TRY(parse_arguments(*call));
      node = std::move(call);
    } else {
      return node;
    }
  }
}

Result<Node> ExpressionParser::parse_subscript(Node node) {
  Node outer = make(ExpressionKind::subscript);
  next();
  outer->operands.push_back(std::move(node));
  while (!sees(TokenKind::symbol, "]")) {
    outer->operands.emplace_back();
    if (!sees(TokenKind::symbol, ":")) {
      BLUE_TRY_ASSIGN(outer->operands.back(), parse());
    }
    if (!accept(TokenKind::symbol, ":")) break;
    outer->kind = ExpressionKind::slice;
  }
  BLUE_TRY(expect(TokenKind::symbol, "]"));
  const bool is_slice = outer->kind == ExpressionKind::slice;
  if (outer->operands.size() < 2 || outer->operands.size() > (is_slice ? 4 : 2)) {
    return template_error(outer->line, "a subscript without an index, or with more than three");
  }
  if (is_slice) outer->operands.resize(4);
  return outer;
}

Status ExpressionParser::parse_arguments(Expression& call) {
  BLUE_TRY(expect(TokenKind::symbol, "("));
  while (!accept(TokenKind::symbol, ")")) {
    const bool is_named = peek().kind == TokenKind::name && tokens_[at_ + 1].kind == TokenKind::symbol &&
                          tokens_[at_ + 1].text == "=";
    if (is_named) {
      std::string name = next().text;
      next();
      BLUE_TRY_ASSIGN(Node value, parse());
      call.named.emplace_back(std::move(name), std::move(value));
    } else {
      BLUE_TRY_ASSIGN(Node value, parse());
      call.operands.push_back(std::move(value));
    }
    if (!accept(TokenKind::symbol, ",") && !sees(TokenKind::symbol, ")")) return unexpected("\",\" or \")\"");
  }
  return {};
}

Result<Node> ExpressionParser::parse_filters_and_tests(Node node) {
  for (int n_here = 0;; ++n_here) {
    if (n_here > kMaxDepth)
      return template_error(peek().line, "a chain of more than " + std::to_string(kMaxDepth) + " filters");
    if (sees(TokenKind::symbol, "|")) {
      Node filter = make(ExpressionKind::filter);
      next();
      BLUE_TRY_ASSIGN(filter->text, expect_name("the name of a filter"));
      filter->operands.push_back(std::move(node));
      if (sees(TokenKind::symbol, "(")) BLUE_TRY(parse_arguments(*filter));
      node = std::move(filter);
    } else if (sees(TokenKind::name, "is")) {
      Node test = make(ExpressionKind::test);
      next();
      const bool is_negated = accept(TokenKind::name, "not");
      BLUE_TRY_ASSIGN(test->text, expect_name("the name of a test"));
      test->operands.push_back(std::move(node));
      node = std::move(test);
      if (!is_negated) continue;
      Node negation = make(ExpressionKind::negation);
      negation->operands.push_back(std::move(node));
      node = std::move(negation);
    } else {
      return node;
    }
  }
}

}  // namespace blue::models::chat
