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
    const bool is_end = peek().kind == TokenKind::end_block || peek().kind == TokenKind::end_print ||
                        sees(TokenKind::symbol, ")") || sees(TokenKind::symbol, "=") ||
                        sees(TokenKind::name, "in") || sees(TokenKind::name, "if");
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

Result<Node> ExpressionParser::parse_literal() {
  Node node = make(ExpressionKind::string, peek().text);
  const std::string& digits = node->text;
  if (peek().kind == TokenKind::string) {
    next();
    while (peek().kind == TokenKind::string) node->text += next().text;  // neighbours join
    return node;
  }
  const char* const end = digits.data() + digits.size();
  if (peek().kind == TokenKind::real) {
    node->kind = ExpressionKind::real;
    if (std::from_chars(digits.data(), end, node->real).ec == std::errc::invalid_argument)
      return unexpected("a number");
  } else {
    node->kind = ExpressionKind::integer;
    if (std::from_chars(digits.data(), end, node->number).ec != std::errc())
      return template_error(node->line, "the number " + digits.substr(0, 24) + " is too large");
  }
  next();
  return node;
}

Result<Node> ExpressionParser::parse_primary() {
  const TokenKind kind = peek().kind;
  if (kind == TokenKind::string || kind == TokenKind::integer || kind == TokenKind::real)
    return parse_literal();
  if (sees(TokenKind::symbol, "[")) return parse_list();
  if (sees(TokenKind::symbol, "{")) return parse_map();
  if (sees(TokenKind::symbol, "(")) return parse_parenthesis();
  if (kind != TokenKind::name) return unexpected("a value");
  Node node = make(ExpressionKind::name, peek().text);
  next();
  if (node->text == "true" || node->text == "True" || node->text == "false" || node->text == "False") {
    node->kind = ExpressionKind::boolean;
    node->number = node->text[0] == 't' || node->text[0] == 'T' ? 1 : 0;
  } else if (node->text == "none" || node->text == "None") {
    node->kind = ExpressionKind::none;
  }
  extras.takes_positional |= node->text == "varargs";
  extras.takes_named |= node->text == "kwargs";
  extras.takes_caller |= node->text == "caller";
  return node;
}

Result<Node> ExpressionParser::parse_parenthesis() {
  Node empty = make(ExpressionKind::tuple);
  next();
  if (accept(TokenKind::symbol, ")")) return empty;
  BLUE_TRY_ASSIGN(Node inner, parse_tuple());
  BLUE_TRY(expect(TokenKind::symbol, ")"));
  return inner;
}

Result<Node> ExpressionParser::parse_map() {
  Node node = make(ExpressionKind::map);
  next();
  while (!accept(TokenKind::symbol, "}")) {
    BLUE_TRY_ASSIGN(Node key, parse());
    node->operands.push_back(std::move(key));
    BLUE_TRY(expect(TokenKind::symbol, ":"));
    BLUE_TRY_ASSIGN(Node value, parse());
    node->operands.push_back(std::move(value));
    if (!accept(TokenKind::symbol, ",") && !sees(TokenKind::symbol, "}")) return unexpected("\",\" or \"}\"");
  }
  return node;
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
      outer->operands.push_back(std::move(node));
      if (peek().kind == TokenKind::integer) {  // a.0 is a[0]
        outer->kind = ExpressionKind::subscript;
        BLUE_TRY_ASSIGN(Node index, parse_literal());
        outer->operands.push_back(std::move(index));
      } else {
        BLUE_TRY_ASSIGN(outer->text, expect_name("the name of an attribute"));
      }
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

Result<Node> ExpressionParser::parse_filter(Node node) {
  Node filter = make(ExpressionKind::filter);
  BLUE_TRY_ASSIGN(filter->text, expect_name("the name of a filter"));
  filter->operands.push_back(std::move(node));
  if (sees(TokenKind::symbol, "(")) BLUE_TRY(parse_arguments(*filter));
  return filter;
}

bool ExpressionParser::sees_test_argument() const {
  switch (peek().kind) {
    case TokenKind::string:
    case TokenKind::integer:
    case TokenKind::real: return true;
    case TokenKind::symbol: return peek().text == "[" || peek().text == "{";
    case TokenKind::name: return peek().text != "else" && peek().text != "or" && peek().text != "and";
    default: return false;
  }
}

/// Behind `is`.
Result<Node> ExpressionParser::parse_test(Node node) {
  Node test = make(ExpressionKind::test);
  const bool is_negated = accept(TokenKind::name, "not");
  BLUE_TRY_ASSIGN(test->text, expect_name("the name of a test"));
  test->operands.push_back(std::move(node));
  if (sees(TokenKind::symbol, "(")) {
    BLUE_TRY(parse_arguments(*test));
  } else if (sees_test_argument()) {
    if (sees(TokenKind::name, "is")) return unexpected("the end of a test");
    BLUE_TRY_ASSIGN(Node argument, parse_primary());
    BLUE_TRY_ASSIGN(argument, parse_postfix(std::move(argument)));
    test->operands.push_back(std::move(argument));
  }
  if (!is_negated) return test;
  Node negation = make(ExpressionKind::negation);
  negation->operands.push_back(std::move(test));
  return negation;
}

Result<Node> ExpressionParser::parse_filters_and_tests(Node node) {
  for (int n_here = 0;; ++n_here) {
    if (n_here > kMaxDepth)
      return template_error(peek().line, "a chain of more than " + std::to_string(kMaxDepth) + " filters");
    if (accept(TokenKind::symbol, "|")) {
      BLUE_TRY_ASSIGN(node, parse_filter(std::move(node)));
    } else if (accept(TokenKind::name, "is")) {
      BLUE_TRY_ASSIGN(node, parse_test(std::move(node)));
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

}  // namespace blue::models::chat
