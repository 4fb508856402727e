#include "models/quantize/quantizer.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "hal/file_reader.h"
#include "models/gguf/gguf_header_writer.h"
#include "models/gguf/gguf_parser.h"
#include "models/gguf/replacing_file_writer.h"
#include "models/models_error.h"
#include "models/quantize/recoder.h"

namespace blue::models {
namespace {

constexpr std::string_view kFileTypeKey = "general.file_type";
constexpr std::string_view kQuantizationVersionKey = "general.quantization_version";
constexpr std::uint32_t kQuantizationVersion = 2;  ///< of the block layouts in use since 2023

/// general.file_type of a file whose matrices are mostly of one format; nothing where no number is
/// known.
std::optional<std::uint32_t> file_type_of(const QuantizeType& type) {
  if (type.mix != nullptr) return type.mix->file_type;
  static const std::map<std::string_view, std::uint32_t> kFileTypes = {
      {"F32", 0},     {"F16", 1},     {"Q4_0", 2},  {"Q4_1", 3},  {"Q8_0", 7},  {"Q5_0", 8},
      {"Q5_1", 9},    {"Q2_K", 10},   {"Q3_K", 11}, {"Q4_K", 14}, {"Q5_K", 16}, {"Q6_K", 18},
      {"IQ4_NL", 25}, {"IQ4_XS", 30}, {"BF16", 32}, {"MXFP4", 38}};
  const auto found = kFileTypes.find(type.format->name);
  if (found == kFileTypes.end()) return std::nullopt;
  return found->second;
}

GgufHeaderWriter make_header(const GgufFile& file, const QuantizePlan& plan) {
  GgufHeaderWriter header(file.alignment());
  for (const RawKey& key : file.raw_keys()) {
    const bool is_replaced = key.key == kFileTypeKey || key.key == kQuantizationVersionKey ||
                             key.key.starts_with("split.");
    if (!is_replaced) header.copy_key(key);
  }
  if (const std::optional<std::uint32_t> type = file_type_of(plan.wanted))
    header.add_u32(kFileTypeKey, *type);
  if (plan.wanted.format->values_per_block > 1)
    header.add_u32(kQuantizationVersionKey, kQuantizationVersion);
  for (const PlannedTensor& planned : plan.tensors) {
    header.add_tensor(*planned.tensor, planned.to->gguf_type, planned.size());
  }
  return header;
}

class Quantizer {
 public:
  Quantizer(const QuantizePlan& plan, const QuantizeOptions& options)
      : plan_(plan), options_(options) {}

  Result<QuantizeFigures> run(const GgufFile& file, const std::string& path) {
    BLUE_TRY(open_inputs(file, path));
    const GgufHeaderWriter header = make_header(file, plan_);
    BLUE_TRY_ASSIGN(ReplacingFileWriter out, ReplacingFileWriter::create(path));
    const std::string bytes = header.bytes();
    BLUE_TRY(out.write(bytes_of(std::span<const char>(bytes))));
    progress_.n_tensors = plan_.tensors.size();
    for (const PlannedTensor& planned : plan_.tensors)
      progress_.total += Bytes{planned.tensor->size};
    for (std::size_t i = 0; i < plan_.tensors.size(); ++i) {
      BLUE_TRY(out.pad_to(header.tensor_begin(i)));
      BLUE_TRY(write_tensor(plan_.tensors[i], out));
    }
    BLUE_CHECK(out.size() == header.tensor_begin(plan_.tensors.size()),
               path + ": a header that lies about sizes");
    BLUE_TRY(out.finish());
    figures_.n_tensors = plan_.tensors.size();
    figures_.read = progress_.read;
    return figures_;
  }

 private:
  Status open_inputs(const GgufFile& file, const std::string& path) {
    BLUE_TRY_ASSIGN(reader_, hal::open_pread_reader());
    for (const GgufPart& part : file.parts()) {
      const std::string& name = part.path;
      std::error_code ignored;  // of a file that is not there yet
      if (std::filesystem::equivalent(name, path, ignored)) {
        return Error(ModelsError::cannot_open,
                     path + ": is the model to be read; name another file to write");
      }
      BLUE_TRY_ASSIGN(const hal::FileId id, reader_->open(name));
      inputs_.push_back(id);
      names_.push_back(name);
    }
    return {};
  }

  Status write_tensor(const PlannedTensor& planned, ReplacingFileWriter& out) {
    const Recoder recoder(*planned.from, *planned.to, options_.n_threads);
    const std::uint64_t n_values = planned.n_values();
    const std::uint64_t unit = recoder.unit_values();
    const std::uint64_t unit_bytes =
        std::max(planned.from->row_bytes(unit), planned.to->row_bytes(unit));
    const std::uint64_t chunk = std::max(kChunkBytes / unit_bytes, std::uint64_t{1}) * unit;
    for (std::uint64_t at = 0; at < n_values; at += chunk) {
      if (options_.stop.is_stopped()) return Error(ModelsError::stopped, "quantising was stopped");
      const std::uint64_t n = std::min(chunk, n_values - at);
      BLUE_TRY(write_chunk(planned, recoder, at, n, out));
      if (at + n == n_values) ++progress_.n_tensors_done;
      if (options_.on_progress) options_.on_progress(progress_);
    }
    figures_.n_values += n_values;
    return {};
  }

  Status write_chunk(const PlannedTensor& planned, const Recoder& recoder, std::uint64_t at,
                     std::uint64_t n, ReplacingFileWriter& out) {
    const TensorInfo& tensor = *planned.tensor;
    in_.resize(planned.from->row_bytes(n));
    out_.resize(planned.to->row_bytes(n));
    BLUE_TRY(hal::read_fully(*reader_, inputs_[tensor.file],
                             tensor.file_offset + planned.from->row_bytes(at), in_));
    if (const std::optional<std::uint64_t> bad = recoder.recode(in_, out_, n)) {
      return Error(ModelsError::malformed,
                   names_[tensor.file] + ": tensor \"" + printable(tensor.name, kNameShown) +
                       "\", value " + std::to_string(at + *bad) +
                       ", is not a finite number, which " + std::string(planned.to->name) +
                       " cannot hold; replace the file");
    }
    BLUE_TRY(out.write(out_));
    progress_.read += Bytes{in_.size()};
    progress_.tensor = tensor.name;
    figures_.written += Bytes{out_.size()};
    return {};
  }

  const QuantizePlan& plan_;
  const QuantizeOptions& options_;
  std::unique_ptr<hal::FileReader> reader_;
  std::vector<std::string> names_;
  std::vector<hal::FileId> inputs_;
  std::vector<std::byte> in_;
  std::vector<std::byte> out_;
  QuantizeProgress progress_;
  QuantizeFigures figures_;
};

}  // namespace

Result<QuantizeFigures> quantize(const GgufFile& file, const QuantizePlan& plan,
                                 const std::string& path, const QuantizeOptions& options) {
  return Quantizer(plan, options).run(file, path);
}

}  // namespace blue::models
