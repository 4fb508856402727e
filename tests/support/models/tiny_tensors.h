// The tensors of a tiny model before they are written, and what converters do to them: other types,
// several in one, one in several. Depends on kernels/format.h and
// tests/support/models/gguf_writer.h. Values; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "kernels/format.h"
#include "tests/support/models/gguf_writer.h"

namespace blue::models::testing {

struct TinyTensor {
  std::string name;
  std::vector<std::uint64_t> dims;  ///< dims[0] = values per row
  std::uint32_t type = 0;
  std::string bytes;
};

using TinyTensors = std::vector<TinyTensor>;

inline void write_tensors(GgufWriter& writer, const TinyTensors& tensors) {
  for (const TinyTensor& tensor : tensors)
    writer.tensor(tensor.name, tensor.dims, tensor.type, tensor.bytes);
}

inline TinyTensor& tensor_of(TinyTensors& tensors, std::string_view name) {
  const auto found = std::ranges::find(tensors, name, &TinyTensor::name);
  BLUE_CHECK(found != tensors.end(), std::string(name));
  return *found;
}

/// Removes the tensor and returns it.
inline TinyTensor take_tensor(TinyTensors& tensors, std::string_view name) {
  TinyTensor taken = tensor_of(tensors, name);
  std::erase_if(tensors, [&](const TinyTensor& tensor) { return tensor.name == name; });
  return taken;
}

/// F32 values as the nearest of `format`; where `keeps_f32`, stored as F32 again.
enum class StoredAs : std::uint8_t { format, f32 };
inline void round_to(TinyTensor& tensor, std::string_view format, StoredAs stored) {
  const kernels::Format& to = *kernels::find_format(format);
  std::vector<float> values(tensor.bytes.size() / sizeof(float));
  std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  std::string packed(to.row_bytes(values.size()), '\0');
  to.encode(values, std::as_writable_bytes(std::span(packed.data(), packed.size())));
  if (stored == StoredAs::format) {
    tensor.type = to.gguf_type;
    tensor.bytes = packed;
    return;
  }
  to.decode(as_bytes(packed), values);
  std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
}

/// One F32 tensor `name` of the parts' rows, one behind the other.
inline void fuse_rows(TinyTensors& tensors, const std::vector<std::string>& parts,
                      const std::string& name) {
  TinyTensor fused{.name = name, .dims = {}, .bytes = {}};
  for (const std::string& part : parts) {
    const TinyTensor taken = take_tensor(tensors, part);
    if (fused.dims.empty()) {
      fused.dims = taken.dims;
    } else {
      fused.dims.back() += taken.dims.back();
    }
    fused.bytes += taken.bytes;
  }
  tensors.push_back(fused);
}

/// One stacked F32 tensor of [2 · rows, cols] per expert from two of [rows, cols].
inline void fuse_experts(TinyTensors& tensors, const std::string& gate, const std::string& up,
                         const std::string& name) {
  const TinyTensor first = take_tensor(tensors, gate);
  const TinyTensor second = take_tensor(tensors, up);
  TinyTensor fused{.name = name, .dims = first.dims, .bytes = {}};
  fused.dims[1] *= 2;
  const std::size_t size = first.bytes.size() / first.dims[2];
  for (std::size_t e = 0; e < first.dims[2]; ++e)
    fused.bytes += first.bytes.substr(e * size, size) + second.bytes.substr(e * size, size);
  tensors.push_back(fused);
}

/// "<stem>.<expert>.weight" for each expert of "<stem>_exps.weight".
inline void split_experts(TinyTensors& tensors, const std::string& stem) {
  const TinyTensor stacked = take_tensor(tensors, stem + "_exps.weight");
  const std::size_t size = stacked.bytes.size() / stacked.dims[2];
  for (std::size_t e = 0; e < stacked.dims[2]; ++e) {
    tensors.push_back({stem + "." + std::to_string(e) + ".weight",
                       {stacked.dims[0], stacked.dims[1]},
                       stacked.type,
                       stacked.bytes.substr(e * size, size)});
  }
}

}  // namespace blue::models::testing
