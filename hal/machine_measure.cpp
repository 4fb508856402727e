#include "hal/machine_measure.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <system_error>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "hal/cpu_features.h"

namespace blue::hal {
namespace {

/// The largest set of all threads together, at least: larger than most last-level caches.
constexpr std::uint64_t kLargeSet = std::uint64_t{256} << 20;
/// Of a last-level cache as large, a set this many times its size leaves little.
constexpr std::uint64_t kTimesCache = 4;
/// Between two looks at the clock.
constexpr std::size_t kChunk = std::size_t{1} << 20;

/// Makes the compiler treat `value` as used, so that it does not drop the computation.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "m"(value) : "memory");
}

/// A server's last-level cache holds more than kLargeSet: 320 MB on one socket of Emerald Rapids.
std::uint64_t largest_set() {
  const long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
  return std::max(kLargeSet, cache > 0 ? kTimesCache * static_cast<std::uint64_t>(cache) : 0);
}

/// Private anonymous memory, on huge pages where they are given, touched as far as `deadline` lets
/// it: faulting in is the slow part of a short measurement. At least two chunks are.
class WorkingSet {
 public:
  WorkingSet(std::size_t wanted, Nanoseconds deadline) : mapped_(wanted) {
    void* at = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return;
    start_ = static_cast<std::byte*>(at);
    madvise(at, mapped_, MADV_HUGEPAGE);
    do {
      std::memset(start_ + size_, 1, 2 * kChunk);
      size_ += 2 * kChunk;
    } while (size_ < mapped_ && monotonic_now_ns() < deadline);
  }
  WorkingSet(const WorkingSet&) = delete;
  WorkingSet& operator=(const WorkingSet&) = delete;
  ~WorkingSet() {
    if (start_ != nullptr) munmap(start_, mapped_);
  }
  [[nodiscard]] std::byte* start() const { return start_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::byte* start_ = nullptr;
  std::size_t mapped_;
  std::size_t size_ = 0;
};

// A core reaches the memory's rate only when it reads from several places at once: what fetches
// ahead in hardware follows few lines on each stream and stops at every page's end. Eight streams
// with a fetch ahead of our own read half as much again as one.
constexpr std::size_t kStreams = 8;
constexpr std::size_t kTurn = 256;         // bytes of one stream before the next one's
constexpr std::size_t kFetchAhead = 1024;  // bytes
static_assert(kChunk % (kStreams * kTurn) == 0);

void fetch_ahead(const std::byte* from) {
#pragma GCC unroll 4
  for (std::size_t line = 0; line < kTurn; line += 64)
    __builtin_prefetch(from + kFetchAhead + line);
}

/// Sum of the words of `size` bytes, a multiple of kChunk.
std::uint64_t sum_baseline(const std::byte* from, std::size_t size) {
  const std::size_t part = size / kStreams;
  std::uint64_t sums[4] = {};
  for (std::size_t at = 0; at < part; at += kTurn)
    for (std::size_t stream = 0; stream < kStreams; ++stream) {
      const std::byte* turn = from + stream * part + at;
      fetch_ahead(turn);
#pragma GCC unroll 32
      for (std::size_t lane = 0; lane < kTurn / 8; ++lane) {
        std::uint64_t word = 0;
        std::memcpy(&word, turn + lane * 8, 8);
        sums[lane % 4] += word;
      }
    }
  return sums[0] + sums[1] + sums[2] + sums[3];
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) std::uint64_t sum_avx2(const std::byte* from, std::size_t size) {
  const std::size_t part = size / kStreams;
  __m256i sums[4] = {};
  for (std::size_t at = 0; at < part; at += kTurn)
    for (std::size_t stream = 0; stream < kStreams; ++stream) {
      const std::byte* turn = from + stream * part + at;
      fetch_ahead(turn);
#pragma GCC unroll 8
      for (std::size_t lane = 0; lane < kTurn / 32; ++lane)
        sums[lane % 4] = _mm256_add_epi64(
            sums[lane % 4], _mm256_loadu_si256(reinterpret_cast<const __m256i*>(turn + lane * 32)));
    }
  alignas(32) std::uint64_t words[4];
  const __m256i all =
      _mm256_add_epi64(_mm256_add_epi64(sums[0], sums[1]), _mm256_add_epi64(sums[2], sums[3]));
  _mm256_store_si256(reinterpret_cast<__m256i*>(words), all);
  return words[0] + words[1] + words[2] + words[3];
}
#endif

/// Runs `work(offset, size)` over a set of `set_size` bytes until the deadline; returns the bytes
/// gone over.
template <class Work>
std::uint64_t repeat_until(Nanoseconds deadline, std::size_t set_size, Work work) {
  std::uint64_t moved = 0;
  std::size_t offset = 0;
  do {
    const std::size_t size = std::min(kChunk, set_size - offset);
    work(offset, size);
    moved += size;
    offset = offset + size == set_size ? 0 : offset + size;
  } while (monotonic_now_ns() < deadline);
  return moved;
}

/// One thread's part of a memory measurement.
using MemoryWork = std::uint64_t (*)(std::byte* set, std::size_t set_size, Nanoseconds deadline);

std::uint64_t copy_work(std::byte* set, std::size_t set_size, Nanoseconds deadline) {
  const std::size_t half = set_size / 2;
  return repeat_until(deadline, half, [=](std::size_t offset, std::size_t size) {
    std::memcpy(set + half + offset, set + offset, size);
  });
}

std::uint64_t read_work(std::byte* set, std::size_t set_size, Nanoseconds deadline) {
  auto sum = sum_baseline;
#if defined(__x86_64__)
  if (detect_cpu_features().has_avx2) sum = sum_avx2;
#endif
  std::uint64_t total = 0;
  const std::uint64_t moved =
      repeat_until(deadline, set_size,
                   [&](std::size_t offset, std::size_t size) { total += sum(set + offset, size); });
  keep(total);
  return moved;
}

/// Starts the threads, lets each fault memory in for half of the budget, then all run at once for
/// the other half.
Result<MeasuredRate> measure_memory(const MeasureRequest& request, MemoryWork work) {
  if (request.n_threads == 0)
    return Error(HalError::bad_argument, "memory measurement: no thread to run it");
  const Nanoseconds start = monotonic_now_ns();
  const Nanoseconds half_time = start + request.budget_ns / 2;
  const std::size_t wanted = round_up(largest_set() / request.n_threads, 2 * kChunk);
  std::atomic<unsigned> n_expected{request.n_threads};
  std::atomic<unsigned> n_ready{0};
  std::atomic<bool> has_failed{false};
  std::atomic<std::uint64_t> moved{0};
  std::atomic<std::uint64_t> working_set{0};
  std::atomic<Nanoseconds> started{0};
  const auto run = [&] {
    const WorkingSet set(wanted, half_time);
    if (set.start() == nullptr) has_failed = true;
    working_set += set.size();
    ++n_ready;
    while (n_ready < n_expected) std::this_thread::yield();
    if (has_failed) return;
    Nanoseconds nobody = 0;
    started.compare_exchange_strong(nobody, monotonic_now_ns());
    moved += work(set.start(), set.size(), started + request.budget_ns / 2);
  };
  std::vector<std::thread> threads;
  try {
    for (unsigned i = 1; i < request.n_threads; ++i) threads.emplace_back(run);
  } catch (
      const std::
          system_error&) {  // the process may start no more: those that did must not wait for it
    has_failed = true;
    n_expected = static_cast<unsigned>(threads.size() + 1);
  }
  run();
  for (std::thread& thread : threads) thread.join();
  if (has_failed)
    return Error(HalError::out_of_memory,
                 "memory measurement: no memory or no threads to measure with");
  return MeasuredRate{{moved}, monotonic_now_ns() - started, request.n_threads, Bytes{working_set}};
}

// Multiply-adds on registers: enough independent chains to cover a latency of 4 cycles on 2 units.
constexpr std::size_t kChains = 12;  // as in the unroll pragmas below
constexpr std::size_t kRounds = 2000;

/// Hides from the compiler that all chains hold the same: it would compute one.
template <class Vector>
[[gnu::always_inline]] inline void make_distinct(Vector (&sums)[kChains]) {
#pragma GCC unroll 12
  for (Vector& sum : sums) asm volatile("" : "+m"(sum));
}

/// Runs kRounds rounds and returns the floating-point operations done.
using ComputeWork = double (*)(float* out);

double compute_baseline(float* out) {
  float sums[kChains] = {};
  make_distinct(sums);
  for (std::size_t round = 0; round < kRounds; ++round)
#pragma GCC unroll 12
    for (float& sum : sums) sum = sum * 0.999F + 1.0F;
  for (const float sum : sums) *out += sum;
  return 2.0 * kRounds * kChains;
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) double compute_avx2(float* out) {
  __m256 sums[kChains] = {};
  make_distinct(sums);
  const __m256 factor = _mm256_set1_ps(0.999F);
  const __m256 step = _mm256_set1_ps(1.0F);
  for (std::size_t round = 0; round < kRounds; ++round)
#pragma GCC unroll 12
    for (__m256& sum : sums) sum = _mm256_fmadd_ps(sum, factor, step);
  for (const __m256& sum : sums) *out += _mm256_cvtss_f32(sum);
  return 2.0 * kRounds * kChains * 8;
}

__attribute__((target("avx512f"))) double compute_avx512(float* out) {
  __m512 sums[kChains] = {};
  make_distinct(sums);
  const __m512 factor = _mm512_set1_ps(0.999F);
  const __m512 step = _mm512_set1_ps(1.0F);
  for (std::size_t round = 0; round < kRounds; ++round)
#pragma GCC unroll 12
    for (__m512& sum : sums) sum = _mm512_fmadd_ps(sum, factor, step);
  for (const __m512& sum : sums) *out += _mm512_cvtss_f32(sum);
  return 2.0 * kRounds * kChains * 16;
}
#endif

struct ComputeChoice {
  ComputeWork work;
  const char* name;
};

ComputeChoice choose_compute() {
#if defined(__x86_64__)
  const CpuFeatures features = detect_cpu_features();
  if (features.has_avx512f) return {compute_avx512, "AVX-512"};
  if (features.has_avx2 && features.has_fma) return {compute_avx2, "AVX2"};
#endif
  return {compute_baseline, "baseline"};
}

}  // namespace

Result<MeasuredRate> measure_memory_copy(const MeasureRequest& request) {
  return measure_memory(request, copy_work);
}

Result<MeasuredRate> measure_memory_read(const MeasureRequest& request) {
  return measure_memory(request, read_work);
}

MeasuredCompute measure_compute(Nanoseconds budget_ns) {
  const ComputeChoice choice = choose_compute();
  float sum = 0;
  choice.work(&sum);  // wakes wide units that the core had powered down
  const Nanoseconds start = monotonic_now_ns();
  Nanoseconds took = 0;
  double n_operations = 0;
  do {
    n_operations += choice.work(&sum);
    took = monotonic_now_ns() - start;
  } while (took < budget_ns);
  keep(sum);
  return {n_operations / static_cast<double>(std::max<Nanoseconds>(took, 1)), choice.name, took};
}

}  // namespace blue::hal
