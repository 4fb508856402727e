// The device contract: what every processor that runs kernels guarantees, be it a GPU or the CPU.
// "Tier 0" is an Arena of one. Streams are in-order queues, events are points in them, copies are
// asynchronous where the device can. Depends on base and hal only; no GPU SDK in here. A Device
// outlives its arenas, streams, events and graphs.
// Threads: a Device may be used from any thread; a Stream, Event or Graph from one thread at a
// time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/span.h"
#include "base/units.h"
#include "hal/hal_error.h"

namespace blue::hal {

enum class DeviceKind : std::uint8_t { cpu, cuda };

struct DeviceInfo {
  std::string name;         ///< "cpu", "cuda:0": as --device takes it
  std::string description;  ///< "NVIDIA H200, sm_90, 132 multiprocessors"
  std::string pci_address;  ///< "0000:65:00.0", empty where there is none
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;
  Bytes memory_total;
  Bytes memory_free;  ///< when it was asked
};

/// Memory on the device; freed at the end of its life.
class Arena {
 public:
  virtual ~Arena() = default;
  /// An address that the device's kernels can use; the host may touch it only if the device is a
  /// CPU.
  [[nodiscard]] virtual std::byte* base() const = 0;
  [[nodiscard]] virtual Bytes size() const = 0;
};

/// A point in a stream. Reusable: record again.
class Event {
 public:
  virtual ~Event() = default;
  /// Has everything before the last record() finished? Never blocks. True before the first record.
  [[nodiscard]] virtual Result<bool> is_done() = 0;
  /// Blocks the calling thread until it has. Errors: device_failed.
  [[nodiscard]] virtual Status wait() = 0;
};

/// An in-order queue of copies and kernels.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Blocks until all that was enqueued has finished. Errors: device_failed (also of earlier work).
  [[nodiscard]] virtual Status synchronize() = 0;
  /// Puts `event` behind all that was enqueued so far.
  [[nodiscard]] virtual Status record(Event& event) = 0;
  /// Work enqueued from now on waits for `event` (of this device, any stream).
  [[nodiscard]] virtual Status wait_for(Event& event) = 0;
};

/// A captured sequence of kernels and copies that launches as one.
class Graph {
 public:
  virtual ~Graph() = default;
  [[nodiscard]] virtual Status launch(Stream& stream) = 0;
  /// Kernels, copies and other nodes inside.
  [[nodiscard]] virtual std::size_t n_nodes() const = 0;
};

/// The optional slot for graph capture: between begin and end, what is enqueued on `stream` is
/// recorded, not run.
class GraphCapture {
 public:
  virtual ~GraphCapture() = default;
  [[nodiscard]] virtual Status begin(Stream& stream) = 0;
  /// Errors: device_failed when something enqueued cannot be captured; the stream is usable again
  /// either way.
  [[nodiscard]] virtual Result<std::unique_ptr<Graph>> end(Stream& stream) = 0;
};

/// A host range made page-locked for a device; unlocked at the end of its life.
class HostRegistration {
 public:
  virtual ~HostRegistration() = default;
  /// Where kernels of the device read the same bytes in place; the host address itself on a CPU.
  [[nodiscard]] virtual std::byte* device_address() const = 0;
};

class Device {
 public:
  virtual ~Device() = default;

  [[nodiscard]] virtual const DeviceInfo& info() const = 0;

  /// Memory of at least `size`, aligned to 256 bytes. Errors: out_of_memory.
  [[nodiscard]] virtual Result<std::unique_ptr<Arena>> allocate(Bytes size) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<Stream>> open_stream() = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<Event>> open_event() = 0;

  /// Page-locks host memory [range] for copies to and from this device and for reading in place.
  /// Errors: denied (limits; the message names them), out_of_memory. The range must outlive the
  /// registration.
  [[nodiscard]] virtual Result<std::unique_ptr<HostRegistration>> register_host(ByteSpan range) = 0;

  /// Enqueues a copy of `size` bytes on `stream`. Asynchronous when the host side is registered;
  /// both sides must stay valid until the stream has passed it. Ranges must not overlap. Errors:
  /// device_failed.
  [[nodiscard]] virtual Status copy_to_device(std::byte* device, const std::byte* host, Bytes size,
                                              Stream& stream) = 0;
  [[nodiscard]] virtual Status copy_to_host(std::byte* host, const std::byte* device, Bytes size,
                                            Stream& stream) = 0;
  [[nodiscard]] virtual Status copy_within(std::byte* to, const std::byte* from, Bytes size,
                                           Stream& stream) = 0;

  /// Null where the device has no graphs.
  [[nodiscard]] virtual GraphCapture* graph_capture() { return nullptr; }
};

}  // namespace blue::hal
