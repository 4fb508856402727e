// Catch2 2 under the name that Catch2 3 gives it: tests include one header and build with both.
#pragma once

#include <catch2/catch.hpp>
