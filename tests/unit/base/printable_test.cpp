#include "base/printable.h"

#include <catch2/catch_test_macros.hpp>

namespace blue {
namespace {

TEST_CASE("what steers a terminal is written as escapes, text in any script stays") {
  CHECK(printable("plain \\ text") == "plain \\ text");
  CHECK(printable("h\u00e9 \u65e5\u672c \U0001f600 \u200d") ==
        "h\u00e9 \u65e5\u672c \U0001f600 \u200d");
  CHECK(printable("\x1b[2J\a\r\b") == "\\x1b[2J\\x07\\x0d\\x08");
  CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(printable("\x7f") == "\\u007f");
  CHECK(printable("\u0080\u009b31m\u009f\u00a0") == "\\u0080\\u009b31m\\u009f\u00a0");
  CHECK(printable("\u2028\u2029\u202a\u202e\u202f") == "\\u2028\\u2029\\u202a\\u202e\u202f");
  CHECK(printable("\u2065\u2066\u2069\u206a") == "\u2065\\u2066\\u2069\u206a");
}

TEST_CASE("bytes that are not UTF-8 are escaped one by one") {
  CHECK(printable("\x9b"
                  "31m") == "\\x9b31m");                  // C1 as a bare byte
  CHECK(printable("\xc0\x9b") == "\\xc0\\x9b");           // overlong
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
  CHECK(printable("\xe6\x97") == "\\xe6\\x97");           // cut off
}

TEST_CASE("newlines and tabs are kept in running text alone") {
  CHECK(printable("a\n\tb") == "a\\n\\tb");
  CHECK(printable("a\n\tb\r\n", LineBreaks::kept) == "a\n\tb\\x0d\n");
}

TEST_CASE("a long line keeps its beginning and its end, and says how much was cut") {
  const std::string text = "file.gguf: key '" + std::string(100'000, 'x') + "': unknown type";
  const std::string line = printable_line(text, 300);
  CHECK(line.size() < 340);
  CHECK(line.starts_with("file.gguf: key 'xxx"));
  CHECK(line.ends_with("x': unknown type"));
  CHECK(line.find("[... 99731 bytes ...]") != std::string::npos);
  CHECK(printable_line("short", 300) == "short");
  // Escapes count: 200 bytes become 800.
  const std::string hostile = printable_line(std::string(200, '\x1b'), 300);
  CHECK(hostile.size() < 340);
  CHECK(hostile.find('\x1b') == std::string::npos);
  // Characters are not split.
  std::string umlauts;
  for (int i = 0; i < 1000; ++i) umlauts += "\u00e4";
  CHECK(printable_line(umlauts, 301).find("\\x") == std::string::npos);
}

TEST_CASE("an unfinished character at the end is counted, a broken one is not") {
  CHECK(unfinished_character("abc") == 0);
  CHECK(unfinished_character("a\xe6\x97") == 2);
  CHECK(unfinished_character("a\xf0\x9f\x98") == 3);
  CHECK(unfinished_character("a\xc3") == 1);
  CHECK(unfinished_character("\u65e5") == 0);
  CHECK(unfinished_character("\xc0") == 0);
  CHECK(unfinished_character("\xe6\x20") == 0);
  CHECK(unfinished_character("") == 0);
}

}  // namespace
}  // namespace blue
