// The tree a chat template parses into. Depends on the standard library alone. Built once, then
// immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace blue::text::jinja {

enum class ExpressionKind : std::uint8_t {
  string,
  integer,
  real,
  boolean,
  none,
  list,
  tuple,
  map,         ///< key, value, key, value, ...
  name,        ///< text
  attribute,   ///< operands[0] . text
  subscript,   ///< operands[0] [ operands[1] ]
  slice,       ///< operands[0] [ operands[1] : operands[2] : operands[3] ], those left out are null
  call,        ///< operands[0] ( the rest, and named )
  filter,      ///< operands[0] | text ( the rest, and named )
  test,        ///< operands[0] is text ( the rest, and named )
  operation,   ///< operands[0] text operands[1]
  comparison,  ///< operands[0] symbols[0] operands[1] symbols[1] operands[2] ...
  negation,    ///< not operands[0]
  minus,       ///< - operands[0]
  plus,        ///< + operands[0]
  conditional,  ///< operands[0] if operands[1] else operands[2] (may be null)
  spread_list,  ///< * operands[0], the last operand of a call, filter or test, or before the next:
  spread_map,   ///< ** operands[0]
  captured,     ///< the text that a block with a filter has rendered
};

struct Expression {
  ExpressionKind kind = ExpressionKind::none;
  std::uint32_t line = 0;
  std::string text;
  std::int64_t number = 0;
  double real = 0.0;
  std::vector<std::unique_ptr<Expression>> operands;
  std::vector<std::pair<std::string, std::unique_ptr<Expression>>> named;
  std::vector<std::string> symbols;
};

enum class StatementKind : std::uint8_t {
  text,          ///< text, as it is
  print,         ///< expression
  set,           ///< target = expression
  set_block,     ///< target = body, through the filters of expression where there is one
  loop,          ///< for target in expression (if condition): body, else: otherwise
  branch,        ///< if expression: body, else: otherwise
  macro,         ///< text ( parameters ): body
  call_block,    ///< expression, a call, given body as caller( parameters )
  filter_block,  ///< body through the filters of expression
  with,          ///< parameters set in a scope of their own: body
  leave_loop,    ///< break
  next_round,    ///< continue
};

struct Statement {
  /// A name and its value; for {% with %} the name may be a tuple's target.
  struct Parameter {
    std::unique_ptr<Expression> target;
    std::unique_ptr<Expression> value;  ///< null: undefined unless given
  };
  /// What a macro's body names beside its parameters.
  struct Extras {
    bool takes_positional = false;  ///< varargs
    bool takes_named = false;       ///< kwargs
    bool takes_caller = false;
  };
  StatementKind kind = StatementKind::text;
  std::uint32_t line = 0;
  std::string text;
  std::unique_ptr<Expression>
      target;  ///< a name, a tuple of targets, or an attribute of a namespace
  std::unique_ptr<Expression> expression;
  std::unique_ptr<Expression> condition;
  std::vector<Parameter> parameters;
  Extras extras;
  std::vector<Statement> body;
  std::vector<Statement> otherwise;
};

struct Program {
  std::vector<Statement> statements;
};

}  // namespace blue::text::jinja
