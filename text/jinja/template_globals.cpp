// The functions that every template may call.
#include <algorithm>
#include <iterator>

#include "text/jinja/template_methods.h"
#include "text/jinja/template_operators.h"
#include "text/jinja/template_print.h"
#include "text/jinja/template_renderer.h"

namespace blue::text::jinja {
namespace {

using Function = Result<Value> (*)(const Arguments& arguments, const std::optional<std::tm>& now,
                                   const Site& site);
constexpr std::int64_t kLongestRange = 100'000;  // as Jinja's sandbox has it

Error unfit(std::string_view name, const Site& site) {
  return site.error("the function " + std::string(name) +
                    "() with these arguments, which this program does not know");
}

Result<Value> range(const Arguments& arguments, const std::optional<std::tm>&, const Site& site) {
  std::int64_t numbers[3] = {0, 0, 1};
  const std::size_t n = arguments.positional.size();
  if (n < 1 || n > 3 || !arguments.named.empty()) return unfit("range", site);
  for (std::size_t i = 0; i < n; ++i) {
    if (!arguments.positional[i].to_integer(numbers[n == 1 ? 1 : i])) return unfit("range", site);
  }
  const auto& [from, to, step] = numbers;
  if (step == 0) return unfit("range", site);
  constexpr std::int64_t kFar = std::int64_t{1} << 61;
  if (std::max({from, to, step}) > kFar || std::min({from, to, step}) < -kFar)
    return unfit("range", site);
  const std::int64_t span = step > 0 ? to - from : from - to;
  const std::int64_t stride = step > 0 ? step : -step;
  const std::int64_t n_entries = span <= 0 ? 0 : (span - 1) / stride + 1;
  if (n_entries > kLongestRange)
    return site.error("a range of more than " + std::to_string(kLongestRange) + " numbers");
  BLUE_TRY(site.make(static_cast<std::uint64_t>(n_entries) * kBytesPerEntry));
  List out;
  for (std::int64_t i = 0; i < n_entries; ++i) out.emplace_back(from + i * step);
  return Value(std::move(out), Form::range);
}

/// The entries of dict() and namespace(): of a map, then the named ones.
Result<Map> fields_of(std::string_view name, const Arguments& arguments, const Site& site) {
  Map out;
  if (arguments.positional.size() > 1) return unfit(name, site);
  if (arguments.positional.size() == 1) {
    const Value& given = arguments.positional[0];
    if (given.map() == nullptr) return unfit(name, site);
    BLUE_TRY(site.make(given.map()->size() * 2 * kBytesPerEntry));
    out = *given.map();
  }
  for (const auto& given : arguments.named) {
    BLUE_TRY(site.see(out.size() * kBytesPerEntry));
    const auto known = std::find_if(out.begin(), out.end(), [&given](const auto& entry) {
      return entry.first.text() != nullptr && entry.first.text()->bytes() == given.first;
    });
    if (known != out.end()) {
      known->second = given.second;
    } else {
      out.emplace_back(Value(Text(given.first, Origin::markup)), given.second);
    }
  }
  return out;
}

Result<Value> make_dict(const Arguments& arguments, const std::optional<std::tm>&,
                        const Site& site) {
  BLUE_TRY_ASSIGN(Map fields, fields_of("dict", arguments, site));
  return Value(std::move(fields));
}

Result<Value> make_namespace(const Arguments& arguments, const std::optional<std::tm>&,
                             const Site& site) {
  BLUE_TRY_ASSIGN(const Map fields, fields_of("namespace", arguments, site));
  auto out = std::make_shared<Namespace>();
  for (const auto& [field, value] : fields) {
    if (field.text() == nullptr || value.extent().holds_space) return unfit("namespace", site);
    out->fields.emplace_back(field.text()->bytes(), value);
  }
  return Value(std::move(out));
}

Result<Value> raise_exception(const Arguments& arguments, const std::optional<std::tm>&,
                              const Site& site) {
  if (arguments.positional.size() != 1 || !arguments.named.empty())
    return unfit("raise_exception", site);
  BLUE_TRY_ASSIGN(const Text text, printed(arguments.positional[0], site));
  std::string line(text.bytes().substr(0, 400));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return Error(TextError::bad_message, "the model's chat template refuses these messages (line " +
                                           std::to_string(site.line) + "): " + line);
}

/// datetime.now().strftime, without a time zone and without fractions.
Result<Value> strftime_now(const Arguments& arguments, const std::optional<std::tm>& now,
                           const Site& site) {
  if (!now || arguments.positional.size() != 1 || !arguments.named.empty() ||
      arguments.positional[0].text() == nullptr)
    return unfit("strftime_now", site);
  constexpr std::size_t kLongest = 1024;
  const std::string_view given = arguments.positional[0].text()->bytes();
  if (given.size() > kLongest / 4) return unfit("strftime_now", site);
  std::string format;
  for (std::size_t at = 0; at < given.size(); ++at) {
    const std::string_view directive = given.substr(at, 2);
    if (directive == "%f") {
      format += "000000";
      ++at;
    } else if (directive == "%z" || directive == "%Z") {
      ++at;
    } else if (directive.size() == 2 && directive[0] == '%') {
      if (directive[1] >= '0' && directive[1] <= '9')
        return unfit("strftime_now", site);  // a width
      format += directive;
      ++at;
    } else {
      format += given[at];
    }
  }
  if (format.find('\0') != std::string::npos) return unfit("strftime_now", site);
  char out[kLongest];
  format += '.';  // distinguishes an empty result from one that does not fit
  const std::size_t n = std::strftime(out, sizeof(out), format.c_str(), &*now);
  if (n == 0) return unfit("strftime_now", site);
  return Value(Text(std::string_view(out, n - 1), Origin::markup));
}

Result<Value> make_turning(Callable::Kind kind, List entries, const Site& site) {
  auto out = std::make_shared<Callable>();
  out->kind = kind;
  for (const Value& entry : entries) {
    if (entry.callable() != nullptr) return unfit("cycler", site);
    out->extent.take_in(entry);
  }
  out->entries = std::move(entries);
  return Value(std::move(out));
}

Result<Value> make_cycler(const Arguments& arguments, const std::optional<std::tm>&,
                          const Site& site) {
  if (arguments.positional.empty() || !arguments.named.empty()) return unfit("cycler", site);
  return make_turning(Callable::Kind::cycler, arguments.positional, site);
}

Result<Value> make_joiner(const Arguments& arguments, const std::optional<std::tm>&,
                          const Site& site) {
  std::array<const Value*, 1> given{};
  if (!arguments.bind<1>({"sep"}, given)) return unfit("joiner", site);
  List separator;
  separator.push_back(given[0] != nullptr ? *given[0] : Value(Text(", ", Origin::markup)));
  return make_turning(Callable::Kind::joiner, std::move(separator), site);
}

constexpr std::pair<std::string_view, Function> kFunctions[] = {
    {"range", range},
    {"dict", make_dict},
    {"namespace", make_namespace},
    {"raise_exception", raise_exception},
    {"strftime_now", strftime_now},
    {"cycler", make_cycler},
    {"joiner", make_joiner},
};

}  // namespace

bool is_function(std::string_view name) {
  return std::any_of(std::begin(kFunctions), std::end(kFunctions),
                     [name](const auto& each) { return each.first == name; });
}

Result<Value> call_global_function(std::string_view name, const Arguments& arguments,
                                   const std::optional<std::tm>& now, const Site& site) {
  for (const auto& [known, function] : kFunctions) {
    if (known == name) return function(arguments, now, site);
  }
  return unfit(name, site);
}

}  // namespace blue::text::jinja
