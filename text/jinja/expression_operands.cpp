// The operands: literals, names, lists and maps, and what may follow one: attributes,
// subscripts, calls, filters and tests.
#include <charconv>

#include "text/jinja/expression_parser.h"

namespace blue::text::jinja {
namespace {

using Node = ExpressionParser::Node;

}  // namespace

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
  if (node->text == "true" || node->text == "True" || node->text == "false" ||
      node->text == "False") {
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

Status ExpressionParser::end_element(std::string_view closing) {
  if (accept(TokenKind::symbol, ",") || sees(TokenKind::symbol, closing)) return {};
  return unexpected("\",\" or \"" + std::string(closing) + "\"");
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
    BLUE_TRY(end_element("}"));
  }
  return node;
}

Result<Node> ExpressionParser::parse_list() {
  Node node = make(ExpressionKind::list);
  next();
  while (!accept(TokenKind::symbol, "]")) {
    BLUE_TRY_ASSIGN(Node element, parse());
    node->operands.push_back(std::move(element));
    BLUE_TRY(end_element("]"));
  }
  return node;
}

Result<Node> ExpressionParser::parse_postfix(Node node) {
  for (int n_here = 0;; ++n_here) {
    if (n_here > kMaxDepth)
      return template_error(peek().line,
                            "a chain of more than " + std::to_string(kMaxDepth) + " attributes");
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

/// Behind * or **, which jinja2 allows once each, behind all arguments by place, and ** last.
Result<Node> ExpressionParser::parse_spread(ExpressionKind kind, const Expression& call) {
  const ExpressionKind last = call.operands.back() ? call.operands.back()->kind : kind;
  const bool is_late = last == ExpressionKind::spread_map ||
                       (last == ExpressionKind::spread_list && kind == ExpressionKind::spread_list);
  if (call.operands.size() > 1 && is_late) return unexpected("no second * or ** in a call");
  Node spread = make(kind);
  next();
  BLUE_TRY_ASSIGN(Node value, parse());
  spread->operands.push_back(std::move(value));
  return spread;
}

Status ExpressionParser::parse_arguments(Expression& call) {
  BLUE_TRY(expect(TokenKind::symbol, "("));
  bool has_spread = false;
  while (!accept(TokenKind::symbol, ")")) {
    const bool is_named = peek().kind == TokenKind::name &&
                          tokens_[at_ + 1].kind == TokenKind::symbol &&
                          tokens_[at_ + 1].text == "=";
    const bool is_list = sees(TokenKind::symbol, "*");
    if (is_list || sees(TokenKind::symbol, "**")) {
      BLUE_TRY_ASSIGN(
          Node spread,
          parse_spread(is_list ? ExpressionKind::spread_list : ExpressionKind::spread_map, call));
      call.operands.push_back(std::move(spread));
      has_spread = true;
    } else if (is_named) {
      if (has_spread && call.operands.back()->kind == ExpressionKind::spread_map)
        return unexpected("no argument behind **");
      std::string name = next().text;
      next();
      BLUE_TRY_ASSIGN(Node value, parse());
      call.named.emplace_back(std::move(name), std::move(value));
    } else {
      if (has_spread) return unexpected("an argument by name behind * or **");
      BLUE_TRY_ASSIGN(Node value, parse());
      call.operands.push_back(std::move(value));
    }
    BLUE_TRY(end_element(")"));
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
    case TokenKind::name:
      return peek().text != "else" && peek().text != "or" && peek().text != "and";
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
      return template_error(peek().line,
                            "a chain of more than " + std::to_string(kMaxDepth) + " filters");
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

}  // namespace blue::text::jinja
