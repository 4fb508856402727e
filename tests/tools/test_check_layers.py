"""tools/check_layers.py finds each planted violation, on its line, and leaves honest trees alone."""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from planted_tree import PlantedTree  # noqa: E402


class CheckLayers(PlantedTree):
    tool = "check_layers.py"

    def test_an_honest_tree_passes(self):
        self.plant("base/result.h", "#include <memory>\n#include <boost/lockfree/spsc_queue.hpp>\n")
        self.plant("hal/uring_reader.cpp", '#include <liburing.h>\n#include "base/result.h"\n')
        self.plant("memory/lease.h", '#include "hal/device.h"\n#include "memory/block.h"\n')
        self.plant("kernels/cuda/device.cpp", '#include <cuda_runtime.h>\n#include "hal/device.h"\n')
        self.plant("models/executor.h", '#include "memory/lease.h"\n#include "kernels/op.h"\n')
        self.plant("actors/stage.cpp", '#include <caf/all.hpp>\n#include "actors/stage/stage_policy.h"\n')
        self.plant("tests/actors/stage_test.cpp", '#include <caf/all.hpp>\n#include "runtime/runtime.h"\n')
        self.assert_passes()

    def test_a_look_to_the_right_fails(self):
        self.plant("base/units.h", '#pragma once\n#include "hal/device.h"\n')
        self.assert_fails_at("base/units.h:2:", "base may not look right to hal")

    def test_angle_brackets_do_not_hide_a_look_to_the_right(self):
        self.plant("models/arch.h", "#include <actors/stage.h>\n")
        self.assert_fails_at("models/arch.h:1:", "models may not look right to actors")

    def test_memory_and_kernels_do_not_see_each_other(self):
        self.plant("memory/tier.h", '#include "kernels/format.h"\n')
        self.plant("kernels/op.h", '#  include "memory/block.h"\n')
        self.assert_fails_at("memory/tier.h:1:", "do not see each other")
        self.assert_fails_at("kernels/op.h:1:", "do not see each other")

    def test_a_layer_that_sees_the_tests_fails(self):
        self.plant("hal/disk.cpp", '#include "tests/support/disk_fake.h"\n')
        self.assert_fails_at("hal/disk.cpp:1:", "no layer may see")

    def test_a_header_not_named_from_the_root_fails(self):
        self.plant("hal/disk.cpp", '#include "disk.h"\n')
        self.plant("hal/drive.cpp", '#include "../base/result.h"\n')
        self.assert_fails_at("hal/disk.cpp:1:", "repository root")
        self.assert_fails_at("hal/drive.cpp:1:", "repository root")

    def test_each_sdk_header_outside_its_room_fails(self):
        planted = {"hal/gpu.cpp": "cuda_runtime.h", "kernels/cpu/blas.cpp": "cublas_v2.h", "models/seat.cpp": "caf/all.hpp",
                   "memory/reader.cpp": "liburing.h", "actors/placement.cpp": "hwloc.h", "apps/blue/hello.cpp": "caf/actor.hpp",
                   "models/ids.cpp": "nlohmann/json.hpp", "base/log.cpp": "fmt/format.h", "hal/ring.h": "boost/lockfree/queue.hpp"}
        for path, header in planted.items():
            self.plant(path, f"// first line\n#include <{header}>\n")
        for path in planted:
            self.assert_fails_at(f"{path}:2:", "may stand only in")

    def test_a_policy_that_includes_caf_fails(self):
        self.plant("actors/stage/policy.h", "#include <caf/actor.hpp>\n")
        self.assert_fails_at("actors/stage/policy.h:1:", "reaches CAF")

    def test_a_policy_that_reaches_caf_through_two_headers_fails_with_the_chain(self):
        self.plant("actors/stage/policy.cpp", '#include <vector>\n#include "messages/run.h"\n')
        self.plant("messages/run.h", '#include "messages/traced.h"\n')
        self.plant("messages/traced.h", "#include <caf/type_id.hpp>\n")
        self.assert_fails_at("actors/stage/policy.cpp:2:", "messages/run.h -> messages/traced.h -> caf/type_id.hpp")

    def test_an_app_that_reaches_caf_through_a_header_fails_and_an_example_does_not(self):
        self.plant("actors/actor_runtime.h", "#include <caf/actor_system.hpp>\n")
        self.plant("runtime/embedded.h", '#include "actors/actor_runtime.h"\n')
        self.plant("runtime/runtime.h", "#include <memory>\n")
        self.plant("apps/examples/embed.cpp", '#include "runtime/embedded.h"\n')
        self.plant("apps/blue/run.cpp", '#include "runtime/runtime.h"\n')
        self.assert_passes()
        self.plant("apps/blue/chat.cpp", '#include "runtime/runtime.h"\n#include "runtime/embedded.h"\n')
        self.assert_fails_at("apps/blue/chat.cpp:2:", "an app reaches CAF through runtime/embedded.h -> "
                             "actors/actor_runtime.h -> caf/actor_system.hpp")

    def test_a_policy_may_include_messages_without_caf(self):
        self.plant("actors/stage/policy.cpp", '#include "messages/hint.h"\n')
        self.plant("messages/hint.h", "#include <cstdint>\n")
        self.assert_passes()

    def test_an_include_in_a_comment_is_no_include(self):
        self.plant("base/units.h", '// #include "hal/device.h" would look right\n')
        self.assert_passes()

    def test_in_a_repository_new_files_count_and_ignored_ones_do_not(self):
        subprocess.run(["git", "init", "-q", self.root], check=True)
        self.plant(".gitignore", "/build/\n")
        self.plant("build/base/units.h", '#include "hal/device.h"\n')
        self.assert_passes()
        self.plant("base/units.h", '#include "hal/device.h"\n')
        self.assert_fails_at("base/units.h:1:")


if __name__ == "__main__":
    unittest.main()
