// The device contract on a real GPU: arenas, copies, events, streams, page-locked host memory,
// refusals.
#include <array>
#include <numeric>

#include "tests/kernels/cuda_opened.h"

namespace blue::kernels::test {
namespace {

std::vector<std::byte> random_bytes(std::size_t n, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<std::byte> bytes(n);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(engine() & 0xff);
  return bytes;
}

TEST_CASE("a CUDA device reports its name, its architecture and its memory", "[cuda]") {
  auto backend = open_cuda_or_say_skipped();
  if (backend == nullptr) return;
  const hal::DeviceInfo& info = backend->device().info();
  CHECK(info.kind == hal::DeviceKind::cuda);
  CHECK(info.name == "cuda:0");
  CHECK(info.description.find("sm_") != std::string::npos);
  CHECK(info.pci_address.size() == std::string("0000:00:00.0").size());
  CHECK(info.memory_free.count > 0);
  CHECK(info.memory_free <= info.memory_total);
}

TEST_CASE("bytes copied to a CUDA arena, within it and back are the same bytes", "[cuda]") {
  auto backend = open_cuda_or_say_skipped();
  if (backend == nullptr) return;
  hal::Device& device = backend->device();
  auto stream = require_value(device.open_stream());
  for (const std::size_t n : {std::size_t{1}, std::size_t{4097}, std::size_t{3'000'001}}) {
    auto first = require_value(device.allocate(Bytes{n}));
    auto second = require_value(device.allocate(Bytes{n}));
    CHECK(first->size() >= Bytes{n});
    CHECK(reinterpret_cast<std::uintptr_t>(first->base()) % 256 == 0);
    const std::vector<std::byte> sent = random_bytes(n, 7);
    std::vector<std::byte> back(n);
    require_ok(device.copy_to_device(first->base(), sent.data(), Bytes{n}, *stream));
    require_ok(device.copy_within(second->base(), first->base(), Bytes{n}, *stream));
    require_ok(device.copy_to_host(back.data(), second->base(), Bytes{n}, *stream));
    require_ok(stream->synchronize());
    CHECK(back == sent);
  }
}

TEST_CASE("a CUDA event is done before its first record and once its stream has passed it",
          "[cuda]") {
  auto backend = open_cuda_or_say_skipped();
  if (backend == nullptr) return;
  hal::Device& device = backend->device();
  auto stream = require_value(device.open_stream());
  auto event = require_value(device.open_event());
  CHECK(require_value(event->is_done()));

  const std::size_t n = 64 << 20;
  auto from = require_value(device.allocate(Bytes{n}));
  auto to = require_value(device.allocate(Bytes{n}));
  for (int round = 0; round < 8; ++round)
    require_ok(device.copy_within(to->base(), from->base(), Bytes{n}, *stream));
  require_ok(stream->record(*event));
  require_ok(event->wait());
  CHECK(require_value(event->is_done()));
}

TEST_CASE("a CUDA stream that waits for an event sees what the other stream did before it",
          "[cuda]") {
  auto backend = open_cuda_or_say_skipped();
  if (backend == nullptr) return;
  hal::Device& device = backend->device();
  auto loader = require_value(device.open_stream());
  auto reader = require_value(device.open_stream());
  auto loaded = require_value(device.open_event());
  const std::size_t n = 64 << 20;
  auto staging = require_value(device.allocate(Bytes{n}));
  auto block = require_value(device.allocate(Bytes{n}));

  const std::vector<std::byte> sent = random_bytes(n, 11);
  std::vector<std::byte> last(1);
  require_ok(device.copy_to_device(staging->base(), sent.data(), Bytes{n}, *loader));
  require_ok(device.copy_within(block->base(), staging->base(), Bytes{n}, *loader));
  require_ok(loader->record(*loaded));
  require_ok(reader->wait_for(*loaded));
  require_ok(device.copy_to_host(last.data(), block->base() + n - 1, Bytes{1}, *reader));
  require_ok(reader->synchronize());
  CHECK(last.front() == sent.back());
}

TEST_CASE("a CUDA kernel reads registered host memory in place", "[cuda]") {
  auto backend = open_cuda_or_say_skipped();
  if (backend == nullptr) return;
  hal::Device& device = backend->device();
  auto stream = require_value(device.open_stream());
  constexpr std::uint32_t kRows = 96;
  constexpr std::uint32_t kCols = 192;
  std::vector<float> weight = random_values(kRows * kCols, 3);
  auto registration = require_value(
      device.register_host({reinterpret_cast<std::byte*>(weight.data()), weight.size() * 4}));
  const DeviceVector<float> copied(device, *stream, weight);
  const DeviceVector<float> in(device, *stream, random_values(kCols, 4));
  const DeviceVector<float> from_host(device, *stream, std::vector<float>(kRows, -1.0F));
  const DeviceVector<float> from_device(device, *stream, std::vector<float>(kRows, -2.0F));

  const Format* f32 = find_format("F32");
  const std::array<WeightView, 2> weights{
      WeightView{registration->device_address(), f32, kRows, kCols},
      WeightView{copied.bytes(), f32, kRows, kCols}};
  const std::array<float*, 3> activations{in.data(), from_host.data(), from_device.data()};
  const Bindings bindings{.weights = weights, .activations = activations, .kv = {}};
  StepInputs inputs;
  inputs.n_tokens = 1;
  Op op;
  op.kind = OpKind::linear;
  op.in = 0;
  op.rows = kRows;
  op.cols = kCols;
  for (const Operand weight_operand : {Operand{0}, Operand{1}}) {
    op.weight = weight_operand;
    op.out = static_cast<Operand>(1 + weight_operand);
    require_ok(backend->supports(op, f32));
    require_ok(backend->enqueue(op, bindings, inputs, *stream));
  }
  require_ok(stream->synchronize());
  CHECK(same_bits(from_host.get(), from_device.get()));
}

TEST_CASE("a CUDA device refuses more memory than it has and keeps working", "[cuda]") {
  auto backend = open_cuda_or_say_skipped();
  if (backend == nullptr) return;
  hal::Device& device = backend->device();
  const auto refused = device.allocate(Bytes{std::uint64_t{1} << 50});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().is(hal::HalError::out_of_memory));
  CHECK(refused.error().message().find("cuda:0") == 0);

  auto stream = require_value(device.open_stream());
  const DeviceVector<int> still(device, *stream, {1, 2, 3});
  CHECK(still.get() == std::vector<int>{1, 2, 3});
}

TEST_CASE("a CUDA device page-locks a range once and reports the second time", "[cuda]") {
  auto backend = open_cuda_or_say_skipped();
  if (backend == nullptr) return;
  std::vector<std::byte> range(1 << 16);
  auto first = require_value(backend->device().register_host(range));
  const auto again = backend->device().register_host(range);
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().is(hal::HalError::denied));
  first.reset();
  CHECK(backend->device().register_host(range).ok());
}

TEST_CASE("a GPU that is not there is refused by its number", "[cuda]") {
  for (const BackendEntry* entry : registered_backends()) {
    if (entry->name != "cuda") continue;
    BackendOptions options;
    options.device_index = 999;
    const auto refused = entry->open(options);
    REQUIRE_FALSE(refused.ok());
    const bool has_driver = !entry->probe().empty();
    CHECK(refused.error().is(has_driver ? hal::HalError::bad_argument : hal::HalError::absent));
    return;
  }
  WARN("skipped: built without CUDA");
}

// Hidden: it loses the process's GPU context, so it runs in a process of its own
// (tools/gpu/accept.sh).
TEST_CASE("a lost CUDA device is an error of everything that follows", "[.device_loss]") {
  auto backend = open_cuda_or_say_skipped();
  if (backend == nullptr) return;
  hal::Device& device = backend->device();
  auto stream = require_value(device.open_stream());
  auto arena = require_value(device.allocate(Bytes{64}));
  const std::array<float*, 1> activations{nullptr};
  const Bindings bindings{.weights = {}, .activations = activations, .kv = {}};
  StepInputs inputs;
  inputs.n_tokens = 1;
  Op op;
  op.kind = OpKind::add;
  op.in = op.in2 = op.out = 0;
  op.cols = 32;
  require_ok(backend->enqueue(op, bindings, inputs, *stream));

  const Status failed = stream->synchronize();
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().is(hal::HalError::device_failed));
  CHECK(failed.error().message().find("cudaErrorIllegalAddress") != std::string::npos);
  std::array<std::byte, 64> bytes{};
  const Status after = device.copy_to_host(bytes.data(), arena->base(), Bytes{64}, *stream);
  REQUIRE_FALSE(after.ok());
  CHECK(after.error().is(hal::HalError::device_failed));
  const Status enqueued = backend->enqueue(op, bindings, inputs, *stream);
  REQUIRE_FALSE(enqueued.ok());
}

}  // namespace
}  // namespace blue::kernels::test
