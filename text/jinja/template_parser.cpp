#include "text/jinja/template_parser.h"

#include <algorithm>

#include "text/jinja/expression_parser.h"

namespace blue::text::jinja {
namespace {

using Node = ExpressionParser::Node;

constexpr std::string_view kEnds[] = {"else",    "elif",         "endif",   "endfor",
                                      "endset",  "endmacro",     "endcall", "endfilter",
                                      "endwith", "endgeneration"};

class StatementParser {
 public:
  explicit StatementParser(const std::vector<Token>& tokens) : expressions_(tokens) {}

  Result<Program> run() {
    Program program;
    std::string end;
    BLUE_TRY(parse_body(program.statements, end));
    if (!end.empty())
      return template_error(expressions_.peek().line, "{% " + end + " %} without its beginning");
    return program;
  }

 private:
  /// Statements up to a tag that ends or divides a block, whose name it takes into `end`; empty at
  /// the template's end.
  Status parse_body(std::vector<Statement>& out, std::string& end) {
    end.clear();
    const ExpressionParser::Depth nested(expressions_.depth());
    BLUE_TRY(expressions_.check_depth());
    for (;;) {
      const Token token = expressions_.next();
      if (token.kind == TokenKind::end) return {};
      if (token.kind == TokenKind::text) {
        out.push_back(make(StatementKind::text, token.line));
        out.back().text = token.text;
      } else if (token.kind == TokenKind::begin_print) {
        out.push_back(make(StatementKind::print, token.line));
        BLUE_TRY_ASSIGN(out.back().expression, expressions_.parse_tuple());
        BLUE_TRY(expressions_.expect_kind(TokenKind::end_print, "}}"));
      } else {
        BLUE_TRY_ASSIGN(const std::string name,
                        expressions_.expect_name("the name of a statement"));
        if (std::find(std::begin(kEnds), std::end(kEnds), name) != std::end(kEnds)) {
          end = name;
          return {};
        }
        BLUE_TRY_ASSIGN(Statement statement, parse_block(name, token.line));
        out.push_back(std::move(statement));
      }
    }
  }

  /// The body of a block that `{% end... %}` ends, whole tag taken.
  Status parse_block_body(Statement& statement, const std::string& name) {
    BLUE_TRY(end_block());
    std::string end;
    BLUE_TRY(parse_body(statement.body, end));
    if (end != "end" + name) return unended(name, end, statement.line);
    if (name == "macro" || name == "call") expressions_.accept(TokenKind::name, statement.text);
    return end_block();
  }

  Result<Statement> parse_block(const std::string& name, std::uint32_t line) {
    if (name == "if") return parse_branch(line);
    if (name == "for") return parse_loop(line);
    if (name == "set") return parse_set(line);
    if (name == "macro") return parse_macro(line);
    if (name == "call") return parse_call(line);
    if (name == "with") return parse_with(line);
    if (name == "filter") return parse_filter(line);
    if (name == "generation") return parse_generation(line);
    if (name == "break" || name == "continue") return parse_jump(name, line);
    return template_error(
        line, "the statement {% " + name.substr(0, 40) + " %}, which this program does not know");
  }

  Result<Statement> parse_set(std::uint32_t line) {
    Statement statement = make(StatementKind::set, line);
    BLUE_TRY_ASSIGN(statement.target, expressions_.parse_target());
    if (expressions_.accept(TokenKind::symbol, "=")) {
      BLUE_TRY_ASSIGN(statement.expression, expressions_.parse_tuple());
      BLUE_TRY(end_block());
      return statement;
    }
    statement.kind = StatementKind::set_block;
    BLUE_TRY_ASSIGN(statement.expression,
                    expressions_.parse_capture_filters(ExpressionParser::FilterStart::behind_bar));
    const OutsideLoop outside(n_loops_);
    BLUE_TRY(parse_block_body(statement, "set"));
    return statement;
  }

  Result<Statement> parse_loop(std::uint32_t line) {
    Statement statement = make(StatementKind::loop, line);
    BLUE_TRY_ASSIGN(statement.target, expressions_.parse_target());
    BLUE_TRY(expressions_.expect(TokenKind::name, "in"));
    BLUE_TRY_ASSIGN(statement.expression, expressions_.parse_loop_range());
    if (expressions_.accept(TokenKind::name, "if")) {
      BLUE_TRY_ASSIGN(statement.condition, expressions_.parse());
    }
    BLUE_TRY(end_block());
    std::string end;
    ++n_loops_;
    BLUE_TRY(parse_body(statement.body, end));
    --n_loops_;
    if (end == "else") {
      BLUE_TRY(end_block());
      BLUE_TRY(parse_body(statement.otherwise, end));
    }
    if (end != "endfor") return unended("for", end, line);
    BLUE_TRY(end_block());
    return statement;
  }

  /// Behind `if` or `elif`.
  Result<Statement> parse_branch(std::uint32_t line) {
    Statement statement = make(StatementKind::branch, line);
    BLUE_TRY_ASSIGN(statement.expression, expressions_.parse_tuple());
    BLUE_TRY(end_block());
    std::string end;
    BLUE_TRY(parse_body(statement.body, end));
    if (end == "elif") {  // an if inside the else, whose {% endif %} ends both
      const ExpressionParser::Depth nested(expressions_.depth());
      BLUE_TRY(expressions_.check_depth());
      BLUE_TRY_ASSIGN(Statement other, parse_branch(expressions_.peek().line));
      statement.otherwise.push_back(std::move(other));
      return statement;
    }
    if (end == "else") {
      BLUE_TRY(end_block());
      BLUE_TRY(parse_body(statement.otherwise, end));
    }
    if (end != "endif") return unended("if", end, line);
    BLUE_TRY(end_block());
    return statement;
  }

  Status parse_parameters(Statement& statement) {
    BLUE_TRY(expressions_.expect(TokenKind::symbol, "("));
    while (!expressions_.accept(TokenKind::symbol, ")")) {
      Statement::Parameter parameter;
      parameter.target = std::make_unique<Expression>();
      parameter.target->kind = ExpressionKind::name;
      parameter.target->line = expressions_.peek().line;
      BLUE_TRY_ASSIGN(parameter.target->text, expressions_.expect_name("a parameter"));
      if (expressions_.accept(TokenKind::symbol, "=")) {
        BLUE_TRY_ASSIGN(parameter.value, expressions_.parse());
      } else if (!statement.parameters.empty() && statement.parameters.back().value != nullptr) {
        return expressions_.unexpected("a default");
      }
      statement.parameters.push_back(std::move(parameter));
      BLUE_TRY(expressions_.end_element(")"));
    }
    return {};
  }

  /// The body of a macro or of a {% call %}: what it names of varargs, kwargs and caller is its
  /// own.
  Status parse_callable_body(Statement& statement, const std::string& name) {
    const Statement::Extras outer = std::exchange(expressions_.extras, {});
    const OutsideLoop outside(n_loops_);
    BLUE_TRY(parse_block_body(statement, name));
    statement.extras = expressions_.extras;
    expressions_.extras.takes_positional |= outer.takes_positional;
    expressions_.extras.takes_named |= outer.takes_named;
    expressions_.extras.takes_caller |= outer.takes_caller;
    return {};
  }

  Result<Statement> parse_macro(std::uint32_t line) {
    Statement statement = make(StatementKind::macro, line);
    BLUE_TRY_ASSIGN(statement.text, expressions_.expect_name("the name of a macro"));
    BLUE_TRY(parse_parameters(statement));
    BLUE_TRY(parse_callable_body(statement, "macro"));
    return statement;
  }

  Result<Statement> parse_call(std::uint32_t line) {
    Statement statement = make(StatementKind::call_block, line);
    if (expressions_.sees(TokenKind::symbol, "(")) BLUE_TRY(parse_parameters(statement));
    BLUE_TRY_ASSIGN(statement.expression, expressions_.parse());
    if (statement.expression->kind != ExpressionKind::call)
      return template_error(line, "{% call %} of something that is no call");
    BLUE_TRY(parse_callable_body(statement, "call"));
    return statement;
  }

  Result<Statement> parse_with(std::uint32_t line) {
    Statement statement = make(StatementKind::with, line);
    while (expressions_.peek().kind != TokenKind::end_block) {
      if (!statement.parameters.empty()) BLUE_TRY(expressions_.expect(TokenKind::symbol, ","));
      Statement::Parameter parameter;
      parameter.target = std::make_unique<Expression>();
      parameter.target->kind = ExpressionKind::name;
      parameter.target->line = expressions_.peek().line;
      BLUE_TRY_ASSIGN(parameter.target->text, expressions_.expect_name("a variable"));
      BLUE_TRY(expressions_.expect(TokenKind::symbol, "="));
      BLUE_TRY_ASSIGN(parameter.value, expressions_.parse());
      statement.parameters.push_back(std::move(parameter));
    }
    BLUE_TRY(parse_block_body(statement, "with"));
    return statement;
  }

  Result<Statement> parse_filter(std::uint32_t line) {
    Statement statement = make(StatementKind::filter_block, line);
    BLUE_TRY_ASSIGN(statement.expression,
                    expressions_.parse_capture_filters(ExpressionParser::FilterStart::here));
    const OutsideLoop outside(n_loops_);
    BLUE_TRY(parse_block_body(statement, "filter"));
    return statement;
  }

  /// The assistant's text, marked for training: a scope of its own.
  Result<Statement> parse_generation(std::uint32_t line) {
    Statement statement = make(StatementKind::with, line);
    const OutsideLoop outside(n_loops_);
    BLUE_TRY(parse_block_body(statement, "generation"));
    return statement;
  }

  Result<Statement> parse_jump(const std::string& name, std::uint32_t line) {
    if (n_loops_ == 0) return template_error(line, "{% " + name + " %} outside {% for %}");
    Statement statement =
        make(name == "break" ? StatementKind::leave_loop : StatementKind::next_round, line);
    BLUE_TRY(end_block());
    return statement;
  }

  static Error unended(const std::string& name, const std::string& end, std::uint32_t line) {
    const std::string found = end.empty() ? "the end of the template" : "{% " + end + " %}";
    return template_error(line, "{% " + name + " %} meets " + found + " before its end");
  }

  Status end_block() { return expressions_.expect_kind(TokenKind::end_block, "%}"); }

  static Statement make(StatementKind kind, std::uint32_t line) {
    Statement statement;
    statement.kind = kind;
    statement.line = line;
    return statement;
  }

  /// Inside its lifetime no loop surrounds: {% break %} cannot leave a captured or called body.
  class OutsideLoop {
   public:
    explicit OutsideLoop(int& n_loops) : n_loops_(n_loops), before_(std::exchange(n_loops, 0)) {}
    ~OutsideLoop() { n_loops_ = before_; }
    OutsideLoop(const OutsideLoop&) = delete;
    OutsideLoop& operator=(const OutsideLoop&) = delete;

   private:
    int& n_loops_;
    int before_;
  };

  ExpressionParser expressions_;
  int n_loops_ = 0;
};

}  // namespace

Result<Program> parse_tokens(const std::vector<Token>& tokens) {
  return StatementParser(tokens).run();
}

}  // namespace blue::text::jinja
