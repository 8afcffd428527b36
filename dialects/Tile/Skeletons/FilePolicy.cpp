//===- FilePolicy.cpp - Parameters that a person wrote down ---------------===//

#include "dialects/Tile/Skeletons/ParameterPolicy.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include <map>

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;

namespace {

struct NamedPredicate {
  std::string dim;
  int64_t max = DimPredicate::noMax, multiple = 1;
};
struct FileVariant {
  std::vector<std::pair<std::string, int64_t>> parameters;
  std::vector<NamedPredicate> guard;
  /// `k3_contract.variants[0]`
  std::string place;
};
struct FileKernel {
  std::vector<FileVariant> variants;
  bool used = false;
};

class FilePolicy : public ParameterPolicy {
public:
  FilePolicy(StringRef path, bool variants)
      : path(path), fallback(createTablePolicy(
                        cost::ParameterTable::getDefault(), variants)) {}
  StringRef getName() const override { return "file"; }
  LogicalResult parse(Location loc);
  FailureOr<VariantChoices> choose(const KernelRequest &request) override;
  LogicalResult finish(Location loc) override;

private:
  void problem(const Twine &place, const Twine &what) {
    problems.push_back((path + ": " + place + ": " + what).str());
  }
  LogicalResult report(Location loc);
  void parseKernel(StringRef key, const llvm::json::Value &value);
  std::optional<FileVariant> parseVariant(const std::string &place,
                                          const llvm::json::Object &object);
  std::optional<VariantChoice> resolve(const KernelRequest &request,
                                       const FileVariant &variant);

  std::string path;
  std::shared_ptr<ParameterPolicy> fallback;
  std::map<std::string, FileKernel> kernels;
  std::vector<std::string> problems;
};
} // namespace

LogicalResult FilePolicy::report(Location loc) {
  for (const std::string &text : problems)
    emitError(loc, text);
  return success(problems.empty());
}

LogicalResult FilePolicy::parse(Location loc) {
  if (path.empty())
    return emitError(loc, "policy 'file' expects a file: --parameters=FILE");
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return emitError(loc, "cannot read '")
           << path << "': " << buffer.getError().message();
  auto parsed = llvm::json::parse((*buffer)->getBuffer());
  if (!parsed)
    return emitError(loc, path + ":" + llvm::toString(parsed.takeError()));
  const llvm::json::Object *root = parsed->getAsObject();
  if (!root) {
    problem("file", "expected an object");
    return report(loc);
  }
  for (auto &[key, value] : *root)
    if (key != "schema" && key != "kernels")
      problem(StringRef(key), "unknown key, expected 'schema' or 'kernels'");
  if (root->getInteger("schema") != 1)
    problem("schema", "expected 1");
  const llvm::json::Object *list = root->getObject("kernels");
  if (!list) {
    problem("kernels", "expected an object");
    return report(loc);
  }
  std::map<std::string, const llvm::json::Value *> sorted;
  for (auto &[key, value] : *list)
    sorted[StringRef(key).str()] = &value;
  for (auto &[key, value] : sorted)
    parseKernel(key, *value);
  return report(loc);
}

void FilePolicy::parseKernel(StringRef key, const llvm::json::Value &value) {
  FileKernel &kernel = kernels[key.str()];
  std::string place = ("kernels." + key).str();
  const llvm::json::Object *object = value.getAsObject();
  if (!object)
    return problem(place, "expected an object");
  const llvm::json::Array *variants = object->getArray("variants");
  if (!variants) {
    if (auto variant = parseVariant(place, *object))
      kernel.variants.push_back(std::move(*variant));
    return;
  }
  if (object->size() != 1)
    problem(place, "expected 'variants' alone");
  for (auto [number, entry] : llvm::enumerate(*variants)) {
    std::string at = place + ".variants[" + std::to_string(number) + "]";
    if (const llvm::json::Object *inner = entry.getAsObject()) {
      if (auto variant = parseVariant(at, *inner))
        kernel.variants.push_back(std::move(*variant));
    } else {
      problem(at, "expected an object");
    }
  }
  if (variants->empty())
    problem(place + ".variants", "expected at least one variant");
}

std::optional<FileVariant>
FilePolicy::parseVariant(const std::string &place,
                         const llvm::json::Object &object) {
  FileVariant variant;
  variant.place = place;
  size_t before = problems.size();
  for (auto &[key, value] : object)
    if (key != "parameters" && key != "when")
      problem(place + "." + StringRef(key),
              "unknown key, expected 'parameters', 'when' or 'variants'");
  const llvm::json::Object *parameters = object.getObject("parameters");
  if (!parameters) {
    problem(place + ".parameters", "expected an object");
    return std::nullopt;
  }
  for (auto &[key, value] : *parameters) {
    if (auto number = value.getAsInteger())
      variant.parameters.push_back({StringRef(key).str(), *number});
    else
      problem(place + ".parameters." + StringRef(key), "expected an integer");
  }
  llvm::sort(variant.parameters);
  if (const llvm::json::Value *when = object.get("when")) {
    const llvm::json::Object *dims = when->getAsObject();
    if (!dims)
      problem(place + ".when", "expected an object of dims");
    else
      for (auto &[key, value] : *dims) {
        NamedPredicate predicate;
        predicate.dim = StringRef(key).str();
        const llvm::json::Object *facts = value.getAsObject();
        std::string at = place + ".when." + predicate.dim;
        if (!facts) {
          problem(at, "expected an object with 'max' or 'multiple'");
          continue;
        }
        for (auto &[fact, number] : *facts) {
          auto integer = number.getAsInteger();
          if (!integer || *integer < 1)
            problem(at + "." + StringRef(fact), "expected a positive integer");
          else if (fact == "max")
            predicate.max = *integer;
          else if (fact == "multiple")
            predicate.multiple = *integer;
          else
            problem(at + "." + StringRef(fact),
                    "unknown key, expected 'max' or 'multiple'");
        }
        variant.guard.push_back(predicate);
      }
    llvm::sort(variant.guard,
               [](auto &lhs, auto &rhs) { return lhs.dim < rhs.dim; });
  }
  if (problems.size() != before)
    return std::nullopt;
  return variant;
}

std::optional<VariantChoice> FilePolicy::resolve(const KernelRequest &request,
                                                 const FileVariant &variant) {
  size_t before = problems.size();
  ArrayRef<ParameterInfo> info = request.skeleton.getParameterInfo();
  for (auto &[name, value] : variant.parameters)
    if (llvm::none_of(info, [&, &name = name](auto &known) {
          return known.name == name;
        })) {
      std::string known;
      for (const ParameterInfo &parameter : info)
        known += (known.empty() ? "" : ", ") + parameter.name.str();
      problem(variant.place + ".parameters." + name,
              "skeleton '" + request.skeleton.getName() +
                  "' has no such parameter; expected " + known);
    }
  // Parameters that are not given are those of the first candidate that has
  // the given ones.
  std::optional<unsigned> found;
  for (auto [number, candidate] : llvm::enumerate(request.candidates))
    if (!found &&
        llvm::all_of(variant.parameters, [&, &candidate = candidate](auto &p) {
          bool isFlag = p.first == "full" || p.first == "single";
          return getParameter(candidate.parameters, p.first, isFlag ? 0 : -1) ==
                 p.second;
        }))
      found = number;
  if (!found && problems.size() == before)
    problem(variant.place + ".parameters",
            "no candidate of kernel '" + request.name +
                "' has these; see --tile-enumerate");
  VariantChoice choice;
  SmallVector<GroupDim> dims = request.skeleton.getDims(request.group);
  for (const NamedPredicate &predicate : variant.guard) {
    auto dim = llvm::find_if(dims, [&](const GroupDim &known) {
      return known.name == predicate.dim;
    });
    if (dim == dims.end())
      problem(variant.place + ".when." + predicate.dim,
              "skeleton '" + request.skeleton.getName() + "' has no such dim");
    else
      choice.guard.push_back({dim->name, predicate.max, predicate.multiple});
  }
  if (problems.size() != before)
    return std::nullopt;
  choice.candidate = *found;
  choice.reason = path + ", " + variant.place;
  // What the candidate needs is added to what the file asks.
  for (const DimPredicate &need : request.candidates[*found].requirement) {
    auto same = llvm::find_if(choice.guard, [&](const DimPredicate &given) {
      return given.dim == need.dim;
    });
    if (same == choice.guard.end()) {
      choice.guard.push_back(need);
      continue;
    }
    same->max = std::min(same->max, need.max);
    same->multiple = std::lcm(same->multiple, need.multiple);
  }
  return choice;
}

FailureOr<VariantChoices> FilePolicy::choose(const KernelRequest &request) {
  FileKernel *kernel = nullptr;
  for (StringRef key :
       {request.hash, request.name, request.skeleton.getName()}) {
    auto found = kernels.find(key.str());
    if (found == kernels.end())
      continue;
    found->second.used = true;
    if (!kernel)
      kernel = &found->second;
  }
  if (!kernel)
    return fallback->choose(request);
  VariantChoices choices;
  for (const FileVariant &variant : kernel->variants)
    if (auto choice = resolve(request, variant)) {
      bool isTotal = choice->guard.empty();
      choices.push_back(std::move(*choice));
      if (isTotal)
        break;
    }
  // Sizes that no variant of the file serves are left to the table.
  if (choices.empty() || !choices.back().guard.empty()) {
    FailureOr<VariantChoices> rest = fallback->choose(request);
    if (failed(rest))
      return failure();
    choices.append(rest->begin(), rest->end());
  }
  return choices;
}

LogicalResult FilePolicy::finish(Location loc) {
  for (auto &[key, kernel] : kernels)
    if (!kernel.used && !getSkeleton(key)) // a skeleton may be without kernels
      problem("kernels." + key,
              "there is no such kernel; see --tile-enumerate");
  return report(loc);
}

FailureOr<std::shared_ptr<ParameterPolicy>>
raddle::tile::createFilePolicy(StringRef path, bool variants, Location loc) {
  auto policy = std::make_shared<FilePolicy>(path, variants);
  if (failed(policy->parse(loc)))
    return failure();
  return std::shared_ptr<ParameterPolicy>(policy);
}
