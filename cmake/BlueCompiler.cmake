# The language, the warnings and the sanitizers that every target of the tree is built with.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON) # the layers end in libblue.so too
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
# Layers that compute add BLUE_HOT_OPTIONS; the rest (messages, actors, programs, tests) is cold and
# compiles a third faster so. BLUE_CHECK stays; assert goes.
set(CMAKE_CXX_FLAGS_RELEASE "-O1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O1 -DNDEBUG")
set(BLUE_HOT_OPTIONS "$<$<AND:$<CONFIG:Release>,$<COMPILE_LANGUAGE:C,CXX>>:-O3>")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(BLUE_CCACHE ccache)
  if(BLUE_CCACHE)
    # Without these two a unit with a precompiled header is never cached.
    set(launcher "${CMAKE_COMMAND}" -E env "CCACHE_SLOPPINESS=pch_defines,time_macros" "${BLUE_CCACHE}")
    set(CMAKE_C_COMPILER_LAUNCHER "${launcher}")
    set(CMAKE_CXX_COMPILER_LAUNCHER "${launcher}")
    set(CMAKE_CUDA_COMPILER_LAUNCHER "${launcher}")
  endif()
endif()

# Designated initialisers name what differs from the defaults; to warn of the rest would forbid
# them.
set(blue_cxx_warnings -Wall -Wextra -Wno-missing-field-initializers -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align
    -Wformat=2 -Wno-format-nonliteral -Wvla -Wfloat-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # At -O3 GCC 12 sees overlaps and overflows in inlined std::string and std::vector that are not
  # there (GCC bugs 105651, 105329): its flow-based warnings are off, the sanitizer presets look for
  # the real thing.
  list(APPEND blue_cxx_warnings -Wduplicated-cond -Wlogical-op -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
endif()
set(blue_c_warnings -Wall -Wextra -Wpedantic -Wshadow -Wformat=2 -Wvla)
# The host compiler sees code that nvcc wrote, so it gets only the warnings that such code passes.
set(blue_cuda_warnings -Xcompiler=-Wall)
if(BLUE_WERROR)
  list(APPEND blue_cxx_warnings -Werror)
  list(APPEND blue_c_warnings -Werror)
  list(APPEND blue_cuda_warnings --Werror=all-warnings)
endif()

# -ffp-contract=off: a*b+c is one fused operation only where the source asks for it, so that a
# translation unit built for a wider instruction set decodes a block to the same bits as the scalar
# oracle.
add_compile_options(
  "$<$<COMPILE_LANGUAGE:CXX>:${blue_cxx_warnings};-ffp-contract=off>"
  "$<$<COMPILE_LANGUAGE:C>:${blue_c_warnings}>"
  "$<$<COMPILE_LANGUAGE:CUDA>:${blue_cuda_warnings}>")

# __FILE__ is told from the repository's root: messages, and what Catch2 lists (it breaks lines at
# 80 columns), are then the same wherever the clone lies, and no program carries a path of the
# machine that built it.
add_compile_options("$<$<COMPILE_LANGUAGE:C,CXX>:-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=>")

if(BLUE_SANITIZE)
  set(sanitize -fsanitize=${BLUE_SANITIZE} -fno-omit-frame-pointer)
  add_compile_options("$<$<COMPILE_LANGUAGE:C,CXX>:${sanitize}>")
  if(BLUE_SANITIZE MATCHES "undefined")
    add_compile_options("$<$<COMPILE_LANGUAGE:C,CXX>:-fno-sanitize-recover=undefined>")
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The checks that a sanitizer inserts draw false reports.
    add_compile_options("$<$<COMPILE_LANGUAGE:C,CXX>:-Wno-maybe-uninitialized>")
  endif()
  add_link_options(-fsanitize=${BLUE_SANITIZE})
endif()
if(BLUE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "BLUE_FUZZ needs clang (libFuzzer): cmake --preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# One include root: the repository. Generated headers stand beside it under the same names.
set(BLUE_GENERATED "${CMAKE_BINARY_DIR}/generated")
include_directories("${PROJECT_SOURCE_DIR}" "${BLUE_GENERATED}")
