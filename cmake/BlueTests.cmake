# Functions of tests/CMakeLists.txt. Every source that becomes a test is written down, with its
# executable, in <build>/tests/registered_tests.txt, which tools/check_tests.py compares with the
# disk and with ctest.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
set(BLUE_REGISTERED_TESTS "${CMAKE_BINARY_DIR}/tests/registered_tests.txt")
file(WRITE "${BLUE_REGISTERED_TESTS}" "")

# blue_register_tests(<kind> <test or executable> <source>...)
function(blue_register_tests kind name)
  foreach(source IN LISTS ARGN)
    file(RELATIVE_PATH relative "${PROJECT_SOURCE_DIR}" "${source}")
    file(APPEND "${BLUE_REGISTERED_TESTS}" "${kind} ${name} ${relative}\n")
  endforeach()
endfunction()

# The main function of all Catch2 executables, compiled once.
if(NOT BLUE_FUZZ)
  find_package(Catch2 REQUIRED)
  include(Catch)
  add_library(blue_catch STATIC "${PROJECT_SOURCE_DIR}/tests/catch/catch_main.cpp")
  target_link_libraries(blue_catch PUBLIC Catch2::Catch2)
  # Where Catch2 3 is installed its own headers are found; where it's 2, these forward the same
  # names to it.
  if(Catch2_VERSION VERSION_LESS 3)
    target_include_directories(blue_catch PUBLIC "${PROJECT_SOURCE_DIR}/tests/catch")
  endif()
endif()

set(blue_test_environment "BLUE_BIN_DIR=${CMAKE_BINARY_DIR}/bin" "BLUE_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
# catch_discover_tests hands on one value of each property.
set(blue_catch_environment ENVIRONMENT "BLUE_BIN_DIR=${CMAKE_BINARY_DIR}/bin")
if(BLUE_SANITIZE MATCHES "address")
  list(APPEND blue_catch_environment
    ENVIRONMENT_MODIFICATION "LSAN_OPTIONS=set:suppressions=${PROJECT_SOURCE_DIR}/tests/leaks.supp")
endif()

# blue_test_library(<target> FOLDERS <under tests>... [WITHOUT <regex>] LINK <targets>...)
function(blue_test_library target)
  cmake_parse_arguments(arg "" "WITHOUT" "FOLDERS;LINK" ${ARGN})
  set(sources "")
  foreach(folder IN LISTS arg_FOLDERS)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp")
    list(APPEND sources ${found})
  endforeach()
  if(arg_WITHOUT)
    list(FILTER sources EXCLUDE REGEX "${arg_WITHOUT}")
  endif()
  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC ${arg_LINK} blue_catch)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${arg_LINK} blue_catch)
  endif()
endfunction()

# blue_precompile_tests(<target> <sources> [<header>...]): Catch2, and what else all of the sources
# parse, is parsed once where there are enough of them.
function(blue_precompile_tests target sources)
  list(LENGTH sources n_sources)
  if(BLUE_UNITY AND (ARGN OR n_sources GREATER 3))
    target_precompile_headers(${target} PRIVATE <catch2/catch_test_macros.hpp> ${ARGN})
  endif()
endfunction()

# blue_test_group(<target> <folder under tests> TIMEOUT <s> LABEL <l> LINK <targets>... [PRECOMPILE
# <headers>...]): every .cpp below the folder in one Catch2 executable, each of its test cases a
# ctest of its own.
function(blue_test_group target folder)
  cmake_parse_arguments(arg "" "TIMEOUT;LABEL" "LINK;PRECOMPILE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp")
  if(NOT sources)
    return()
  endif()
  add_executable(${target} ${sources})
  blue_precompile_tests(${target} "${sources}" ${arg_PRECOMPILE})
  target_link_libraries(${target} PRIVATE ${arg_LINK} blue_catch)
  # A filter that matches nothing would pass in silence: -w NoTests makes it fail.
  catch_discover_tests(${target} TEST_PREFIX "${target}: " WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    EXTRA_ARGS -w NoTests
    PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS ${arg_LABEL} ${blue_catch_environment})
  blue_register_tests(catch ${target} ${sources})
endfunction()

# blue_c_tests(<folder under tests> TIMEOUT <s> LABEL <l>): each .c is an executable against
# libblue.so and one ctest.
function(blue_c_tests folder)
  cmake_parse_arguments(arg "" "TIMEOUT;LABEL" "" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.c")
  if(NOT TARGET blue_capi)
    return()
  endif()
  foreach(source IN LISTS sources)
    get_filename_component(stem "${source}" NAME_WE)
    add_executable(test_c_${stem} "${source}")
    target_link_libraries(test_c_${stem} PRIVATE blue::capi)
    add_test(NAME test_c_${stem} COMMAND test_c_${stem} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(test_c_${stem} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS ${arg_LABEL}
      ENVIRONMENT "${blue_test_environment}")
    blue_register_tests(ctest test_c_${stem} "${source}")
  endforeach()
endfunction()

# blue_python_tests(<glob from the repository root>...): each file is one ctest.
function(blue_python_tests)
  foreach(pattern IN LISTS ARGN)
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${pattern}")
    foreach(source IN LISTS sources)
      get_filename_component(stem "${source}" NAME_WE)
      file(RELATIVE_PATH relative "${PROJECT_SOURCE_DIR}" "${source}")
      add_test(NAME python_${stem} COMMAND Python3::Interpreter -m unittest "${relative}"
        WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
      set_tests_properties(python_${stem} PROPERTIES TIMEOUT 300 LABELS tools
        ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;${blue_test_environment}")
      blue_register_tests(ctest python_${stem} "${source}")
    endforeach()
  endforeach()
endfunction()

# blue_fuzz_target(<x_fuzz.cpp>): a libFuzzer executable in preset fuzz, else a replay of
# tests/fuzz/corpus/x and of mutations of it, the same ones every time.
function(blue_fuzz_target source)
  get_filename_component(stem "${source}" NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" subject "${stem}")
  add_executable(${stem} "${source}")
  target_link_libraries(${stem} PRIVATE blue::policies)
  if(BLUE_FUZZ)
    target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${stem} PRIVATE "${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cpp")
    add_test(NAME fuzz_replay_${subject} COMMAND ${stem} "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${subject}"
      WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(fuzz_replay_${subject} PROPERTIES TIMEOUT 300 LABELS fuzz)
    blue_register_tests(ctest fuzz_replay_${subject} "${source}")
  endif()
endfunction()
