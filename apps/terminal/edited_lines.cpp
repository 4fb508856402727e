#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>

#include <histedit.h>

#include "apps/io/output.h"
#include "apps/terminal/line_reader.h"
#include "base/check.h"
#include "base/printable.h"

namespace blue::terminal {

namespace {

constexpr int kHistoryLength = 1000;

struct EndEditLine {
  void operator()(EditLine* line) const { el_end(line); }
};
struct EndHistory {
  void operator()(History* history) const { history_end(history); }
};

/// Models read UTF-8. In a locale of single bytes libedit silently drops all other characters.
void read_utf8() {
  const bool is_known = std::setlocale(LC_CTYPE, "") != nullptr;
  if (!is_known || MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
}

class EditedLines final : public LineReader {
 public:
  explicit EditedLines(EditedLinesOptions options);
  std::optional<std::string> next() override;

 private:
  static EditedLines& of(EditLine* line);
  static char* prompt(EditLine* line);
  static unsigned char on_tab(EditLine* line, int key);
  static unsigned char on_interrupt(EditLine* line, int key);
  unsigned char complete_word();
  void remember(const std::string& line);

  EditedLinesOptions options_;
  std::string history_file_;
  HistEvent event_{};
  std::unique_ptr<History, EndHistory> history_;
  std::unique_ptr<EditLine, EndEditLine> line_;  // ends before the history that it uses
};

EditedLines::EditedLines(EditedLinesOptions options)
    : options_(std::move(options)), history_file_(options_.history.string()) {
  read_utf8();
  history_.reset(history_init());
  line_.reset(el_init(options_.program.c_str(), stdin, stdout, stderr));
  BLUE_CHECK(history_ && line_, "libedit did not start");
  history(history_.get(), &event_, H_SETSIZE, kHistoryLength);
  history(history_.get(), &event_, H_SETUNIQUE, 1);
  if (!history_file_.empty()) {
    std::error_code refused;  // without the folder there is no history; all else works
    std::filesystem::create_directories(options_.history.parent_path(), refused);
    history(history_.get(), &event_, H_LOAD, history_file_.c_str());
  }
  EditLine* line = line_.get();
  el_set(line, EL_CLIENTDATA, this);
  el_set(line, EL_PROMPT, &EditedLines::prompt);
  el_set(line, EL_EDITOR, "emacs");
  el_set(line, EL_HIST, history, history_.get());
  el_set(line, EL_ADDFN, "blue-complete", "complete the word", &EditedLines::on_tab);
  el_set(line, EL_BIND, "^I", "blue-complete", nullptr);
  // While a line is edited Ctrl-C is a key; at other times the terminal sends a signal.
  el_set(line, EL_SETTY, "-d", "-isig", nullptr);
  el_set(line, EL_ADDFN, "blue-interrupt", "empty the line, or end", &EditedLines::on_interrupt);
  el_set(line, EL_BIND, "^C", "blue-interrupt", nullptr);
}

EditedLines& EditedLines::of(EditLine* line) {
  void* self = nullptr;
  el_get(line, EL_CLIENTDATA, &self);
  return *static_cast<EditedLines*>(self);
}

char* EditedLines::prompt(EditLine* line) { return of(line).options_.prompt.data(); }
unsigned char EditedLines::on_tab(EditLine* line, int) { return of(line).complete_word(); }

unsigned char EditedLines::on_interrupt(EditLine* line, int) {
  if (of(line).options_.interrupt == InterruptKey::ends_input) return CC_EOF;
  const LineInfo* info = el_line(line);
  el_cursor(line, static_cast<int>(info->lastchar - info->cursor));
  info = el_line(line);
  el_deletestr(line, static_cast<int>(info->lastchar - info->buffer));
  return CC_REFRESH;
}

unsigned char EditedLines::complete_word() {
  if (!options_.complete) return CC_ERROR;
  const LineInfo* info = el_line(line_.get());
  const Completion completion = options_.complete(
      std::string_view(info->buffer, static_cast<std::size_t>(info->cursor - info->buffer)));
  if (completion.whole.empty()) return CC_ERROR;
  std::string more = completion.common().substr(completion.word.size());
  const bool is_whole = completion.whole.size() == 1;
  // The user continues after a folder or a "key="; any other word is complete.
  if (is_whole && !completion.whole.front().ends_with("/") &&
      !completion.whole.front().ends_with("="))
    more += ' ';
  if (!more.empty()) return el_insertstr(line_.get(), more.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  if (is_whole) return CC_NORM;
  io::print_text("\n");
  for (const std::string& each : completion.whole) io::print_text(printable(each) + "  ");
  io::print_text("\n");
  return CC_REDISPLAY;
}

void EditedLines::remember(const std::string& line) {
  if (line.find_first_not_of(" \t") == std::string::npos) return;
  history(history_.get(), &event_, H_ENTER, line.c_str());
  // Saved at once, so that the line survives a crash.
  if (!history_file_.empty()) history(history_.get(), &event_, H_SAVE, history_file_.c_str());
}

std::optional<std::string> EditedLines::next() {
  int n = 0;
  // Before the prompt appears, so that keys typed as soon as it is visible reach the editor.
  el_set(line_.get(), EL_PREP_TERM, 1);
  const char* read = el_gets(line_.get(), &n);
  if (read == nullptr || n <= 0) {
    io::print_text("\n");
    return std::nullopt;
  }
  std::string line(read);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  remember(line);
  return line;
}

}  // namespace

std::unique_ptr<LineReader> edited_lines(EditedLinesOptions options) {
  return std::make_unique<EditedLines>(std::move(options));
}

}  // namespace blue::terminal
