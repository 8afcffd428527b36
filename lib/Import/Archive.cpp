//===- Archive.cpp - Opens archives by format -----------------------------===//
#include "raddle/Import/Archive.h"
#include "Onnx/Model.h"

#include <map>

using namespace raddle;

Archive::~Archive() = default;

namespace {

/// The stored tensors of an ONNX file, under the names that the reader gives.
class OnnxArchive : public Archive {
public:
  explicit OnnxArchive(std::unique_ptr<onnx::Model> read)
      : model(std::move(read)) {
    for (const std::string &name : model->entryOrder) {
      const onnx::Tensor &tensor = *model->entries.at(name);
      // Unusable tensors are no entries; the importer says what is wrong.
      if (!tensor.problem.empty())
        continue;
      entries[name] = {name, onnx::interchangeName(tensor.type), tensor.dims,
                       tensor.data, tensor.size};
      order.push_back(name);
    }
  }

  const ArchiveEntry *find(std::string_view name) const override {
    auto found = entries.find(name);
    return found == entries.end() ? nullptr : &found->second;
  }
  std::vector<std::string> names() const override { return order; }

private:
  std::unique_ptr<onnx::Model> model;
  std::map<std::string, ArchiveEntry, std::less<>> entries;
  std::vector<std::string> order;
};

} // namespace

std::unique_ptr<Archive> Archive::open(const std::string &path,
                                       const std::string &format,
                                       std::string &error) {
  if (format != "onnx") {
    error = "archive '" + path + "' has the unknown format '" + format +
            "', expected 'onnx'";
    return nullptr;
  }
  std::unique_ptr<onnx::Model> model = onnx::readModel(path, error);
  if (!model)
    return nullptr;
  return std::make_unique<OnnxArchive>(std::move(model));
}
