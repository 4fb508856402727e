// Application: the interface between the actors and the program around them. It takes runs and
// generations, and pushes text (from the channels' rings), slots and ends to the event queue, in
// order and without a gap. Embedding actors request text from it.
// Depends on actors/. Threads: its own; the one consumer of all text rings. It is not restarted:
// its promises die with it.
#pragma once

#include <map>
#include <string>

#include "actors/handles.h"
#include "actors/pinned_actor.h"

namespace blue::actors {

class Application final : public PinnedActor<ApplicationHandle> {
 public:
  Application(caf::actor_config& config, RuntimeContext& runtime);
  Behavior make_behavior() override;
  void on_exit() override;

 private:
  /// A job's text so far. Its records may arrive before the message that names its run.
  struct Job {
    std::string text;
    std::size_t n_shown = 0;  ///< bytes of it that became events
    messages::RunNumber run;
    std::uint32_t stage = 0;
    std::string name;
  };

  messages::Promise<messages::GeneratedText> generate(const messages::GenerateText& order);
  void open(const messages::OpenRun& order);
  void bind(const messages::JobKey& key, const std::string& name);
  std::size_t drain();
  void show(Job& job);
  /// Completes the text of the run's present job with what the ring did not carry (`text.text`),
  /// shows the rest, and forgets the job. Returns the whole text.
  std::string end_job(messages::RunNumber run, const messages::JobText& text);
  void end_generation(const messages::JobKey& key, const messages::JobText& text, RunEvent last);
  void finish(messages::RunNumber run, RunEvent last);
  void poll();

  RuntimeContext& runtime_;
  std::map<messages::JobNumber, Job> jobs_;
  std::map<messages::RunNumber, messages::JobNumber>
      present_;  ///< open runs, and which job each is at; not valid: none
  std::map<messages::RunNumber, messages::Promise<messages::GeneratedText>> promises_;
  bool is_polling_ = false;
};

}  // namespace blue::actors
