#include "models/model_index.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "hal/cpu_device.h"
#include "memory/tiers/mover.h"
#include "models/block_list.h"
#include "models/inline_model.h"
#include "tests/support/scratch_folder.h"

namespace blue::models {
namespace {

using test::ScratchFolder;

struct LineSink final : LogSink {
  void write(LogLevel, std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

/// A model in a folder of its own, the cache folder beside it.
struct IndexedModel {
  IndexedModel() {
    std::filesystem::copy_file("assets/nano/coder.gguf", path);
    ::setenv("XDG_CACHE_HOME", folder.path("cache").c_str(), 1);
    open();
  }
  void open() { model = open_model(path).value(); }
  std::string write() {
    const auto index = make_index(*model, {}, log);
    REQUIRE(index.ok());
    const auto written = write_index(*model, *index);
    REQUIRE(written.ok());
    return *written;
  }
  /// Inverts a byte and leaves the file's times as they were: what a drive does that loses bits.
  void spoil(std::uint64_t offset) const {
    struct stat before {};
    REQUIRE(::stat(path.c_str(), &before) == 0);
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(offset));
    const auto byte = static_cast<char>(~file.get());
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(byte);
    file.close();
    const timespec times[2] = {before.st_atim, before.st_mtim};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
  }
  /// The model's blocks in a catalog, with what load_index says.
  Result<bool> load(memory::BlockCatalog& catalog, std::vector<memory::BlockId>& blocks) const {
    blocks = catalog.add_model("m", model->files, blocks_of(model->program, "m"))->blocks;
    return load_index(*model, blocks, catalog);
  }

  ScratchFolder folder;
  std::string path = folder.path("m.gguf");
  std::shared_ptr<const Model> model;
  LineSink log;
};

}  // namespace

TEST_CASE("an index gives every piece of the model's own files to the catalog", "[models][index]") {
  IndexedModel m;
  memory::BlockCatalog catalog(200);
  std::vector<memory::BlockId> blocks;
  const auto none = m.load(catalog, blocks);
  REQUIRE(none.ok());
  CHECK_FALSE(*none);
  CHECK(m.write() == m.path + ".blueidx");
  memory::BlockCatalog again(200);
  const auto loaded = m.load(again, blocks);
  REQUIRE(loaded.ok());
  CHECK(*loaded);
  std::size_t n_known = 0;
  for (const memory::BlockId block : blocks)
    for (std::uint32_t piece = 0; piece < memory::n_pieces(again.at(block)); ++piece)
      n_known += again.checksum(block, piece) ? 1U : 0U;
  CHECK(n_known > blocks.size());
}

TEST_CASE("with an index the first read of a spoilt block is refused, naming file and offset",
          "[models][index]") {
  IndexedModel m;
  m.write();
  const memory::BlockExtent extent = m.model->program.blocks[1].extents[0];
  m.spoil(extent.file_offset + 3);
  m.open();
  memory::BlockCatalog catalog(200);
  memory::Residency residency(200);
  std::vector<memory::BlockId> blocks;
  REQUIRE(m.load(catalog, blocks).value());
  const auto device = hal::open_cpu_device();
  const auto reader = hal::open_pread_reader();
  const auto mover = memory::Mover::open(**device, **reader, catalog, residency, {}).value();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    std::vector<std::byte> into(catalog.at(blocks[i]).size.count);
    REQUIRE(residency.begin_load(blocks[i], memory::Tier::ram));
    const auto moved = mover->move({.block = blocks[i],
                                    .route = memory::MoveRoute::file_to_host,
                                    .into = into.data(),
                                    .tier = memory::Tier::ram,
                                    .address = into.data()});
    REQUIRE(moved.ok() == (i != 1));
    if (i != 1) continue;
    CHECK(moved.error().is(memory::MemoryError::block_corrupt));
    CHECK(moved.error().message().find(m.path) == 0);
    CHECK(moved.error().message().find("offset " + std::to_string(extent.file_offset)) !=
          std::string::npos);
  }
}

TEST_CASE("an index of an older file, of another model or of any bytes is refused in one line",
          "[models][index]") {
  IndexedModel m;
  const std::string path = m.write();
  memory::BlockCatalog catalog(1000);
  std::vector<memory::BlockId> blocks;
  const auto check_refused = [&](const char* why) {
    const auto refused = m.load(catalog, blocks);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().is(memory::MemoryError::bad_index));
    CHECK(refused.error().message().find(path) == 0);
    CHECK(refused.error().message().find(why) != std::string::npos);
    CHECK(refused.error().message().find('\n') == std::string::npos);
    for (const memory::BlockId block : blocks) CHECK_FALSE(catalog.checksum(block, 0));
  };
  std::filesystem::last_write_time(
      m.path, std::filesystem::last_write_time(m.path) + std::chrono::seconds(2));
  m.open();
  check_refused("last written");
  m.folder.write("m.gguf.blueidx", std::string(std::filesystem::file_size(path), 'x'));
  check_refused("no checksum index");
  m.folder.write("m.gguf.blueidx", "short");
  check_refused("not the index of");
}

TEST_CASE("a model with a damaged index runs, with one warning", "[models][index]") {
  IndexedModel m;
  m.write();
  m.folder.write("m.gguf.blueidx", "damaged");
  const auto loaded = InlineModel::load(m.path, {.backend = "cpu", .log = &m.log});
  REQUIRE(loaded.ok());
  REQUIRE(m.log.lines.size() == 1);
  CHECK(m.log.lines[0].find("run blue index again") != std::string::npos);
}

TEST_CASE("an index that cannot lie beside its model lies in the cache folder", "[models][index]") {
  IndexedModel m;
  REQUIRE(std::filesystem::create_directory(m.path + ".blueidx"));
  const std::string written = m.write();
  CHECK(written.find(m.folder.path("cache/blue/")) == 0);
  memory::BlockCatalog catalog(200);
  std::vector<memory::BlockId> blocks;
  CHECK(m.load(catalog, blocks).value());
}

TEST_CASE("a full disk is an error of the index that leaves no file behind", "[models][index]") {
  IndexedModel m;
  const auto index = make_index(*m.model, {}, m.log);
  REQUIRE(index.ok());
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{.rlim_cur = 64, .rlim_max = before.rlim_max};
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto written = write_index(*m.model, *index);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, old_handler);
  REQUIRE_FALSE(written.ok());
  CHECK(written.error().message().find(m.path + ".blueidx") == 0);
  std::size_t n_files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(m.folder.path()))
    n_files += entry.is_regular_file() ? 1U : 0U;
  CHECK(n_files == 1);  // the model
}

}  // namespace blue::models
