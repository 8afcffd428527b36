//===- TestFiles.h - files of a test ---------------------------*- C++ -*-===//

#ifndef RADDLE_TEST_UNIT_ARTIFACT_TESTFILES_H
#define RADDLE_TEST_UNIT_ARTIFACT_TESTFILES_H

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace raddle::test {

/// A folder that goes away with the object.
class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "raddle-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string path(const std::string &name) const {
    return (path_ / name).string();
  }
  /// Number of files in it.
  size_t count() const {
    return std::distance(std::filesystem::directory_iterator(path_), {});
  }

private:
  std::filesystem::path path_;
};

inline std::string readFile(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void writeFile(const std::string &path, const std::string &content) {
  std::ofstream(path, std::ios::binary) << content;
}

} // namespace raddle::test

#endif // RADDLE_TEST_UNIT_ARTIFACT_TESTFILES_H
