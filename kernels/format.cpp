#include "kernels/format.h"

namespace blue::kernels {

const Format* find_format(std::uint32_t gguf_type) {
  for (const Format* format : registered_formats()) {
    if (format->gguf_type == gguf_type) return format;
  }
  return nullptr;
}

const Format* find_format(std::string_view name) {
  for (const Format* format : registered_formats()) {
    if (format->name == name) return format;
  }
  return nullptr;
}

}  // namespace blue::kernels
