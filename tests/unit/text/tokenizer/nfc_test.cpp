#include "text/tokenizer/nfc.h"

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <string>

namespace blue::text {
namespace {

std::string nfc(std::string_view text) {
  std::string storage;
  return std::string(normalized_nfc(text, storage));
}

TEST_CASE("NFC composes, orders marks and replaces singletons") {
  CHECK(nfc("e\xcc\x81") == "\xc3\xa9");
  CHECK(nfc("xe\xcc\x81y") == "x\xc3\xa9y");
  CHECK(nfc("\xc3\xa9\xcc\xa3") == "\xe1\xba\xb9\xcc\x81");   // é + dot below
  CHECK(nfc("a\xcc\x81\xcc\xa3") == "\xe1\xba\xa1\xcc\x81");  // marks change places
  CHECK(nfc("o\xcc\x82\xcc\x81 o\xcc\x82") == "\xe1\xbb\x91 \xc3\xb4");
  CHECK(nfc("\xe2\x84\xab") == "\xc3\x85");                  // the angstrom sign
  CHECK(nfc("\xef\xa4\x80") == "\xe8\xb1\x88");              // a compatibility ideograph
  CHECK(nfc("\xe1\x84\x80\xe1\x85\xa1") == "\xea\xb0\x80");  // jamo
  CHECK(nfc("\xea\xb0\x80\xe1\x86\xa8") == "\xea\xb0\x81");  // a syllable and a final one
  CHECK(nfc("\xe0\xa7\x87\xe0\xa6\xbe") == "\xe0\xa7\x8b");  // Bengali e + aa
  CHECK(nfc("\xe0\xa4\x95\xe0\xa4\xbc") == "\xe0\xa4\x95\xe0\xa4\xbc");  // excluded from composing
  CHECK(nfc("\xe0\xa5\x98") == "\xe0\xa4\x95\xe0\xa4\xbc");
}

TEST_CASE("text in NFC is returned as it is, not copied") {
  for (const std::string text :
       {"", "plain", "\xc3\xa9\xc3\xbc", "\xe4\xbd\xa0\xe5\xa5\xbd", "\xd0\x9f\xd1\x80\xd0\xb8",
        "\xed\x95\x9c\xea\xb8\x80", "\xf0\x9f\x91\xa9\xe2\x80\x8d"}) {
    std::string storage;
    CHECK(normalized_nfc(text, storage).data() == text.data());
  }
  CHECK(nfc("\xcc\x81") == "\xcc\x81");  // a mark alone
}

TEST_CASE("bytes that are no UTF-8 stay and end what may compose") {
  CHECK(nfc("e\xff\xcc\x81") == "e\xff\xcc\x81");
  CHECK(nfc("\xed\xa0\x80"
            "e\xcc\x81\xc3") == "\xed\xa0\x80\xc3\xa9\xc3");
  CHECK(nfc("\xcc") == "\xcc");
  CHECK(nfc("\x80\x80\xcc\x81") == "\x80\x80\xcc\x81");
}

TEST_CASE("runs of marks take linear time") {
  std::string marks = "a";
  while (marks.size() < (std::size_t{1} << 20)) marks += "\xcc\x81\xcc\xa3";
  const auto begin = std::chrono::steady_clock::now();
  CHECK(nfc(marks).size() == marks.size());
  std::string words;
  while (words.size() < (std::size_t{1} << 20)) words += "e\xcc\x81 ";
  CHECK(nfc(words).size() < words.size());
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
}

}  // namespace
}  // namespace blue::text
