// Application: the actor that stands for the program outside. Runs and generations come in through
// it; text (from the channels' rings), slots and ends go out through the event queue, in order and
// without a gap. Embedding actors ask it for text.
// Depends on actors/. Threads: its own; the one consumer of all text rings. It is not restarted:
// promises died with it.
#pragma once

#include <map>
#include <string>

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "actors/stage/text_reassembler.h"

namespace blue::actors {

class Application final : public PinnedActor<ApplicationHandle> {
 public:
  Application(caf::actor_config& config, RuntimeContext& runtime);
  Behavior make_behavior() override;
  void on_exit() override;

 private:
  /// A job's text. Its records may come before the message that says whose it is; `text` waits
  /// until then.
  struct Job {
    TextReassembler reassembler;
    std::string text;
    messages::RunNumber run = 0;
    std::uint32_t stage = 0;
    std::string name;
  };

  messages::Promise<messages::GeneratedText> generate(const messages::GenerateText& order);
  template <class Order>
  void open(const Order& order);
  void bind(messages::RunNumber run, messages::JobNumber job, std::uint32_t stage,
            const std::string& name);
  std::size_t drain();
  void show(Job& job);
  /// Shows what was not shown of the text of the run's present job, and forgets the job.
  void end_job(messages::RunNumber run, const std::string& full_text);
  void end_generation(messages::RunNumber run, messages::JobNumber job,
                      const std::string& full_text, RunEvent last);
  void finish(messages::RunNumber run, RunEvent last);
  void poll();

  std::map<messages::JobNumber, Job> jobs_;
  std::map<messages::RunNumber, messages::JobNumber>
      present_;  ///< open runs, and which job each is at (0: none)
  std::map<messages::RunNumber, messages::Promise<messages::GeneratedText>> promises_;
  bool is_polling_ = false;
};

}  // namespace blue::actors
