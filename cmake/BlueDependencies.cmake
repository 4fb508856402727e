# Third parties, each as one imported target. Which layer links which stands in that layer's
# CMakeLists.txt.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED) # headers only: Lockfree
find_package(fmt REQUIRED)
pkg_check_modules(hwloc REQUIRED IMPORTED_TARGET hwloc)
pkg_check_modules(liburing REQUIRED IMPORTED_TARGET liburing)
pkg_check_modules(libisal REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)

find_package(nlohmann_json REQUIRED) # header only: traces, JSON output

# Header only. Its pkg-config file links a shared library that we have no need of.
find_path(BLUE_TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
add_library(blue_tomlplusplus INTERFACE)
target_include_directories(blue_tomlplusplus SYSTEM INTERFACE "${BLUE_TOMLPLUSPLUS_INCLUDE}")

if(NOT BLUE_BELOW_ACTORS AND NOT BLUE_FUZZ)
  find_package(CLI11 REQUIRED)
  pkg_check_modules(libedit REQUIRED IMPORTED_TARGET libedit)

  # CAF 1.x ships a CMake package; Debian's 0.17.6 ships none, so its parts are found by hand under
  # the same name.
  find_package(CAF CONFIG QUIET COMPONENTS core)
  if(NOT TARGET CAF::core)
    find_path(BLUE_CAF_INCLUDE caf/all.hpp REQUIRED)
    find_library(BLUE_CAF_CORE caf_core REQUIRED)
    add_library(CAF::core UNKNOWN IMPORTED)
    set_target_properties(CAF::core PROPERTIES IMPORTED_LOCATION "${BLUE_CAF_CORE}"
      INTERFACE_INCLUDE_DIRECTORIES "${BLUE_CAF_INCLUDE}")
    target_link_libraries(CAF::core INTERFACE Threads::Threads)
  endif()
endif()
