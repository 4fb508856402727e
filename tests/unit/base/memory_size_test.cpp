#include "base/memory_size.h"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <random>

namespace blue {
namespace {

Bytes bytes(std::string_view text) {
  const auto size = parse_memory_size(text);
  INFO(text);
  REQUIRE(size.ok());
  CHECK_FALSE(size->is_share());
  return size->bytes();
}

std::string refusal(std::string_view text) {
  const auto size = parse_memory_size(text);
  INFO(text);
  REQUIRE_FALSE(size.ok());
  CHECK(size.error().kind() == ErrorKind::bad_input);
  return size.error().message();
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("sizes are exact, in powers of 1000 and of 1024") {
  CHECK(bytes("8GB") == Bytes{8'000'000'000});
  CHECK(bytes("512MiB") == 512_MiB);
  CHECK(bytes("1.5GiB") == 1536_MiB);
  CHECK(bytes("0.25kib") == 256_B);
  CHECK(bytes("1 tb") == Bytes{1'000'000'000'000});
  CHECK(bytes("4096B") == 4_KiB);
  CHECK(bytes("1.000001MB") == Bytes{1'000'001});
  CHECK(bytes("16777215.999999TiB").count == 18446744073708452104ULL);
}

TEST_CASE("a share is of what is granted, without overflow or rounding above it") {
  const MemorySize share = parse_memory_size("60%").value();
  CHECK(share.is_share());
  CHECK(share.of(Bytes{1000}) == Bytes{600});
  CHECK(parse_memory_size("100 %")->of(Bytes{~std::uint64_t{0}}) == Bytes{~std::uint64_t{0}});
  CHECK(parse_memory_size("0.5%")->of(Bytes{1000}) == Bytes{5});
  CHECK(parse_memory_size("33.3333%")->of(Bytes{3'000'000}) == Bytes{999'999});
}

TEST_CASE("nothing asked for is automatic, and so is a size of no bytes") {
  CHECK(MemorySize().is_automatic());
  CHECK(MemorySize(Bytes{}).is_automatic());
  CHECK(MemorySize(4_KiB).of(1_GiB) == 4_KiB);
  CHECK(to_text(MemorySize()) == "automatic");
  CHECK(to_text(MemorySize(3_MiB)) == "3.00 MiB");
  CHECK(to_text(parse_memory_size("12.5%").value()) == "12.5 %");
}

TEST_CASE("a bare number is refused with the units") {
  for (const char* text : {"8", "1.5", "100000000 "}) {
    CHECK(has(refusal(text), "has no unit"));
    CHECK(has(refusal(text), "GiB"));
  }
}

TEST_CASE("what is no size is refused in one line that quotes it") {
  for (const char* text : {"", " ", "GB", "-1GB", "+1GB", ".5GB", "1.GB", "1.0000000GB",
                           "99999999999999999999GB", " 1GB"})
    CHECK(has(refusal(text), "is no size"));
  CHECK(has(refusal("8Gb/s"), "unknown unit"));
  CHECK(has(refusal("8G"), "unknown unit"));
  for (const char* text : {"1.2.3GB", "1e3MB", "0x10MB"}) CHECK(has(refusal(text), "unknown unit"));
  CHECK(has(refusal("0GB"), "more than 0"));
  CHECK(has(refusal("0.0%"), "more than 0"));
  CHECK(has(refusal("100.1%"), "more than 100 %"));
  CHECK(has(refusal("0.000001%"), "too small"));
  CHECK(has(refusal("0.1B"), "less than one byte"));
  CHECK(has(refusal("16777216TiB"), "larger than any memory"));
  CHECK_FALSE(has(refusal("1\n\x1b[31mGB"), "\x1b"));
  CHECK(refusal(std::string(5000, '9')).size() < 200);
}

TEST_CASE("any text is read as a size or refused in one printable line") {
  std::mt19937 random(5);
  constexpr std::string_view kAlphabet = "0123456789..%BKMGTikb \n\x01-+e";
  int n_read = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (auto n = random() % 9; n > 0; --n) text += kAlphabet[random() % kAlphabet.size()];
    const auto size = parse_memory_size(text);
    if (!size) {
      CHECK_FALSE(size.error().message().empty());
      for (const char c : size.error().message()) REQUIRE(static_cast<unsigned char>(c) >= 0x20);
      continue;
    }
    ++n_read;
    INFO(text);
    REQUIRE_FALSE(size->is_automatic());
    REQUIRE(size->of(1_GiB) == (size->is_share() ? size->of(1_GiB) : size->bytes()));
    REQUIRE((!size->is_share() || size->of(1_GiB) <= 1_GiB));
  }
  CHECK(n_read > 100);
}

}  // namespace
}  // namespace blue
