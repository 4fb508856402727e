#include "actors/scheduling/restart_policy.h"

#include <catch2/catch_test_macros.hpp>

namespace blue::actors {

TEST_CASE("actors whose state can be rebuilt are started again and a cascade's run ends") {
  RestartPolicy policy;
  for (const ActorKind kind :
       {ActorKind::scheduler, ActorKind::entropy_monitor, ActorKind::tiering, ActorKind::dma_engine,
        ActorKind::kv_library, ActorKind::watchdog, ActorKind::tracer}) {
    INFO(to_text(kind));
    CHECK(policy.decide(kind, 0) == DownDecision::restart);
  }
  CHECK(policy.decide(ActorKind::stage, 0) == DownDecision::restart_lose_job);
  CHECK(policy.decide(ActorKind::cascade, 0) == DownDecision::end_run);
  CHECK(policy.decide(ActorKind::application, 0) == DownDecision::give_up);
}

TEST_CASE("an actor that dies again and again is given up, one that dies now and then is not") {
  RestartPolicy policy;
  for (std::size_t i = 0; i < RestartPolicy::kMaxRestarts; ++i) {
    CHECK(policy.decide(ActorKind::tracer, static_cast<Nanoseconds>(i)) == DownDecision::restart);
  }
  CHECK(policy.decide(ActorKind::tracer, 100) == DownDecision::give_up);
  CHECK(policy.decide(ActorKind::watchdog, 100) == DownDecision::restart);
  CHECK(policy.decide(ActorKind::tracer, RestartPolicy::kWithin_ns + 200) == DownDecision::restart);
}

}  // namespace blue::actors
