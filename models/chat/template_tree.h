// The tree a chat template parses into. Depends on the standard library alone. Built once, then immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace blue::models::chat {

enum class ExpressionKind : std::uint8_t {
  string,
  integer,
  boolean,
  none,
  list,
  name,         ///< text
  attribute,    ///< operands[0] . text
  subscript,    ///< operands[0] [ operands[1] ]
  slice,        ///< operands[0] [ operands[1] : operands[2] : operands[3] ], those left out are null
  call,         ///< operands[0] ( the rest, and named )
  filter,       ///< operands[0] | text ( the rest )
  test,         ///< operands[0] is text
  operation,    ///< operands[0] text operands[1]
  negation,     ///< not operands[0]
  minus,        ///< - operands[0]
  conditional,  ///< operands[0] if operands[1] else operands[2] (may be null)
};

struct Expression {
  ExpressionKind kind = ExpressionKind::none;
  std::uint32_t line = 0;
  std::string text;
  std::int64_t number = 0;
  std::vector<std::unique_ptr<Expression>> operands;
  std::vector<std::pair<std::string, std::unique_ptr<Expression>>> named;
};

enum class StatementKind : std::uint8_t {
  text,    ///< text, as it is
  print,   ///< expression
  set,     ///< name (.attribute) = expression
  loop,    ///< for name in expression: body
  branch,  ///< if expression: body, else: otherwise
};

struct Statement {
  StatementKind kind = StatementKind::text;
  std::uint32_t line = 0;
  std::string text;  ///< or the name
  std::string attribute;
  std::unique_ptr<Expression> expression;
  std::vector<Statement> body;
  std::vector<Statement> otherwise;
};

struct Program {
  std::vector<Statement> statements;
};

}  // namespace blue::models::chat
