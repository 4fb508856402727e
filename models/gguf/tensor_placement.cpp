#include <algorithm>
#include <numeric>

#include "kernels/format.h"
#include "models/gguf/gguf_parser.h"
#include "models/models_error.h"

namespace blue::models {
namespace {

Error placement_error(ModelsError code, const std::string& file, const TensorInfo& tensor,
                      const std::string& what) {
  return Error(code, file + ": tensor \"" + printable(tensor.name, kNameShown) + "\" " + what);
}

/// The exact size of a tensor of a known format. Dims' product is below 2^60 (checked by the
/// reader).
Result<std::uint64_t> exact_size(const TensorInfo& tensor, const kernels::Format& format,
                                 const std::string& file) {
  if (tensor.dims[0] % format.values_per_block != 0) {
    return placement_error(
        ModelsError::bad_shape, file, tensor,
        "has rows of " + std::to_string(tensor.dims[0]) + " values, no multiple of the " +
            std::to_string(format.values_per_block) + " in a block of " + std::string(format.name));
  }
  const std::uint64_t n_values = tensor.dims[0] * tensor.dims[1] * tensor.dims[2] * tensor.dims[3];
  const std::uint64_t n_blocks = n_values / format.values_per_block;
  if (n_blocks > ~std::uint64_t{0} / format.bytes_per_block) {
    return placement_error(ModelsError::bad_shape, file, tensor, "is larger than any file");
  }
  return n_blocks * format.bytes_per_block;
}

}  // namespace

Status place_tensors(std::vector<TensorInfo>& tensors, std::uint64_t data_begin,
                     std::uint64_t file_size, const std::string& name) {
  std::vector<std::uint32_t> order(tensors.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return tensors[a].file_offset < tensors[b].file_offset;
  });
  for (std::size_t i = 0; i < order.size(); ++i) {
    TensorInfo& tensor = tensors[order[i]];
    if (tensor.file_offset >= file_size - data_begin) {
      return placement_error(ModelsError::truncated, name, tensor,
                             "begins at byte " + std::to_string(data_begin) + " + " +
                                 std::to_string(tensor.file_offset) + ", behind the file's end (" +
                                 std::to_string(file_size) + " bytes); download it again");
    }
    const bool is_last = i + 1 == order.size();
    const std::uint64_t next = is_last ? file_size - data_begin : tensors[order[i + 1]].file_offset;
    const std::uint64_t room = next - tensor.file_offset;
    const kernels::Format* format = kernels::find_format(tensor.type);
    if (format == nullptr) {
      tensor.size = room;
    } else {
      BLUE_TRY_ASSIGN(tensor.size, exact_size(tensor, *format, name));
    }
    // Against the file first: a truncated file is reported as truncated.
    if (tensor.size > file_size - data_begin - tensor.file_offset) {
      return placement_error(
          ModelsError::truncated, name, tensor,
          "needs bytes " + std::to_string(data_begin + tensor.file_offset) + " to " +
              std::to_string(data_begin + tensor.file_offset + tensor.size) +
              ", but the file ends at " + std::to_string(file_size) + "; download it again");
    }
    if (room == 0 || tensor.size > room) {
      return placement_error(
          ModelsError::malformed, name, tensor,
          "overlaps tensor \"" + printable(tensors[order[i + 1]].name, kNameShown) + "\"");
    }
  }
  for (TensorInfo& tensor : tensors) tensor.file_offset += data_begin;
  return {};
}

}  // namespace blue::models
