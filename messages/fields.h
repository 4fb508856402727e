// The members of a message, by reflection (Boost.PFR), serialized in the order of declaration; and
// WireSafe, which refuses types that the wire format does not carry.
// Depends on base and Boost.PFR. Heavy to compile: for caf_compat.h, system_config.cpp and tests.
#pragma once

#include <boost/pfr/core.hpp>
#include <concepts>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/id.h"

namespace blue::messages {

/// A struct whose members are reflected.
template <class T>
concept Fields = std::is_aggregate_v<T> && std::is_class_v<T>;

/// Calls `use(member...)` with all members; returns what it returns.
template <Fields T, class Use>
decltype(auto) apply_fields(T& value, Use&& use) {
  return std::apply(std::forward<Use>(use), boost::pfr::structure_tie(value));
}

namespace wire {

template <class T>
struct IsSafe : std::bool_constant<std::is_integral_v<T> || std::is_enum_v<T>> {};
template <>
struct IsSafe<std::string> : std::true_type {};
template <class T>
struct IsSafe<std::vector<T>> : IsSafe<T> {};
template <class Tag, class Number>
struct IsSafe<Id<Tag, Number>> : std::is_integral<Number> {};

template <class Tuple>
struct AllSafe;
template <class... Members>
struct AllSafe<std::tuple<Members...>> : std::conjunction<IsSafe<Members>...> {};

template <Fields T>
struct IsSafe<T> : AllSafe<decltype(boost::pfr::structure_to_tuple(std::declval<const T&>()))> {};

}  // namespace wire

/// Integers, enums, ids, text, lists of such, and structs of such all the way down; no floating
/// point, no pointer.
template <class T>
concept WireSafe = wire::IsSafe<T>::value;

}  // namespace blue::messages
