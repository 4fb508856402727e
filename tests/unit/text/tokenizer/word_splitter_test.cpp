#include "text/tokenizer/word_splitter.h"

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <string>
#include <vector>

namespace blue::text {
namespace {

using Words = std::vector<std::string>;

WordSplitter splitter(std::string_view name) {
  const PreTokenizer* pre = find_pre_tokenizer(name);
  REQUIRE(pre != nullptr);
  return WordSplitter::create(*pre).value();
}

Words split(std::string_view name, std::string_view text) {
  std::vector<std::string_view> words;
  REQUIRE(splitter(name).split(text, words));
  return {words.begin(), words.end()};
}

/// One name of each set of expressions.
constexpr std::string_view kAllNames[] = {
    "default",        "gpt-2",       "llama-bpe",  "qwen2",    "qwen35",     "deepseek-llm",
    "deepseek-coder", "deepseek-v3", "kimi-k2",    "gpt-4o",   "tekken",     "smollm",
    "jais-2",         "minicpm5",    "seed-coder", "laguna",   "bailingmoe", "exaone-moe",
    "ufakzeka",       "spark2_5",    "afmoe",      "tiny_aya", "superbpe",   "youtu",
    "bloom",          "viking",      "falcon",     "chameleon"};

TEST_CASE("every pre-tokenizer gives all bytes back as words, none empty") {
  const std::string texts[] = {"",
                               "it's 12345 DON'T\r\n\n  x\t y  ",
                               "caf\xc3\xa9 e\xcc\x81 \xe4\xbd\xa0\xe5\xa5\xbd\xe3\x80\x82 "
                               "\xe3\x81\x82\xe3\x82\xa2 \xed\x95\x9c",
                               "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb!?\n\n /x",
                               std::string("\0a\0\0 b\xff\xfe\xed\xa0\x80\xed\xb0\x80\xc3", 15),
                               "\xc2\xa0\xe3\x80\x80\xe1\xa0\x8e\xe2\x80\xa8 z\x7f\x01"};
  for (const std::string_view name : kAllNames) {
    for (const std::string& text : texts) {
      std::string joined;
      for (const std::string& word : split(name, text)) {
        CHECK_FALSE(word.empty());
        joined += word;
      }
      INFO(name);
      CHECK(joined == text);
    }
  }
}

TEST_CASE("GPT-2 splits off small contractions and keeps digits together") {
  CHECK(split("gpt-2", "it's IT'S 12345 a+b") ==
        Words{"it", "'s", " IT", "'", "S", " 12345", " a", "+", "b"});
  CHECK(split("gpt-2", "a  b \n") == Words{"a", " ", " b", " \n"});
  CHECK(split("gpt-2", "hi!!\n\nyo") == Words{"hi", "!!", "\n", "\n", "yo"});
}

TEST_CASE("files without a pre-tokenizer part punctuation, and group digits by three") {
  CHECK(split("default", "it's a+b 12345!!") ==
        Words{"it", "'", "s", " a", "+", "b", " ", "123", "45", "!!"});
  CHECK(split("falcon", "a`b 1234") == Words{"a", "`", "b", " ", "123", "4"});
}

TEST_CASE("digits go by three from the right where the model counts so") {
  CHECK(split("afmoe", "1234567 12") == Words{"1", "234", "567", " ", "12"});
  CHECK(split("afmoe", "123456a1234") == Words{"123", "456", "a", "1", "234"});
  CHECK(split("tiny_aya", "1234567") == Words{"1", "234", "567"});
  CHECK(split("tiny_aya", "x 12345.678") == Words{"x", " ", "12", "345", ".", "678"});
  // Letters end no word behind digits: the groups come from the left.
  CHECK(split("tiny_aya", "1234ab") == Words{"123", "4", "ab"});
  CHECK(split("superbpe", "by the way 1234567") == Words{"by the way ", "1", "234", "567"});
}

TEST_CASE("runs of spaces are cut from long to short by Jais 2") {
  CHECK(split("jais-2", "a" + std::string(7, ' ') + "b") == Words{"a", "    ", "  ", " b"});
  CHECK(split("jais-2", std::string(600, ' ')) == Words{std::string(512, ' '), std::string(64, ' '),
                                                        std::string(16, ' '), std::string(8, ' ')});
  CHECK(split("jais-2", "a   \n  b") == Words{"a", "   \n", " ", " b"});
}

TEST_CASE("the pre-tokenizers of single models cut as their expressions say") {
  CHECK(split("minicpm5", "ab 12345") == Words{"ab", " ", "123", "45"});
  CHECK(split("seed-coder", "a!!\n\nb 12") == Words{"a", "!!", "\n\n", "b", " ", "1", "2"});
  CHECK(split("bailingmoe", "it'S a\n\n b") == Words{"it", "'S", " a", "\n\n", " b"});
  CHECK(split("exaone-moe", "a b c de!/ x") == Words{"a b c de", "!/", " x"});
  CHECK(split("exaone-moe", "ab  cd") == Words{"ab", " ", " cd"});
  CHECK(split("ufakzeka", "Ali'den 12") == Words{"Ali", "'den", " ", "1", "2"});
  CHECK(split("laguna", "a\n\n b!\n") == Words{"a", "\n\n", " b", "!", "\n"});
  CHECK(split("spark2_5", "a!b\n\n 12345") ==
        Words{"a", "!b", "\n", "\n", " ", "1", "2", "3", "4", "5"});
  CHECK(split("youtu", "abC d\xe4\xbd\xa0\xe3\x80\x82 12") ==
        Words{"ab", "C", " d", "\xe4\xbd\xa0", "\xe3\x80\x82", " ", "1", "2"});
  CHECK(split("bloom", "a, b(c 12") == Words{"a", ",", " b", "(", "c", " 12"});
  CHECK(split("viking", "a, b 12") == Words{"a", ",", " b", " ", "1", "2"});
  CHECK(split("chameleon", "ab  c\t12!?<sentinel:3>IMGIMGAACZx") ==
        Words{"ab", "  ", "c", "\t", "1", "2", "!", "?", "<", "sentinel", ":", "3", ">",
              "IMGIMGAACZ", "x"});
}

TEST_CASE("Llama 3 groups digits by three and ends punctuation with its newlines") {
  for (const std::string_view name : {"llama-bpe", "llama3", "llama-v3"}) {
    CHECK(split(name, "It'S 12345678") == Words{"It", "'S", " ", "123", "456", "78"});
    CHECK(split(name, "f(x);\n\n  y") == Words{"f", "(x", ");\n\n", " ", " y"});
    CHECK(split(name, "a \n \n b") == Words{"a", " \n \n", " b"});
    CHECK(split(name, "e\xcc\x81x") ==
          Words{"e", "\xcc\x81x"});  // a mark is no letter here, but may lead a word
  }
}

TEST_CASE("Qwen2 parts every digit, Qwen3.5 keeps marks inside words") {
  for (const std::string_view name : {"qwen2", "deepseek-r1-qwen"}) {
    CHECK(split(name, "x 123") == Words{"x", " ", "1", "2", "3"});
    CHECK(split(name, "e\xcc\x81x") == Words{"e", "\xcc\x81x"});
    CHECK(split(name, "a\xcc\x81\xcc\x81") == Words{"a", "\xcc\x81\xcc\x81"});
  }
  CHECK(split("qwen35", "e\xcc\x81x 12") == Words{"e\xcc\x81x", " ", "1", "2"});
  CHECK(split("qwen35", "!\xcc\x81") == Words{"!\xcc\x81"});
  CHECK(split("qwen35", "it'LL\r\n\r\nx") == Words{"it", "'LL", "\r\n\r\n", "x"});
  // Devanagari: letters and vowel signs are one word in Qwen3.5 alone.
  const std::string hindi = "\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8";  // ha, sign i, na
  CHECK(split("qwen35", hindi) == Words{hindi});
  CHECK(split("qwen2", hindi) == Words{hindi.substr(0, 3), hindi.substr(3)});
}

TEST_CASE(
    "DeepSeek LLM cuts by newline, cased letters, punctuation, spaces at the end, CJK and digit, "
    "in this "
    "order") {
  CHECK(split("deepseek-llm", "ab cd,ef\n\ngh 123") ==
        Words{"ab", " cd", ",", "ef", "\n", "\n", "gh", " ", "1", "2", "3"});
  CHECK(split("deepseek-llm", "it's") == Words{"it", "'", "s"});
  CHECK(split("deepseek-llm", "a \xe4\xbd\xa0\xe5\xa5\xbd") ==
        Words{"a", " ", "\xe4\xbd\xa0\xe5\xa5\xbd"});
  CHECK(split("deepseek-llm", "a   ") == Words{"a", "   "});
  CHECK(split("deepseek-llm", "  a") == Words{" ", " a"});
  CHECK(split("deepseek-llm", "\xd0\xaf\xd0\xb7 \xce\xa9!") ==
        Words{"\xd0\xaf\xd0\xb7", " \xce\xa9", "!"});
  // Spaces at the end are a word of their own; before a digit they stay with it as no step parts
  // them.
  CHECK(split("deepseek-llm", "\xc6\x94  7") == Words{"\xc6\x94", "  ", "7"});
  // U+212A KELVIN SIGN, not K: the range from K to it would otherwise hold letters.
  CHECK(split("deepseek-llm", "[\xe2\x84\xaa]") == Words{"[", "\xe2\x84\xaa", "]"});
}

TEST_CASE("DeepSeek Coder takes any letters and punctuation, symbols stay between") {
  CHECK(split("deepseek-coder", "int x = 12;\n") == Words{"int", " x", " = ", "1", "2", ";", "\n"});
  CHECK(split("deepseek-coder", "a == b") == Words{"a", " ==", " b"});
  CHECK(split("deepseek-coder", "def f():") == Words{"def", " f", "():"});
}

TEST_CASE(
    "DeepSeek V3 groups digits by three, parts CJK from other letters, and lets ASCII punctuation "
    "lead a "
    "word") {
  CHECK(split("deepseek-v3", "x 1234567") == Words{"x", " ", "123", "456", "7"});
  CHECK(split("deepseek-v3", "abc\xe4\xbd\xa0\xe3\x81\x82xyz") ==
        Words{"abc", "\xe4\xbd\xa0\xe3\x81\x82", "xyz"});
  CHECK(split("deepseek-v3", "a.b _id (x) it's") ==
        Words{"a", ".b", " _", "id", " (", "x", ")", " it", "'s"});
  CHECK(split("deepseek-v3", "!!\n\n  y") == Words{"!!\n\n", " ", " y"});
  CHECK(split("deepseek-v3", "e\xcc\x81 \xf0\x9f\x98\x80") ==
        Words{"e\xcc\x81", " \xf0\x9f\x98\x80"});
}

TEST_CASE("Kimi K2 keeps Han runs apart from all else and splits words where capitals begin") {
  const std::string han = "\xe4\xbd\xa0\xe5\xa5\xbd";
  CHECK(split("kimi-k2", "ab" + han + "cd") == Words{"ab", han, "cd"});
  CHECK(split("kimi-k2", " " + han) == Words{" ", han});
  CHECK(split("kimi-k2", "getUserName") == Words{"get", "User", "Name"});
  CHECK(split("kimi-k2", "iPhone HTTPServer") == Words{"i", "Phone", " HTTPServer"});
  CHECK(split("kimi-k2", "It's 12345") == Words{"It's", " ", "123", "45"});
  // Kana and Hangul are letters without case; the Han characters among them are cut out.
  CHECK(split("kimi-k2", "\xe3\x81\x82\xe4\xba\xba\xe3\x81\xae") ==
        Words{"\xe3\x81\x82", "\xe4\xba\xba", "\xe3\x81\xae"});
  // U+30FC and U+3001 are shared with Han by other scripts, but not of it; U+3005 is.
  CHECK(split("kimi-k2", "\xe3\x82\xa2\xe3\x83\xbc") == Words{"\xe3\x82\xa2\xe3\x83\xbc"});
  CHECK(split("kimi-k2", "\xe4\xba\xba\xe3\x80\x85\xe3\x80\x81") ==
        Words{"\xe4\xba\xba\xe3\x80\x85", "\xe3\x80\x81"});
  CHECK(split("kimi-k2", "a/\n/b") == Words{"a", "/\n", "/b"});
}

TEST_CASE("GPT-4o splits by case, keeps contractions on their word and slashes on punctuation") {
  for (const std::string_view name : {"gpt-4o", "llama4"}) {
    CHECK(split(name, "It's theirS'LL") == Words{"It's", " their", "S'LL"});
    CHECK(split(name, "camelCase HTTPServer") == Words{"camel", "Case", " HTTPServer"});
    CHECK(split(name, "1234") == Words{"123", "4"});
    CHECK(split(name, "a //\n//x") == Words{"a", " //\n//", "x"});
    CHECK(split(name,
                "ab\xe4\xbd\xa0"
                "CD") == Words{"ab\xe4\xbd\xa0", "CD"});
    CHECK(split(name, "e\xcc\x81") == Words{"e\xcc\x81"});
  }
}

TEST_CASE("Tekken is GPT-4o's without contractions and with single digits") {
  CHECK(split("tekken", "It's 123") == Words{"It", "'s", " ", "1", "2", "3"});
  CHECK(split("tekken", "camelCase //\n x") == Words{"camel", "Case", " //\n", " x"});
}

TEST_CASE("SmolLM parts digits before GPT-2's words") {
  CHECK(split("smollm", "it's 123 a1b") == Words{"it", "'s", " ", "1", "2", "3", " a", "1", "b"});
  CHECK(split("smollm", "x  9") == Words{"x", "  ", "9"});
}

TEST_CASE("a woman at her computer is one symbol word, or three where marks and joiners count") {
  const std::string emoji =
      "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb";  // U+1F469 U+200D U+1F4BB
  for (const std::string_view name :
       {"gpt-2", "llama-bpe", "qwen2", "qwen35", "kimi-k2", "gpt-4o", "tekken"}) {
    INFO(name);
    CHECK(split(name, "a " + emoji + "!") == Words{"a", " " + emoji + "!"});
  }
  CHECK(split("deepseek-v3", emoji) ==
        Words{"\xf0\x9f\x91\xa9", "\xe2\x80\x8d", "\xf0\x9f\x92\xbb"});
}

TEST_CASE("no pre-tokenizer takes quadratic time over a megabyte of one thing") {
  for (const std::string_view name : kAllNames) {
    const WordSplitter words = splitter(name);
    for (const std::string unit : {"a", "A", " ", "\n", "7", "!", "\xe4\xbd\xa0", "\xcc\x81"}) {
      for (const std::string last : {"", "7", "a", "!", "\xe4\xbd\xa0"}) {
        std::string text;
        while (text.size() < (std::size_t{1} << 18)) text += unit;
        text += last;
        std::vector<std::string_view> found;
        const auto begin = std::chrono::steady_clock::now();
        REQUIRE(words.split(text, found));
        INFO(name << " with [" << unit << "] then [" << last << "]");
        // Quadratic time would be many minutes; the bound leaves room for a sanitizer on a busy
        // machine.
        CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
        std::size_t n_bytes = 0;
        for (const std::string_view word : found) n_bytes += word.size();
        CHECK(n_bytes == text.size());
      }
    }
  }
}

TEST_CASE("an unknown pre-tokenizer is not found, and the known ones are listed") {
  CHECK(find_pre_tokenizer("nobody") == nullptr);
  CHECK(find_pre_tokenizer("llama3") == find_pre_tokenizer("llama-bpe"));
  CHECK(find_pre_tokenizer("deepseek-r1-qwen") == find_pre_tokenizer("qwen2"));
  for (const std::string_view name : kAllNames)
    CHECK(known_pre_tokenizers().find(name) != std::string::npos);
}

}  // namespace
}  // namespace blue::text
