#include "messages/all_messages.h"

#include <catch2/catch_test_macros.hpp>
#include <cctype>
#include <set>
#include <string>

namespace blue::messages {
namespace {

/// Whether the first field that a message lists is its trace, by address: a trace that is not
/// listed would be lost on the way.
template <class M>
bool lists_its_trace_first(M& message) {
  bool is_first = false;
  message.visit_fields([&](auto& first, auto&...) {
    is_first = static_cast<const void*>(&first) == static_cast<const void*>(&message.trace);
    return 0;
  });
  return is_first;
}

struct Untraced {
  static constexpr const char* type_name = "untraced";
  int value = 0;
  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(value);
  }
};

struct WithFloat {
  static constexpr const char* type_name = "with_float";
  TraceContext trace;
  float value = 0;
  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, value);
  }
};

}  // namespace

TEST_CASE("every message carries its trace as its first listed field") {
  std::size_t n = 0;
  AllMessages::for_each([&]<class M>() {
    M message;
    INFO(M::type_name);
    CHECK(HasTrace<M>);
    CHECK(lists_its_trace_first(message));
    CHECK_FALSE(message.trace.is_stamped());
    ++n;
  });
  CHECK(n == AllMessages::size);
}

TEST_CASE("message names are unique and in snake case") {
  std::set<std::string> names;
  AllMessages::for_each([&]<class M>() {
    const std::string name = M::type_name;
    INFO(name);
    CHECK(names.insert(name).second);
    for (const char c : name) CHECK((std::islower(static_cast<unsigned char>(c)) != 0 || c == '_'));
  });
}

TEST_CASE("a struct without a trace, or with a float, is no message") {
  CHECK(Record<Untraced>);
  CHECK_FALSE(Message<Untraced>);
  CHECK_FALSE(Message<WithFloat>);
  CHECK(Message<RunStage>);
}

TEST_CASE("a float travels as its bits") {
  for (const float value : {0.0F, -0.0F, 0.7F, 1e-42F, std::numeric_limits<float>::infinity()}) {
    CHECK(std::bit_cast<std::uint32_t>(FloatBits::of(value).value()) ==
          std::bit_cast<std::uint32_t>(value));
  }
}

}  // namespace blue::messages
