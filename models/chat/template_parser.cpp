#include "models/chat/template_parser.h"

#include "models/chat/expression_parser.h"

namespace blue::models::chat {
namespace {

using Node = ExpressionParser::Node;

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
  /// Statements up to a tag that ends or divides a block, whose name it takes into `end`; empty at the template's end.
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
        BLUE_TRY_ASSIGN(out.back().expression, expressions_.parse());
        BLUE_TRY(expressions_.expect_kind(TokenKind::end_print, "}}"));
      } else {
        BLUE_TRY_ASSIGN(const std::string name, expressions_.expect_name("the name of a statement"));
        if (name == "else" || name == "elif" || name == "endif" || name == "endfor") {
          end = name;
          return {};
        }
        BLUE_TRY_ASSIGN(Statement statement, parse_block(name, token.line));
        out.push_back(std::move(statement));
      }
    }
  }

  Result<Statement> parse_block(const std::string& name, std::uint32_t line) {
    if (name == "if") return parse_branch(line);
    if (name == "for") return parse_loop(line);
    if (name == "set") return parse_set(line);
    return template_error(line,
                          "the statement {% " + name.substr(0, 40) + " %}, which this program does not know");
  }

  Result<Statement> parse_set(std::uint32_t line) {
    Statement statement = make(StatementKind::set, line);
    BLUE_TRY_ASSIGN(statement.text, expressions_.expect_name("a variable"));
    if (expressions_.accept(TokenKind::symbol, ".")) {
      BLUE_TRY_ASSIGN(statement.attribute, expressions_.expect_name("an attribute"));
    }
    BLUE_TRY(expressions_.expect(TokenKind::symbol, "="));
    BLUE_TRY_ASSIGN(statement.expression, expressions_.parse());
    BLUE_TRY(end_block());
    return statement;
  }

  Result<Statement> parse_loop(std::uint32_t line) {
    Statement statement = make(StatementKind::loop, line);
    BLUE_TRY_ASSIGN(statement.text, expressions_.expect_name("a variable"));
    BLUE_TRY(expressions_.expect(TokenKind::name, "in"));
    BLUE_TRY_ASSIGN(statement.expression, expressions_.parse_or());
    BLUE_TRY(end_block());
    std::string end;
    BLUE_TRY(parse_body(statement.body, end));
    if (end != "endfor") return unended("for", end, line);
    BLUE_TRY(end_block());
    return statement;
  }

  /// Behind `if` or `elif`.
  Result<Statement> parse_branch(std::uint32_t line) {
    Statement statement = make(StatementKind::branch, line);
    BLUE_TRY_ASSIGN(statement.expression, expressions_.parse());
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

  static Error unended(const char* name, const std::string& end, std::uint32_t line) {
    const std::string found = end.empty() ? "the end of the template" : "{% " + end + " %}";
    return template_error(line, std::string("{% ") + name + " %} meets " + found + " before its end");
  }

  Status end_block() { return expressions_.expect_kind(TokenKind::end_block, "%}"); }

  static Statement make(StatementKind kind, std::uint32_t line) {
    Statement statement;
    statement.kind = kind;
    statement.line = line;
    return statement;
  }

  ExpressionParser expressions_;
};

}  // namespace

Result<Program> parse_tokens(const std::vector<Token>& tokens) { return StatementParser(tokens).run(); }

}  // namespace blue::models::chat
