#include "memory/text/thinking_buffer.h"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "base/check.h"

using namespace blue;
using namespace blue::memory;

TEST_CASE("a slot streams, is committed, and is final then", "[memory][thinking_buffer]") {
  ThinkingBuffer buffer({"task", "reasoning"});
  REQUIRE(buffer.write("task", "sum").ok());
  REQUIRE(buffer.append("reasoning", "first ").ok());
  REQUIRE(buffer.append("reasoning", "then").ok());
  const auto slots = buffer.observe();
  CHECK(slots[0].state == SlotState::committed);
  CHECK(slots[1].state == SlotState::writing);
  CHECK(slots[1].text == "first then");
  CHECK(slots[1].revision == 2);
  REQUIRE(buffer.commit("reasoning").ok());
  for (const Status& refused :
       {buffer.append("reasoning", "x"), buffer.commit("reasoning"), buffer.begin("reasoning"),
        buffer.write("reasoning", "x"), buffer.interrupt("reasoning")}) {
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().is(MemoryError::slot_committed));
  }
  CHECK(buffer.observe()[1].text == "first then");
}

TEST_CASE("a stage sees its slots and no other", "[memory][thinking_buffer]") {
  ThinkingBuffer buffer({"task", "reasoning", "code"});
  REQUIRE(buffer.write("task", "sum").ok());
  const auto view = buffer.view({"task", "code"});
  REQUIRE(view.ok());
  CHECK(view->read("task")->text == "sum");
  CHECK(view->read("code")->state == SlotState::empty);
  const auto hidden = view->read("reasoning");
  REQUIRE_FALSE(hidden.ok());
  CHECK(hidden.error().is(MemoryError::hidden_slot));
  const auto unknown = view->read("review");
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().is(MemoryError::unknown_slot));
  CHECK(unknown.error().message().find("reasoning") != std::string::npos);
  CHECK_FALSE(buffer.view({"task", "nowhere"}).ok());
  CHECK_FALSE(buffer.append("nowhere", "x").ok());
}

TEST_CASE("a preempted stage's text is kept and marked until it is begun anew",
          "[memory][thinking_buffer]") {
  ThinkingBuffer buffer({"code"});
  REQUIRE(buffer.append("code", "def f(").ok());
  REQUIRE(buffer.interrupt("code").ok());
  CHECK(buffer.observe()[0].text == "def f(");
  CHECK(buffer.observe()[0].state == SlotState::interrupted);
  CHECK_THROWS_AS(buffer.append("code", "xs"), CheckFailure);
  REQUIRE(buffer.begin("code").ok());
  CHECK(buffer.observe()[0].text.empty());
  REQUIRE(buffer.append("code", "def g").ok());
  REQUIRE(buffer.interrupt("code").ok());
  REQUIRE(buffer.commit("code").ok());
  CHECK(buffer.observe()[0].text == "def g");
}

TEST_CASE("the revision rises with every change and with nothing else",
          "[memory][thinking_buffer]") {
  ThinkingBuffer buffer({"a", "b"});
  CHECK(buffer.revision() == 0);
  REQUIRE(buffer.append("a", "1").ok());
  REQUIRE(buffer.write("b", "2").ok());
  CHECK(buffer.revision() == 2);
  static_cast<void>(buffer.observe());
  static_cast<void>(buffer.write("b", "3"));
  CHECK(buffer.revision() == 2);
}

TEST_CASE("two slots of one name are a bug", "[memory][thinking_buffer]") {
  CHECK_THROWS_AS(ThinkingBuffer({"a", "a"}), CheckFailure);
}

TEST_CASE("a shell reads while a stage writes", "[memory][thinking_buffer][stress]") {
  ThinkingBuffer buffer({"a"});
  std::atomic<bool> is_over{false};
  std::atomic<int> n_wrong{0};
  std::thread shell([&] {
    const auto view = buffer.view({"a"});
    std::uint64_t last = 0;
    while (!is_over) {
      const SlotText slot = view->read("a").value();
      if (slot.text.size() != slot.revision || slot.revision < last) n_wrong += 1;
      last = slot.revision;
    }
  });
  for (int i = 0; i < 3000; ++i) REQUIRE(buffer.append("a", "x").ok());
  is_over = true;
  shell.join();
  CHECK(n_wrong == 0);
  CHECK(buffer.observe()[0].text.size() == 3000);
}
