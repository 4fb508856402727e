// choose_backend: from the user's argument ("auto", "cpu", "cuda:1") to a backend's entry and
// device.
#include <charconv>
#include <string>
#include <utility>

#include "kernels/backend.h"

namespace blue::kernels {
namespace {

/// "cpu, cuda, reference": what this build holds.
std::string known_names() {
  std::string names;
  for (const BackendEntry* entry : registered_backends()) {
    if (!names.empty()) names += ", ";
    names += entry->name;
  }
  return names;
}

BackendChoice chosen(const BackendEntry& entry, const hal::DeviceInfo& device,
                     std::string_view reason) {
  std::string why =
      entry.name == device.name ? device.name : std::string(entry.name) + " on " + device.name;
  if (device.name.starts_with(std::string(entry.name) + ":")) why = device.name;
  why += " (" + device.description + "): " + std::string(reason);
  return {&entry, device.index, std::move(why)};
}

Result<BackendChoice> choose_automatically() {
  const BackendEntry* best = nullptr;
  std::vector<hal::DeviceInfo> devices;
  std::string passed_over;
  for (const BackendEntry* entry : registered_backends()) {
    std::vector<hal::DeviceInfo> found = entry->probe();
    if (found.empty()) {
      passed_over += (passed_over.empty() ? "; no device for " : ", ") + std::string(entry->name);
      continue;
    }
    if (best != nullptr && entry->preference <= best->preference) continue;
    best = entry;
    devices = std::move(found);
  }
  if (best == nullptr) {
    return Error(KernelsError::unknown_backend,
                 "no backend has a device on this machine; this build holds " + known_names());
  }
  return chosen(*best, devices.front(), "chosen automatically" + passed_over);
}

}  // namespace

Status Backend::supports_cache(KvType type) const {
  if (type != KvType::q8_0) return {};
  return Error(KernelsError::unsupported_format,
               "the " + std::string(name()) + " backend has no kernel for a " +
                   std::string(to_text(type)) + " cache; take f16, or --device cpu");
}

Result<BackendChoice> choose_backend(std::string_view wanted) {
  if (wanted == "auto" || wanted.empty()) return choose_automatically();
  const std::size_t colon = wanted.find(':');
  const std::string_view name = wanted.substr(0, colon);
  int index = 0;
  if (colon != std::string_view::npos) {
    const char* end = wanted.data() + wanted.size();
    const auto [stop, error] = std::from_chars(wanted.data() + colon + 1, end, index);
    if (error != std::errc{} || stop != end || index < 0) {
      return Error(KernelsError::unknown_backend,
                   "backend '" + std::string(wanted) +
                       "': what follows ':' must be a device number, as in cuda:0");
    }
  }
  for (const BackendEntry* entry : registered_backends()) {
    if (entry->name != name) continue;
    const std::vector<hal::DeviceInfo> devices = entry->probe();
    for (const hal::DeviceInfo& device : devices) {
      if (device.index == index) return chosen(*entry, device, "asked for");
    }
    return Error(KernelsError::unknown_backend,
                 "backend '" + std::string(wanted) + "': this machine has " +
                     std::to_string(devices.size()) + " device(s) for " + std::string(name) +
                     "; take another or auto");
  }
  return Error(KernelsError::unknown_backend, "unknown backend '" + std::string(wanted) +
                                                  "'; take auto or one of " + known_names());
}

}  // namespace blue::kernels
