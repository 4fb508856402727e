// The arguments of a call, by place and by name, as Python binds them.
// Depends on text/jinja/template_value.h. Plain value; one thread.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/template_value.h"

namespace blue::text::jinja {

struct Arguments {
  List positional;
  std::vector<std::pair<std::string, Value>> named;

  [[nodiscard]] bool empty() const { return positional.empty() && named.empty(); }

  /// The value given for each of `names`, null where none is; false when there are others, or two
  /// for one.
  template <std::size_t n>
  [[nodiscard]] bool bind(const std::array<std::string_view, n>& names,
                          std::array<const Value*, n>& out) const {
    out.fill(nullptr);
    if (positional.size() > n) return false;
    for (std::size_t i = 0; i < positional.size(); ++i) out[i] = &positional[i];
    for (const auto& [name, value] : named) {
      const auto at =
          static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
      if (at == n || out[at] != nullptr) return false;
      out[at] = &value;
    }
    return true;
  }
};

}  // namespace blue::text::jinja
