// The names of tensor types in GGUF files, those that this program cannot read among them. Depends
// on the standard library. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace blue::models {

/// "IQ2_XXS"; "type 99" where the number has no name.
std::string tensor_type_text(std::uint32_t type);
/// Is it the name, in capitals, of a type that the format defines?
bool is_tensor_type(std::string_view name);

}  // namespace blue::models
