#include "messages/all_messages.h"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cctype>
#include <limits>
#include <set>
#include <string>

#include "messages/caf_compat.h"
#include "messages/fields.h"

namespace blue::messages {
namespace {

struct Untraced {
  static constexpr const char* type_name = "untraced";
  int value = 0;
};

struct WithFloat {
  static constexpr const char* type_name = "with_float";
  TraceContext trace;
  float value = 0;
};

struct WithFloatInside {
  static constexpr const char* type_name = "with_float_inside";
  TraceContext trace;
  std::vector<WithFloat> inside;
};

struct WithPointer {
  static constexpr const char* type_name = "with_pointer";
  TraceContext trace;
  const char* text = nullptr;
};

/// Gives every member a value of its own, counted up, down to the last nested one.
struct Fill {
  std::uint64_t next = 1;

  void operator()(std::string& text) { text = "text " + std::to_string(next++); }
  void operator()(bool& flag) { flag = true; }
  template <class T>
  requires std::is_arithmetic_v<T>
  void operator()(T& number) { number = static_cast<T>(next++ * 7); }
  template <class T>
  requires std::is_enum_v<T>
  void operator()(T& value) { value = static_cast<T>(1); }
  template <class T>
  void operator()(std::vector<T>& list) {
    list.resize(3);
    for (T& element : list) (*this)(element);
  }
  template <Fields T>
  void operator()(T& value) {
    apply_fields(value, [this](auto&... members) { ((*this)(members), ...); });
  }
};

/// Are two values equal in every member?
struct IsSame {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    if constexpr (Fields<T>) {
      const auto left = boost::pfr::structure_tie(a);
      const auto right = boost::pfr::structure_tie(b);
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return ((*this)(std::get<I>(left), std::get<I>(right)) && ...);
      }
      (std::make_index_sequence<boost::pfr::tuple_size_v<T>>{});
    } else {
      return a == b;
    }
  }
};

}  // namespace

TEST_CASE("every message comes back from its wire format as it was, member by member") {
  std::size_t n = 0;
  AllMessages::for_each([&]<class M>() {
    INFO(M::type_name);
    M sent;
    CHECK_FALSE(sent.trace.is_stamped());
    Fill{}(sent);
    CHECK(sent.trace.is_stamped());
    std::vector<char> bytes;
    caf::binary_serializer writer(nullptr, bytes);
    REQUIRE_FALSE(writer(sent));
    M received;
    CHECK_FALSE(IsSame{}(sent, received));
    caf::binary_deserializer reader(nullptr, bytes);
    REQUIRE_FALSE(reader(received));
    CHECK(IsSame{}(sent, received));
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

TEST_CASE("a struct without a trace is no message, and a float or a pointer anywhere is refused") {
  CHECK_FALSE(Message<Untraced>);
  CHECK(Message<RunStage>);
  CHECK(WireSafe<RunStage>);
  CHECK_FALSE(WireSafe<WithFloat>);
  CHECK_FALSE(WireSafe<WithFloatInside>);
  CHECK_FALSE(WireSafe<WithPointer>);
}

TEST_CASE("a float travels as its bits") {
  for (const float value : {0.0F, -0.0F, 0.7F, 1e-42F, std::numeric_limits<float>::infinity()}) {
    CHECK(std::bit_cast<std::uint32_t>(FloatBits::of(value).value()) ==
          std::bit_cast<std::uint32_t>(value));
  }
}

}  // namespace blue::messages
